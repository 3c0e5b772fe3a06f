"""Which Pythons on this computer an engine environment can be made from.

Where to look is decided here as plain functions of the platform; asking a Python what it is takes a child process and
is done elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
"""The oldest Python that the engine runs on."""

NEWEST = (3, 14)
"""The newest Python that ready-made packages are known for; only used to order the candidates."""

QUESTION = """
import importlib.util as find, json, platform, struct, sys
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "bits": struct.calcsize("P") * 8,
    "machine": platform.machine(),
    "implementation": sys.implementation.name,
    "venv": find.find_spec("venv") is not None,
    "ensurepip": find.find_spec("ensurepip") is not None,
    "pip": find.find_spec("pip") is not None,
}))
"""
"""What a Python is asked with ``-I -c``."""


@dataclass(frozen=True)
class BasePython:
    """A Python and what it said about itself."""

    path: str
    version: tuple[int, int, int]
    bits: int
    machine: str
    implementation: str
    venv: bool
    ensurepip: bool
    pip: bool

    @property
    def short_version(self) -> str:
        """Such as 3.11."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def is_new_enough(self) -> bool:
        """Whether the engine runs on it."""
        return self.version[:2] >= OLDEST

    @property
    def can_make_environments(self) -> bool:
        """Whether an environment can be made from it and filled."""
        return self.is_new_enough and self.bits == 64 and self.implementation == "cpython" and self.venv

    @property
    def is_complete(self) -> bool:
        """Whether nothing has to be installed first; Debian keeps ensurepip in a package of its own."""
        return self.can_make_environments and self.ensurepip


def understood(path: str, answer: str) -> BasePython | None:
    """The Python that gave this answer, or None when the answer is none."""
    try:
        said = json.loads(answer.strip().splitlines()[-1])
        major, minor, patch = (int(part) for part in said["version"])
        return BasePython(
            path,
            (major, minor, patch),
            int(said["bits"]),
            str(said["machine"]),
            str(said["implementation"]),
            bool(said["venv"]),
            bool(said["ensurepip"]),
            bool(said["pip"]),
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def best(found: Iterable[BasePython]) -> BasePython | None:
    """The first Python that can do it all, else the first that can make environments, else None."""
    usable = [python for python in found if python.can_make_environments]
    return next((python for python in usable if python.is_complete), usable[0] if usable else None)


def candidates() -> list[str]:
    """Programs on this computer that may be a Python, best first, each once."""
    if sys.platform == "win32":
        places = _on_windows()
    elif sys.platform == "darwin":
        places = _on_macos()
    else:
        places = _on_linux()
    found: dict[str, str] = {}
    for place in places:
        if place and Path(place).is_file():
            found.setdefault(os.path.realpath(place), place)
    return list(found.values())


def _versions() -> list[str]:
    return [f"{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]


def _on_windows() -> Iterator[str]:
    # QGIS's own installer brings a whole Python along: sys.executable is QGIS there, but sys.exec_prefix its folder.
    for prefix in (sys.base_exec_prefix, sys.exec_prefix):
        yield str(Path(prefix) / "python.exe")
    roots = [Path(os.environ[name]) for name in ("LOCALAPPDATA", "PROGRAMFILES") if os.environ.get(name)]
    for version in _versions():
        folder = "Python" + version.replace(".", "")
        for root in roots:
            yield str(root / "Programs" / "Python" / folder / "python.exe")
            yield str(root / folder / "python.exe")


def _on_macos() -> Iterator[str]:
    for prefix in (sys.base_exec_prefix, sys.exec_prefix):
        yield str(Path(prefix) / "bin" / "python3")
    # In the application bundle QGIS's Python lies beside the QGIS program.
    yield str(Path(sys.executable).parent / "bin" / "python3")
    yield str(Path(sys.executable).parent / "python3")
    for version in _versions():
        yield f"/opt/homebrew/bin/python{version}"
        yield f"/usr/local/bin/python{version}"
        yield f"/Library/Frameworks/Python.framework/Versions/{version}/bin/python3"


def _on_linux() -> Iterator[str]:
    yield "/usr/bin/python3"
    yield str(Path(sys.base_exec_prefix) / "bin" / "python3")
    for version in _versions():
        yield f"/usr/bin/python{version}"
        yield f"/usr/local/bin/python{version}"
    for version in ("3", *_versions()):
        yield shutil.which(f"python{version}") or ""
