"""What is drawn over the map: examples as cross, tick and X, the patch under the cursor, the result under the mouse.

Shapes differ, not only colours. Everything is taken off the canvas by ``clear`` and ``remove``.
"""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import Qgis, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsRubberBand
from qgis.PyQt.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from qgis.PyQt.QtGui import QColor, QPainter, QPainterPath, QPen

from ..layers import places

CLICKED, RIGHT, WRONG = "clicked", "right", "wrong"

_COLOURS = {CLICKED: QColor("#e6139e"), RIGHT: QColor("#1fa34a"), WRONG: QColor("#e03131")}
_STROKES = {
    CLICKED: [((-9, 0), (9, 0)), ((0, -9), (0, 9))],
    RIGHT: [((-8, 0), (-2.5, 6)), ((-2.5, 6), (8.5, -7))],
    WRONG: [((-6.5, -6.5), (6.5, 6.5)), ((6.5, -6.5), (-6.5, 6.5))],
}
_REACH = 13.0
"""Pixels from the middle of a mark to its edge, halo included."""
_FLASH_MS = 900


class Mark(QgsMapCanvasItem):
    """A mark at a place, of the same size at every scale."""

    def __init__(self, canvas: QgsMapCanvas, kind: str, lon: float, lat: float):
        super().__init__(canvas)
        self._canvas = canvas
        self.kind, self._lon, self._lat = kind, lon, lat
        self.setZValue(120)
        self.updatePosition()

    def updatePosition(self) -> None:
        """Moves with the map, also into another CRS."""
        point = places.to_map(self._lon, self._lat, self._canvas.mapSettings().destinationCrs())
        self.setVisible(point is not None)
        if point is not None:
            self.setPos(self.toCanvasCoordinates(QgsPointXY(point)))

    def boundingRect(self) -> QRectF:
        """What it covers, in pixels around its place."""
        return QRectF(-_REACH, -_REACH, 2 * _REACH, 2 * _REACH)

    def paint(self, painter: QPainter, option=None, widget=None) -> None:
        """Draws the strokes on a light halo, so that they can be seen on any imagery."""
        path = QPainterPath()
        for start, end in _STROKES[self.kind]:
            path.moveTo(QPointF(*start))
            path.lineTo(QPointF(*end))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(255, 255, 255, 230), 6.0), (_COLOURS[self.kind], 3.2)):
            pen = QPen(colour, width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.strokePath(path, pen)


class Marks(QObject):
    """Everything of one dock that is drawn over one canvas."""

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self._marks: list[Mark] = []
        self._bands: dict[str, QgsRubberBand] = {}
        self._rings: dict[str, list[places.Ring]] = {}
        self._flash_end = QTimer(self)
        self._flash_end.setSingleShot(True)
        self._flash_end.setInterval(_FLASH_MS)
        self._flash_end.timeout.connect(lambda: self.show_hover([]))
        canvas.destinationCrsChanged.connect(self._draw_again)

    def show_examples(self, examples: Iterable[tuple[str, float, float]]) -> None:
        """Shows these examples, as (kind, lon, lat), in place of what was shown."""
        for mark in self._marks:
            self._canvas.scene().removeItem(mark)
        self._marks = [Mark(self._canvas, *example) for example in examples]

    def show_footprints(self, rings: list[places.Ring]) -> None:
        """Outlines the patches that the examples took."""
        self._show("examples", rings)

    def show_cursor(self, ring: places.Ring | None) -> None:
        """Outlines the patch that a click would take."""
        self._show("cursor", [ring] if ring else [])

    def show_hover(self, rings: list[places.Ring]) -> None:
        """Highlights the results under the mouse in the table."""
        self._show("hover", rings)

    def show_store(self, rings: list[places.Ring]) -> None:
        """Outlines what a store covers."""
        self._show("store", rings)

    def show_area(self, rings: list[places.Ring]) -> None:
        """Outlines the area that a search is limited to."""
        self._show("area", rings)

    def flash(self, rings: list[places.Ring]) -> None:
        """Highlights results for a moment."""
        self.show_hover(rings)
        self._flash_end.start()

    def clear(self) -> None:
        """Takes everything off the map."""
        self.show_examples([])
        for name in list(self._bands):
            self._show(name, [])

    def remove(self) -> None:
        """Takes everything off the map for good."""
        self.clear()
        self._canvas.destinationCrsChanged.disconnect(self._draw_again)

    def _show(self, name: str, rings: list[places.Ring]) -> None:
        band = self._bands.pop(name, None)
        if band is not None:
            self._canvas.scene().removeItem(band)
        self._rings[name] = list(rings)
        if not rings:
            return
        band = _band(self._canvas, name)
        crs = self._canvas.mapSettings().destinationCrs()
        for ring in rings:
            shape = places.footprint_on_map(ring, crs)
            if not shape.isNull():
                band.addGeometry(shape, None, False)
        band.updatePosition()
        band.update()
        band.show()
        self._bands[name] = band

    def _draw_again(self) -> None:
        for name, rings in list(self._rings.items()):
            self._show(name, rings)


_LOOKS = {
    # name: (line, halo, fill, width, style, height above the map)
    "store": ("#5b6470", "#60ffffff", "#00000000", 1, Qt.PenStyle.DotLine, 80),
    "area": ("#f2a71b", "#70000000", "#00000000", 2, Qt.PenStyle.DashLine, 90),
    "examples": ("#e6139e", "#90ffffff", "#00000000", 1, Qt.PenStyle.SolidLine, 100),
    "cursor": ("#e6139e", "#c0ffffff", "#18e6139e", 2, Qt.PenStyle.DashLine, 105),
    "hover": ("#ffe600", "#d0000000", "#40ffe600", 3, Qt.PenStyle.SolidLine, 110),
}


def _band(canvas: QgsMapCanvas, name: str) -> QgsRubberBand:
    line, halo, fill, width, pen_style, height = _LOOKS[name]
    band = QgsRubberBand(canvas, Qgis.GeometryType.Polygon)
    band.setStrokeColor(QColor(line))
    band.setSecondaryStrokeColor(QColor(halo))
    band.setFillColor(QColor(fill))
    band.setWidth(width)
    band.setLineStyle(pen_style)
    band.setZValue(height)
    return band
