"""Where the engine's environments, their downloads and their marks of completeness lie.

An environment belongs to one lock file: its folder is named after the lock file's digest. It counts as usable only when
its marker, which is written last and atomically, names that digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import lru_cache
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QStandardPaths

from ...settings import Settings

LOCK = Path(__file__).resolve().parents[2] / "engine" / "requirements.lock"
"""What the engine's environment consists of, with versions and hashes."""

MARKER = "engine-ready.json"
_FOLDER = "copernicus-ai"


def default_root() -> Path:
    """The folder for engine environments when the user chose none.

    On Windows it is the local, not the roaming, data folder: half a gigabyte must not travel at every logon. Elsewhere
    it lies beside QGIS's ``profiles`` folder and not in it, since QGIS takes every folder in there for a profile.
    """
    if sys.platform == "win32":
        local = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
        return Path(local) / _FOLDER
    profile = Path(QgsApplication.qgisSettingsDirPath())
    return (profile.parent.parent if profile.parent.name == "profiles" else profile) / _FOLDER


def root() -> Path:
    """The folder for engine environments."""
    chosen = Settings().engine_folder
    return Path(chosen) if chosen else default_root()


def lock_digest(lock: Path = LOCK) -> str:
    """The SHA-256 of a lock file, line ends aside."""
    return _digest(str(lock), lock.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _digest(path: str, _changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def environment_folder(base: Path, lock: Path = LOCK) -> Path:
    """The folder below ``base`` of the environment for a lock file; short, since Windows paths are."""
    return base / "engine" / lock_digest(lock)[:12]


def environment_python(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def usable_environment(base: Path | None = None, lock: Path = LOCK) -> Path | None:
    """The environment that was set up for this lock file, or None when there is none or it was left unfinished."""
    environment = environment_folder(base or root(), lock)
    marker = read_marker(environment)
    complete = marker.get("lock") == lock_digest(lock) and environment_python(environment).is_file()
    return environment if complete else None


def has_outdated_environment(base: Path | None = None, lock: Path = LOCK) -> bool:
    """Whether an environment was set up once, but for another lock file, as before an update of the plugin."""
    present = environment_folder(base or root(), lock)
    try:
        folders = list(present.parent.iterdir())
    except OSError:
        return False
    return any(folder != present and read_marker(folder) for folder in folders)


def read_marker(environment: Path) -> dict:
    """What the marker of an environment says; empty when there is none or it is broken."""
    try:
        found = json.loads((environment / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_marker(environment: Path, facts: dict) -> None:
    """Writes the marker in one step, after which the environment counts as usable."""
    draft = environment / (MARKER + ".new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, environment / MARKER)
