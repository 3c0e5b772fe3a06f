"""Folders that the plugin writes into, as chosen in the settings or by default."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QStandardPaths

from .settings import Settings

_NAME = "copernicus-ai"
_Location = QStandardPaths.StandardLocation


def cache_folder() -> Path:
    """The folder of what may be deleted at any time; not made yet, maybe."""
    chosen = Settings().cache_folder
    return Path(chosen) if chosen else Path(QStandardPaths.writableLocation(_Location.GenericCacheLocation)) / _NAME


def stores_folder() -> Path:
    """The folder that new embedding stores are suggested in; not made yet, maybe."""
    chosen = Settings().stores_folder
    return Path(chosen) if chosen else Path(QStandardPaths.writableLocation(_Location.HomeLocation)) / _NAME / "stores"
