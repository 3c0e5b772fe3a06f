"""Clicking the map for examples: shows the patch that a click would take before the click."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent
from qgis.PyQt.QtCore import QPoint, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent

from ..engine_link.call import Call, CallFailed
from ..engine_link.link import EngineLink
from ..layers.places import NoPlace, to_lonlat
from .footprints import FootprintCache, Patch, core_share
from .marks import CLICKED, RIGHT, WRONG, Marks
from .returning import ReturningTool

_PAUSE_MS = 40
"""Between two looks at what lies under a moving cursor."""


class ExampleTool(ReturningTool):
    """Takes clicks: plain for a new search, with Shift for a right example, with Ctrl for a wrong one.

    It asks the engine only about places it does not know yet, one at a time, and only where the store has data.
    """

    picked = pyqtSignal(str, float, float)
    """Kind of example, longitude, latitude."""
    refused = pyqtSignal(str)
    """A click that is no place on Earth, in a sentence."""
    status = pyqtSignal(str)
    """A line for the status bar."""
    undo_asked = pyqtSignal()
    redo_asked = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, link: EngineLink, marks: Marks):
        super().__init__(canvas)
        self._link, self._marks = link, marks
        self._store = ""
        self._bbox: list[float] = []
        self._reach = 0.0
        self._cache = FootprintCache()
        self._cursor: QPoint | None = None
        self._asking = None
        self._shown = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._look)
        self.setCursor(Qt.CursorShape.CrossCursor)
        # What the map shows under a resting cursor changes when the map moves.
        canvas.extentsChanged.connect(self._hide)

    def set_store(self, store: str, description: dict[str, Any] | None) -> None:
        """Takes the store whose patches are shown; an empty path for none."""
        self._store = store
        told = description or {}
        self._cache = FootprintCache(core_share(told.get("details") or {}))
        self._bbox = list(told.get("bbox") or [])
        self._reach = float(told.get("patch_size_m") or 0) / 111_000
        self._hide()

    def remember(self, patches: list[dict[str, Any]]) -> None:
        """Remembers patches that the engine spoke of in another answer."""
        for said in patches:
            self._cache.add(Patch.from_engine(said))

    # ---- what QGIS calls

    def activate(self) -> None:
        """Says what the clicks do."""
        super().activate()
        self.status.emit(self._help())

    def deactivate(self) -> None:
        """Takes the preview off the map."""
        self._hide()
        self._stop_asking()
        self.status.emit("")
        super().deactivate()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Follows the cursor."""
        self._cursor = event.pos()
        if not self._timer.isActive():
            self._timer.start()

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Takes the place."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        try:
            lon, lat = self._place(event.pos())
        except NoPlace as sentence:
            self.refused.emit(str(sentence))
            return
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            kind = RIGHT
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            kind = WRONG
        else:
            kind = CLICKED
        self.picked.emit(kind, lon, lat)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves with Escape; undoes and redoes."""
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.leave()
        elif event.modifiers() == Qt.KeyboardModifier.ControlModifier and event.key() == Qt.Key.Key_Z:
            event.accept()
            self.undo_asked.emit()
        elif event.modifiers() == Qt.KeyboardModifier.ControlModifier and event.key() == Qt.Key.Key_Y:
            event.accept()
            self.redo_asked.emit()
        else:
            event.ignore()

    def remove(self) -> None:
        """Leaves the canvas for good."""
        self._timer.stop()
        self._stop_asking()
        self._canvas.extentsChanged.disconnect(self._hide)
        super().remove()

    # ---- inside

    def _place(self, pixel: QPoint) -> tuple[float, float]:
        point = self._canvas.getCoordinateTransform().toMapCoordinates(pixel)
        return to_lonlat(QgsPointXY(point), self._canvas.mapSettings().destinationCrs())

    def _look(self) -> None:
        if self._cursor is None or not self._store:
            return
        try:
            lon, lat = self._place(self._cursor)
        except NoPlace:
            self._show(None, "")
            return
        patch = self._cache.at(lon, lat)
        if patch is not None or not self._may_have_data(lon, lat):
            self._show(patch, self._where(patch))
        elif self._asking is None:
            self._ask(lon, lat)

    def _ask(self, lon: float, lat: float) -> None:
        call = Call(
            "embeddings.patch_at",
            {"store": self._store, "points": [[lon, lat]]},
            self.tr("Looking at the patch under the cursor"),
            quiet=True,
        )
        asked_of = self._store
        task = self._link.click(call)
        self._asking = task
        task.succeeded.connect(lambda value: self._answered(task, asked_of, lon, lat, value["patches"][0]))
        task.failed.connect(lambda failure: self._failed(task, failure))
        task.stopped.connect(lambda: self._over(task))

    def _answered(self, task, asked_of: str, lon: float, lat: float, said: dict[str, Any] | None) -> None:
        if not self._over(task) or asked_of != self._store:
            return
        patch = Patch.from_engine(said) if said else None
        if patch is not None:
            self._cache.add(patch)
        if self._canvas.mapTool() is self:
            self._show(patch, self._where(patch))
            self._timer.start()  # the cursor may have moved on meanwhile

    def _failed(self, task, failure: CallFailed) -> None:
        # The click itself will say in full what is wrong; a moving mouse must not.
        if self._over(task):
            self._show(None, failure.message)

    def _over(self, task) -> bool:
        """Whether this was the call that is waited for, which it is no longer."""
        if self._asking is not task:
            return False
        self._asking = None
        return True

    def _stop_asking(self) -> None:
        task, self._asking = self._asking, None
        if task is not None:
            task.cancel()

    def _may_have_data(self, lon: float, lat: float) -> bool:
        if len(self._bbox) != 4:
            return True
        west, south, east, north = self._bbox
        if not south - self._reach <= lat <= north + self._reach:
            return False
        if abs(lat) > 80:  # a patch may be many degrees wide here
            return True
        reach = self._reach * 6
        return (lon - west + reach) % 360 <= (east - west) % 360 + 2 * reach or (east - west) >= 360 - 2 * reach

    def _show(self, patch: Patch | None, text: str) -> None:
        shown = patch.id if patch else ""
        if shown != self._shown:
            self._shown = shown
            self._marks.show_cursor(patch.ring if patch else None)
        self.status.emit(text or self._help())

    def _hide(self) -> None:
        self._cursor = None
        self._timer.stop()
        self._shown = ""
        self._marks.show_cursor(None)

    def _where(self, patch: Patch | None) -> str:
        if patch is None:
            return self.tr("The store has no data here")
        return self.tr("Patch {id}   {help}").format(id=patch.id, help=self._help())

    def _help(self) -> str:
        if not self._store:
            return self.tr("First choose a store in the dock “Similar places”   Esc: leave")
        return self.tr("Click: find similar   Shift: add right   Ctrl: add wrong   Esc: leave")


__all__ = ["CLICKED", "RIGHT", "WRONG", "ExampleTool"]
