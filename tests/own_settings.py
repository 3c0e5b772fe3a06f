"""QGIS settings that belong to one run of the tests.

pytest-qgis keeps QGIS's settings in the working folder, so two runs in one checkout would change each other's.
"""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QSettings


def keep_settings_in(folder: Path) -> None:
    """Has all QGIS settings that are opened from now on lie in a folder of their own."""
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
