"""Pictures of places, cut from the imagery that the map shows; rendered one after another, off the main thread."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any

from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QSize, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QColor, QPixmap

from . import places

_KEPT = 3_000
_WAITING = 60
"""Pictures asked for but not drawn yet; what was scrolled past longest ago is given up."""


class Pictures(QObject):
    """Gives pictures that are ready, and draws those that were asked for and are not."""

    ready = pyqtSignal(str)
    """The picture of the place with this id can be had."""
    outdated = pyqtSignal()
    """The imagery has changed: every picture has to be asked for anew."""

    def __init__(self, canvas: QgsMapCanvas, side: int, parent: QObject | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self._side = side
        self._kept: OrderedDict[str, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[str, places.Ring] = OrderedDict()
        self._job: QgsMapRendererParallelJob | None = None
        self._watched: list[QgsRasterLayer] = []
        self._start = QTimer(self)
        self._start.setSingleShot(True)
        self._start.setInterval(0)
        self._start.timeout.connect(self._draw_next)
        canvas.layersChanged.connect(self._look_at_layers)
        canvas.destinationCrsChanged.connect(self.forget)
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_leave)
        self._look_at_layers()

    @property
    def has_imagery(self) -> bool:
        """Whether the map shows anything to cut pictures from."""
        return bool(self._watched)

    def of(self, match: dict[str, Any]) -> QPixmap | None:
        """The picture of a match, or None while there is none; it is then drawn when its turn comes."""
        found = self._kept.get(match["id"])
        if found is None and self._watched:
            self._waiting[match["id"]] = match["footprint"]
            self._waiting.move_to_end(match["id"])
            while len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
            if self._job is None and not self._start.isActive():
                self._start.start()
        return found

    def forget(self) -> None:
        """Drops all pictures; ids mean other places now, or the imagery has changed."""
        self._kept.clear()
        self._waiting.clear()
        self._stop()
        self.outdated.emit()

    def remove(self) -> None:
        """Lets go of the canvas and its layers."""
        self._start.stop()
        self._stop()
        self._canvas.layersChanged.disconnect(self._look_at_layers)
        self._canvas.destinationCrsChanged.disconnect(self.forget)
        QgsProject.instance().layersWillBeRemoved.disconnect(self._layers_leave)
        self._watch([])

    # ---- inside

    def _look_at_layers(self) -> None:
        rasters = [layer for layer in self._canvas.layers() if isinstance(layer, QgsRasterLayer) and layer.isValid()]
        if rasters != self._watched:
            self._watch(rasters)
            self.forget()

    def _layers_leave(self, ids: list[str]) -> None:
        """Lets go of layers while they still exist; the canvas hears of it later, maybe when others have come."""
        kept = [layer for layer in self._watched if layer.id() not in ids]
        if len(kept) < len(self._watched):
            self._watch(kept)
            self.forget()

    def _watch(self, rasters: list[QgsRasterLayer]) -> None:
        for layer in self._watched:
            layer.styleChanged.disconnect(self.forget)
        self._watched = rasters
        for layer in rasters:
            layer.styleChanged.connect(self.forget)

    def _draw_next(self) -> None:
        while self._job is None and self._waiting:
            id_, ring = self._waiting.popitem(last=True)
            settings = self._settings(ring)
            if settings is not None:
                job = QgsMapRendererParallelJob(settings)
                self._job = job
                job.finished.connect(lambda id_=id_, job=job: self._drawn(id_, job))
                job.start()

    def _drawn(self, id_: str, job: QgsMapRendererParallelJob) -> None:
        job.deleteLater()
        if job is not self._job:
            return
        self._job = None
        picture = QPixmap.fromImage(job.renderedImage())
        picture.setDevicePixelRatio(self._canvas.devicePixelRatioF())
        self._kept[id_] = picture
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(id_)
        self._start.start()

    def _stop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancelWithoutBlocking()

    def _settings(self, ring: places.Ring) -> QgsMapSettings | None:
        """What to draw: the square around the footprint, in the map's own look."""
        shown = self._canvas.mapSettings()
        box = places.extent_on_map([ring], shown.destinationCrs())
        if box.isNull() or box.isEmpty():
            return None
        half = max(box.width(), box.height()) / 2
        pixels = math.ceil(self._side * self._canvas.devicePixelRatioF())
        settings = QgsMapSettings()
        settings.setLayers(self._watched)
        settings.setDestinationCrs(shown.destinationCrs())
        settings.setTransformContext(shown.transformContext())
        settings.setLayerStyleOverrides(shown.layerStyleOverrides())
        settings.setEllipsoid(shown.ellipsoid())
        settings.setExpressionContext(shown.expressionContext())
        settings.setTemporalRange(shown.temporalRange())
        settings.setBackgroundColor(QColor(Qt.GlobalColor.transparent))
        settings.setOutputSize(QSize(pixels, pixels))
        settings.setOutputDpi(shown.outputDpi())
        middle = box.center()
        settings.setExtent(QgsRectangle(middle.x() - half, middle.y() - half, middle.x() + half, middle.y() + half))
        return settings if settings.hasValidSettings() else None
