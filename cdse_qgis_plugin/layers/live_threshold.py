"""Moving a threshold over many places without drawing them anew.

Every place is drawn once, off the main thread, with its step of the slider as its colour. That picture has a palette,
and moving the slider changes nothing but the palette: it takes as long for a million places as for ten.
"""

from __future__ import annotations

import numpy as np
from qgis.core import Qgis, QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from .score_levels import STEPS, ScoreLevels
from .scores import class_colour, graduated

_NOTHING = 255
"""Index of pixels without a place; steps are 0 to STEPS."""


class LiveThreshold(QObject):
    """Shows a layer of scores at a moving threshold, in place of the layer itself."""

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self._job: QgsMapRendererParallelJob | None = None
        self._item: _Picture | None = None
        self._layer_id = ""
        self._opacity = 1.0
        self._step = 0
        self._palette: list[int] = []
        self._double: QgsVectorLayer | None = None
        self._is_ending = False

    @property
    def is_on(self) -> bool:
        """Whether the picture stands in for the layer, or is being drawn."""
        return bool(self._layer_id)

    def begin(self, layer: QgsVectorLayer, levels: ScoreLevels, step: int) -> None:
        """Has the picture drawn."""
        self._clear()
        self._layer_id, self._opacity, self._step = layer.id(), layer.opacity(), step
        bounds = len(levels.class_bounds())
        self._palette = [class_colour(levels.class_of_step(each), bounds).rgba() for each in range(STEPS + 1)]
        shown = self._canvas.mapSettings()
        settings = QgsMapSettings(shown)
        double = layer.clone()
        double.setOpacity(1)
        double.setRenderer(graduated(_steps(levels)))
        self._double = double
        settings.setLayers([double])
        settings.setBackgroundColor(QColor(0, 0, _NOTHING))
        settings.setFlag(Qgis.MapSettingsFlag.Antialiasing, False)
        settings.setFlag(Qgis.MapSettingsFlag.DrawSelection, False)
        job = QgsMapRendererParallelJob(settings)
        self._job = job
        job.finished.connect(lambda: self._drawn(job))
        self._canvas.extentsChanged.connect(self._moved)
        job.start()

    def move(self, step: int) -> None:
        """Moves the threshold."""
        self._step = step
        if self._item is not None:
            self._item.show_colours(self._colours())

    def end(self) -> None:
        """Lets the layer itself be seen again, once the map has drawn it."""
        if not self._layer_id or self._is_ending:
            return
        self._is_ending = True
        self._show_layer(True)
        self._canvas.mapCanvasRefreshed.connect(self._clear)

    def remove(self) -> None:
        """Takes everything back at once."""
        self._show_layer(True)
        self._clear()

    # ---- inside

    def _drawn(self, job: QgsMapRendererParallelJob) -> None:
        job.deleteLater()
        if job is not self._job:
            return
        self._job, self._double = None, None
        if self._is_ending or not self._layer_id:
            return
        steps = _steps_of(job.renderedImage())
        self._item = _Picture(self._canvas, steps, job.mapSettings().visibleExtent(), self._opacity)
        self._item.show_colours(self._colours())
        self._show_layer(False)

    def _colours(self) -> list[int]:
        nothing = QColor(0, 0, 0, 0).rgba()
        shown = [colour if step >= self._step else nothing for step, colour in enumerate(self._palette)]
        return shown + [nothing] * (256 - len(shown))

    def _moved(self) -> None:
        """The map has moved away under the picture."""
        if self._item is not None:
            self._item.hide()
        self.end()

    def _show_layer(self, is_shown: bool) -> None:
        node = QgsProject.instance().layerTreeRoot().findLayer(self._layer_id)
        if node is not None:
            node.setItemVisibilityChecked(is_shown)

    def _clear(self) -> None:
        for signal, slot in (
            (self._canvas.extentsChanged, self._moved),
            (self._canvas.mapCanvasRefreshed, self._clear),
        ):
            try:
                signal.disconnect(slot)
            except TypeError:
                continue  # it was not connected
        job, self._job = self._job, None
        if job is not None:
            job.cancelWithoutBlocking()
        if self._item is not None:
            self._canvas.scene().removeItem(self._item)
            self._item = None
        self._layer_id, self._double, self._is_ending = "", None, False


class _Picture(QgsMapCanvasItem):
    """A picture with a palette, at its place on the map."""

    def __init__(self, canvas: QgsMapCanvas, steps: np.ndarray, extent, opacity: float):
        super().__init__(canvas)
        self._steps = np.ascontiguousarray(steps)
        height, width = steps.shape
        self._image = QImage(self._steps.data, width, height, width, QImage.Format.Format_Indexed8)
        self.setOpacity(opacity)
        self.setZValue(10)
        self.setRect(extent)

    def show_colours(self, colours: list[int]) -> None:
        """Takes another palette."""
        self._image.setColorTable(colours)
        self.update()

    def paint(self, painter: QPainter, option=None, widget=None) -> None:
        """Draws the picture over its place."""
        painter.drawImage(self.boundingRect(), self._image)


def _steps(levels: ScoreLevels) -> list[tuple[float, float, QColor, str]]:
    """A class for every step, with the step as its red."""
    found, upper = [], levels.best + 1e-9
    for step in range(STEPS, -1, -1):
        lower = levels.threshold(step)
        if lower < upper:
            found.append((lower, upper, QColor(step, 0, 0), ""))
            upper = lower
    return found


def _steps_of(image: QImage) -> np.ndarray:
    """The step at each pixel (height, width); blue says that there is none."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, dtype=np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
    pixels = pixels[:, : image.width()]
    red, blue = (pixels >> 16) & 0xFF, pixels & 0xFF
    return np.where(blue > 0, _NOTHING, np.minimum(red, STEPS)).astype(np.uint8)
