"""Moving the map to places: results, examples, the data of a store."""

from __future__ import annotations

import math
from typing import Any

from qgis.core import QgsRectangle
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...layers import places

_ROOM = 8.0
"""Sides of a footprint that are shown around it."""


def bbox_of_store(description: dict[str, Any]) -> list[float]:
    """What a store covers, [west, south, east, north] in degrees; empty when it does not say.

    The box in its description is that of the patches' centres.
    """
    if not description.get("bbox"):
        return []
    west, south, east, north = description["bbox"]
    high = float(description.get("patch_size_m") or 0) / 222_000
    wide = high / max(0.02, math.cos(math.radians(max(abs(south), abs(north)))))
    return [west - wide, max(-90.0, south - high), east + wide, min(90.0, north + high)]


class MapView(QObject):
    """Zooms a canvas; says so in a sentence where its projection cannot show a place."""

    refused = pyqtSignal(str)

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None):
        super().__init__(parent)
        self._canvas = canvas

    def zoom_to(self, rings: list[places.Ring], room: float = _ROOM) -> None:
        """Shows footprints with room around them."""
        self._show(places.extent_on_map(rings, self._crs()), room)

    def zoom_to_store(self, description: dict[str, Any]) -> None:
        """Shows where a store has data."""
        bbox = bbox_of_store(description)
        if bbox:
            self._show(places.bbox_on_map(bbox, self._crs()), 1.05)

    def shows_store(self, description: dict[str, Any]) -> bool:
        """Whether the map shows at least a part of what a store covers."""
        bbox = bbox_of_store(description)
        return bool(bbox) and self._canvas.extent().intersects(places.bbox_on_map(bbox, self._crs()))

    def zoom_if_out_of_view(self, rings: list[places.Ring]) -> None:
        """Shows footprints unless one of them can be seen already."""
        crs, extent = self._crs(), self._canvas.extent()
        if rings and not any(extent.intersects(places.extent_on_map([ring], crs)) for ring in rings):
            self.zoom_to(rings, 1.2)

    def _crs(self):
        return self._canvas.mapSettings().destinationCrs()

    def _show(self, extent: QgsRectangle, room: float) -> None:
        if extent.isNull():
            self.refused.emit(
                self.tr("The map's projection does not show this place. Choose another CRS for the project.")
            )
            return
        grown = QgsRectangle(extent)
        grown.scale(room)
        self._canvas.setExtent(grown)
        self._canvas.refresh()
