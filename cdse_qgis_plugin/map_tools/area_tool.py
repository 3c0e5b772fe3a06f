"""Drawing the area that a search is limited to."""

from __future__ import annotations

from qgis.core import Qgis, QgsGeometry, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent

from ..layers.places import NoPlace, near, to_lonlat
from .returning import ReturningTool

_PIECES = 8
"""Pieces of an edge: what is straight on the map is curved in degrees."""


class AreaTool(ReturningTool):
    """Draws a polygon: clicks add corners, a right click or a double click closes it, Backspace takes one back."""

    drawn = pyqtSignal(list)
    """The ring [[lon, lat], …], its longitudes continuous."""
    refused = pyqtSignal(str)
    """A polygon that cannot be used, in a sentence."""
    status = pyqtSignal(str)
    """A line for the status bar."""

    def __init__(self, canvas: QgsMapCanvas):
        super().__init__(canvas)
        self._corners: list[QgsPointXY] = []
        self._band: QgsRubberBand | None = None
        self.setCursor(Qt.CursorShape.CrossCursor)

    def activate(self) -> None:
        """Begins with nothing drawn."""
        super().activate()
        self._begin()
        self.status.emit(
            self.tr("Click: add a corner    Right or double click: close the area    Backspace: one back    Esc: leave")
        )

    def deactivate(self) -> None:
        """Takes what is half drawn off the map."""
        self._begin()
        self.status.emit("")
        super().deactivate()

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Adds a corner, or closes the polygon."""
        if event.button() == Qt.MouseButton.RightButton:
            self._close()
        elif event.button() == Qt.MouseButton.LeftButton:
            point = self.toMapCoordinates(event.pos())
            if not self._corners or point != self._corners[-1]:
                self._corners.append(point)
            self._draw(None)

    def canvasDoubleClickEvent(self, event: QgsMapMouseEvent) -> None:
        """Closes the polygon; the two clicks of a double click lie on one corner."""
        self._close()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Shows the next corner."""
        if self._corners:
            self._draw(self.toMapCoordinates(event.pos()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves with Escape, takes a corner back with Backspace, closes with Enter."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            if self._corners:
                self._corners.pop()
            self._draw(None)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        else:
            event.ignore()
            return
        event.accept()

    def remove(self) -> None:
        """Leaves the canvas for good."""
        self._begin()
        super().remove()

    def _begin(self) -> None:
        self._corners = []
        if self._band is not None:
            self._canvas.scene().removeItem(self._band)
            self._band = None

    def _draw(self, cursor: QgsPointXY | None) -> None:
        if self._band is None:
            self._band = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
            self._band.setStrokeColor(QColor("#f2a71b"))
            self._band.setFillColor(QColor(242, 167, 27, 30))
            self._band.setWidth(2)
        self._band.reset(Qgis.GeometryType.Polygon)
        for point in [*self._corners, *([cursor] if cursor else [])]:
            self._band.addPoint(point)

    def _close(self) -> None:
        corners = self._corners
        self._begin()
        if len(corners) < 3:
            self.refused.emit(self.tr("An area needs at least three corners. Draw it again."))
            return
        shape = QgsGeometry.fromPolygonXY([corners])
        if not shape.isGeosValid() or shape.area() == 0:
            self.refused.emit(self.tr("The area crosses itself, so inside and outside are not clear. Draw it again."))
            return
        try:
            ring = self._ring(corners)
        except NoPlace as sentence:
            self.refused.emit(str(sentence))
            return
        self.drawn.emit(ring)
        self.leave()

    def _ring(self, corners: list[QgsPointXY]) -> list[list[float]]:
        crs = self._canvas.mapSettings().destinationCrs()
        ring: list[list[float]] = []
        for start, end in zip(corners, [*corners[1:], corners[0]]):
            for piece in range(_PIECES):
                share = piece / _PIECES
                x, y = start.x() + (end.x() - start.x()) * share, start.y() + (end.y() - start.y()) * share
                lon, lat = to_lonlat(QgsPointXY(x, y), crs)
                ring.append([near(lon, ring[-1][0]) if ring else lon, lat])
        ring.append(list(ring[0]))
        return ring
