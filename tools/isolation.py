"""A home of its own for what is run here, so that a developer's QGIS profile and settings are never touched."""

from __future__ import annotations

import os
from pathlib import Path

_LEAKS = ("PYTHONPATH", "PYTHONHOME", "QGIS_PLUGINPATH", "QGIS_PREFIX_PATH", "QGIS_AUTH_DB_DIR_PATH")


def isolated(home: Path) -> dict[str, str]:
    """The environment of this process with every personal folder below ``home``, which is made."""
    folders = {
        "HOME": home,
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_STATE_HOME": home / "state",
        "XDG_RUNTIME_DIR": home / "run",
        "QGIS_CUSTOM_CONFIG_PATH": home / "qgis",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    folders["XDG_RUNTIME_DIR"].chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if name not in _LEAKS}
    return {**kept, **{name: str(folder) for name, folder in folders.items()}}
