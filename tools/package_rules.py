"""What the QGIS plugin repository asks of a package, and what QGIS needs to find in its metadata."""

from __future__ import annotations

import configparser
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST = 25_000_000
REQUIRED_FILES = ("__init__.py", "metadata.txt", "LICENSE")
REQUIRED_METADATA = (
    "name",
    "description",
    "version",
    "qgisMinimumVersion",
    "author",
    "email",
    "about",
    "tracker",
    "repository",
)
PROMISED_METADATA = {"qgisMinimumVersion": "3.40", "qgisMaximumVersion": "4.99", "hasProcessingProvider": "yes"}
FORBIDDEN_PARTS = {"__pycache__", "__MACOSX", ".git", ".."}
SUSPICIOUS_SUFFIXES = {".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd"}
BINARY_SUFFIXES = {".png", ".qm"}
"""Files that may hold bytes which are no text; the repository takes no programs."""


@dataclass(frozen=True)
class Finding:
    """One reason for the repository to turn the package down."""

    rule: str
    path: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{self.rule:<14} {place}  {self.text}"


def check_archive(package: Path) -> list[Finding]:
    """Findings about the size, the names and the files of a zip."""
    found = []
    if package.stat().st_size > LARGEST:
        found.append(Finding("size", package.name, f"{package.stat().st_size:,} bytes; at most {LARGEST:,}"))
    with zipfile.ZipFile(package) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        tops = {name.partition("/")[0] for name in names}
        top = next(iter(tops), "")
        if len(tops) != 1 or not top.isidentifier():
            found.append(Finding("top-folder", package.name, f"one folder with a plain name is needed: {sorted(tops)}"))
        found += [
            Finding("missing", f"{top}/{name}", "the repository asks for this file")
            for name in REQUIRED_FILES
            if f"{top}/{name}" not in names
        ]
        for entry in archive.infolist():
            found += _check_entry(entry, archive)
    return found


def _check_entry(entry: zipfile.ZipInfo, archive: zipfile.ZipFile) -> list[Finding]:
    # zipfile turns backslashes into slashes on Windows only; orig_filename is what really stands in the archive.
    name = entry.orig_filename
    path = PurePosixPath(name)
    found = []
    if path.is_absolute() or "\\" in name or ":" in name:
        found.append(Finding("name", name, "an absolute path, a backslash or a drive letter"))
    if FORBIDDEN_PARTS & set(path.parts) or path.suffix == ".pyc":
        found.append(Finding("name", name, "compiled, hidden or climbing out of the folder"))
    if path.suffix.lower() in SUSPICIOUS_SUFFIXES:
        found.append(Finding("suspicious", name, "programs and shell scripts are reported"))
    if not entry.is_dir():
        if entry.external_attr >> 16 & 0o111:
            found.append(Finding("permissions", name, "the file is marked as a program"))
        if path.suffix not in BINARY_SUFFIXES and not _is_text(archive.read(entry)):
            found.append(Finding("binary", name, "no binaries are allowed"))
    return found


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def check_metadata(folder: Path) -> list[Finding]:
    """Findings about metadata.txt of an unpacked plugin."""
    path = folder / "metadata.txt"
    if not path.is_file():
        return []  # check_archive says so
    # As QGIS reads it: percent signs mean themselves, and names keep their capitals.
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    try:
        parser.read(path, encoding="utf-8")
        general = dict(parser["general"])
    except (configparser.Error, KeyError) as error:
        return [Finding("metadata", "metadata.txt", f"it cannot be read: {error}")]
    return [Finding("metadata", "metadata.txt", text) for text in _faults(general, folder)]


def _faults(general: dict[str, str], folder: Path) -> list[str]:
    faults = [f"“{name}” is missing" for name in REQUIRED_METADATA if not general.get(name, "").strip()]
    faults += [
        f"“{name}” is “{general.get(name, '')}”; it should be “{value}”"
        for name, value in PROMISED_METADATA.items()
        if general.get(name) != value
    ]
    if "supportsQt6" in general:
        faults.append("“supportsQt6” is no longer used; qgisMaximumVersion says it")
    if "/" in general.get("author", ""):
        faults.append("“author” holds a slash")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", general.get("email", "")):
        faults.append("“email” is no e-mail address")
    if not re.fullmatch(r"\d+\.\d+\.\d+", general.get("version", "")):
        faults.append("“version” is not of the form 1.2.3")
    faults += [
        f"“{name}” is no web address"
        for name in ("tracker", "repository", "homepage")
        if not general.get(name, "").startswith("https://")
    ]
    if not (folder / general.get("icon", "")).is_file():
        faults.append(f"“icon” names a file that is not there: {general.get('icon', '')}")
    return faults


def check_versions(folder: Path) -> list[Finding]:
    """A finding when the plugin and its engine do not carry the same version."""
    metadata, engine = folder / "metadata.txt", folder / "engine" / "__init__.py"
    if not (metadata.is_file() and engine.is_file()):
        return []
    plugin = re.search(r"^version=(\S+)$", metadata.read_text(encoding="utf-8"), re.MULTILINE)
    other = re.search(r'^__version__ = "(\S+)"$', engine.read_text(encoding="utf-8"), re.MULTILINE)
    if plugin and other and plugin[1] == other[1]:
        return []
    return [Finding("version", "metadata.txt", "engine/__init__.py carries another version")]
