"""Where icons, styles and other files of the plugin lie."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtGui import QIcon

_PACKAGE = Path(__file__).resolve().parent
# In the packaged plugin they lie inside the package, in a checkout beside it.
ROOT = _PACKAGE if (_PACKAGE / "resources").is_dir() else _PACKAGE.parent


def resource(*parts: str) -> str:
    """Full path of a file below ``resources``."""
    return str(ROOT.joinpath("resources", *parts))


def icon(name: str) -> QIcon:
    """The plugin's icon of that name."""
    return QIcon(resource("icons", f"{name}.svg"))
