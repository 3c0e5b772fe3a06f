"""Reading what apt is set up with, and writing the backports suite of the same mirror."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

APT = Path("/etc/apt")
_LONG_NAMES = {"arch": "Architectures", "lang": "Languages", "target": "Targets"}
_OWN_FIELDS = {"types", "uris", "suites", "components", "enabled"}


@dataclass(frozen=True)
class Source:
    """One archive that apt reads; ``options`` are deb822 fields such as Signed-By."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)

    def with_suite(self, suite: str) -> str:
        """The same archive with another suite, as a deb822 paragraph."""
        fields = {
            "Types": "deb",
            "URIs": " ".join(self.uris),
            "Suites": suite,
            "Components": "main",
            **self.options,
        }
        return "".join(f"{name}: {value}\n" for name, value in fields.items())


def read_sources(apt: Path) -> list[Source]:
    """Every enabled binary archive of the machine, from both formats."""
    found: list[Source] = []
    parts = apt / "sources.list.d"
    for path in [apt / "sources.list", *sorted(parts.glob("*.list")), *sorted(parts.glob("*.sources"))]:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += parse_deb822(text) if path.suffix == ".sources" else parse_one_line(text)
    return found


def parse_deb822(text: str) -> list[Source]:
    """Archives of a ``.sources`` file; values that run over several lines, such as a key, stay as they are."""
    return [source for fields in _paragraphs(text.splitlines()) if (source := _from_fields(fields))]


def _paragraphs(lines: Iterable[str]) -> list[dict[str, str]]:
    paragraphs: list[dict[str, str]] = [{}]
    name = ""
    for line in lines:
        if line.startswith("#"):
            continue
        if not line.strip():
            paragraphs.append({})
        elif line[0] in " \t" and name in paragraphs[-1]:
            paragraphs[-1][name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            paragraphs[-1][name] = value.strip()
    return paragraphs


def _from_fields(fields: dict[str, str]) -> Source | None:
    known = {name.lower(): value for name, value in fields.items()}
    if "deb" not in known.get("types", "").split() or known.get("enabled", "yes").lower() in ("no", "false", "0"):
        return None
    return Source(
        uris=tuple(known.get("uris", "").split()),
        suites=tuple(known.get("suites", "").split()),
        components=tuple(known.get("components", "").split()),
        options={name: value for name, value in fields.items() if name.lower() not in _OWN_FIELDS},
    )


def parse_one_line(text: str) -> list[Source]:
    """Archives of a ``.list`` file: ``deb [option=value …] URI suite component …``."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] != "deb":
            continue
        words, options = _take_options(words[1:])
        if len(words) >= 2:
            found.append(Source((words[0],), (words[1],), tuple(words[2:]), options))
    return found


def _take_options(words: list[str]) -> tuple[list[str], dict[str, str]]:
    if not words or not words[0].startswith("["):
        return words, {}
    end = next((i for i, word in enumerate(words) if word.endswith("]")), None)
    if end is None:
        return [], {}
    pairs = (word.split("=", 1) for word in " ".join(words[: end + 1]).strip("[] ").split() if "=" in word)
    return words[end + 1 :], {_long_name(name): value.replace(",", " ") for name, value in pairs}


def _long_name(name: str) -> str:
    return _LONG_NAMES.get(name, "-".join(part.capitalize() for part in name.split("-")))


def has_suite(sources: list[Source], suite: str) -> bool:
    """Whether apt already reads that suite."""
    return any(suite in source.suites for source in sources)


def mirror_of(sources: list[Source], codename: str) -> Source | None:
    """The archive the release itself comes from: the first that gives its ``main`` component."""
    return next((s for s in sources if s.uris and codename in s.suites and "main" in s.components), None)
