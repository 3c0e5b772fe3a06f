"""Every setting the plugin remembers for a user, typed, in QGIS's own settings.

What belongs to a map rather than to a person (the last area, dates and store) lies in the project. Secrets lie in
QGIS's authentication manager and never here.
"""

from __future__ import annotations

import json

from qgis.core import QgsSettings

_SECTION = QgsSettings.Section.Plugins
_GROUP = "copernicus_ai"


class _Remembered:
    """A setting with a default whose type is the setting's type."""

    def __init__(self, default):
        self._default = default
        self._key = ""

    def __set_name__(self, owner, name):
        self._key = f"{_GROUP}/{name}"

    def __get__(self, owner, _type=None):
        if owner is None:
            return self
        value = QgsSettings().value(self._key, self._default, type(self._default), _SECTION)
        return self._default if value is None else value

    def __set__(self, owner, value):
        if value == self._default:
            QgsSettings().remove(self._key, _SECTION)
        else:
            QgsSettings().setValue(self._key, type(self._default)(value), _SECTION)


class _RememberedTable(_Remembered):
    """A setting that is a table of texts, kept as JSON because not every settings format keeps nested keys."""

    def __init__(self):
        super().__init__("")

    def __get__(self, owner, _type=None):
        if owner is None:
            return self
        try:
            found = json.loads(super().__get__(owner) or "{}")
        except ValueError:
            return {}
        return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}

    def __set__(self, owner, value):
        super().__set__(owner, json.dumps(value, ensure_ascii=False, sort_keys=True) if value else "")


class _RememberedList(_Remembered):
    """A setting that is a list of texts, kept as JSON because a list of one comes back from some formats as a text."""

    def __init__(self):
        super().__init__("")

    def __get__(self, owner, _type=None):
        if owner is None:
            return self
        try:
            found = json.loads(super().__get__(owner) or "[]")
        except ValueError:
            return []
        return [str(text) for text in found] if isinstance(found, list) else []

    def __set__(self, owner, value):
        super().__set__(owner, json.dumps(list(value), ensure_ascii=False) if value else "")


class Settings:
    """The settings; reading and writing an attribute reads and writes QGIS's settings."""

    engine_python = _Remembered("")
    """Python that the user pointed to; empty for the environment that the plugin set up."""

    engine_folder = _Remembered("")
    """Folder that engine environments are made in; empty for the default beside the QGIS profiles."""

    cache_folder = _Remembered("")
    """Folder of what may be deleted at any time; empty for the default in the system's cache folder."""

    stores_folder = _Remembered("")
    """Folder that new embedding stores are suggested in; empty for the default in the user's home."""

    addresses = _RememberedTable()
    """Service addresses that differ from the engine's own table, by the table's names."""

    idle_minutes = _Remembered(15)
    """Minutes after which an engine that nobody asks anything is sent away."""

    recent_stores = _RememberedList()
    """Folders of the embedding stores used lately, the latest first."""

    export_folder = _Remembered("")
    """Folder that results were exported to last."""

    def reset(self) -> None:
        """Forgets everything, as after a first installation."""
        QgsSettings().remove(_GROUP, _SECTION)
