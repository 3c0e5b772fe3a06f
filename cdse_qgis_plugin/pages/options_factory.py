"""The plugin's page in QGIS's options, made only when they are opened: QGIS starts without it."""

from __future__ import annotations

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtWidgets import QWidget

from ..engine_link.link import EngineLink
from ..resources import icon

_KEY = "copernicus_ai"


class OptionsFactory(QgsOptionsWidgetFactory):
    """Register with ``iface.registerOptionsWidgetFactory``."""

    def __init__(self, link: EngineLink):
        super().__init__("Copernicus AI", icon("copernicus"), _KEY)
        self._link = link

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        """The page."""
        from .options_page import OptionsPage

        return OptionsPage(self._link, parent)
