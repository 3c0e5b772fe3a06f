"""The scores of every place: asked of the engine, read, shown as a layer, thresholded."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication, QgsProject, QgsTask, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QObject, pyqtSignal

from ...engine_link.call import Call, CallFailed
from ...engine_link.link import EngineLink
from ...folders import cache_folder
from ...layers import groups, scores
from ...layers.live_threshold import LiveThreshold
from ...layers.score_levels import ScoreLevels
from .asking import Asking

translate = QCoreApplication.translate

_KEPT_AT_FIRST = 0.05
"""Share of the places that the layer shows when it is new."""


class ScoreSession(QObject):
    """Makes layers of scores and moves the threshold of the latest one."""

    levels_changed = pyqtSignal(object, int)
    """The ScoreLevels of the layer on show and the step of its threshold; None when there is no such layer."""
    failed = pyqtSignal(object)

    def __init__(self, link: EngineLink, canvas: QgsMapCanvas, parent: QObject | None = None):
        super().__init__(parent)
        self._link = link
        self._live = LiveThreshold(canvas, self)
        self._levels: ScoreLevels | None = None
        self._layer_id = ""
        self._asked: dict[str, Any] = {}
        self._reading: QgsTask | None = None
        self.asking = Asking(self)
        QgsProject.instance().layersWillBeRemoved.connect(self._layers_leave)

    @property
    def _layer(self) -> QgsVectorLayer | None:
        return QgsProject.instance().mapLayer(self._layer_id)

    def score(self, store: str, description: dict[str, Any], asked: dict[str, Any]) -> None:
        """Scores every place of a store; ``asked`` are the examples and the area."""
        arguments = {"store": store, "output": str(self._file(store)), **asked}
        title = self.tr("Scoring every place")
        self.asking.ask(
            lambda: self._link.job(Call("similarity.score", arguments, title)),
            f"{title}…",
            lambda value: self._read(value["output"], lambda levels: self._show(value, levels, description, asked)),
            self.failed.emit,
        )

    def is_outdated(self, like: list, unlike: list) -> bool:
        """Whether the layer on show has the scores of other examples than these."""
        return bool(self._asked) and (self._asked["like"], self._asked["unlike"]) != (like, unlike)

    def take(self, layer: QgsVectorLayer) -> None:
        """Takes a layer of scores that came with the project."""
        path = str(layer.customProperty(scores.MARK, ""))

        def attach(levels: ScoreLevels) -> None:
            self._layer_id, self._levels = layer_id, levels
            self.levels_changed.emit(levels, levels.step_keeping(_KEPT_AT_FIRST))

        layer_id = layer.id()
        if Path(path).is_file():
            self._read(path, attach)

    def move(self, step: int) -> None:
        """Moves the threshold live."""
        layer = self._layer
        if layer is None or self._levels is None:
            return
        if not self._live.is_on:
            self._live.begin(layer, self._levels, step)
        self._live.move(step)

    def settle(self, step: int) -> None:
        """Gives the layer itself the threshold that the slider came to rest at."""
        layer = self._layer
        if layer is not None and self._levels is not None:
            scores.set_threshold(layer, self._levels, self._levels.threshold(step))
            self._live.end()

    def forget(self) -> None:
        """Lets go of the layer on show; it stays on the map."""
        self.asking.drop()
        self._live.remove()
        self._layer_id, self._levels, self._asked = "", None, {}
        self.levels_changed.emit(None, 0)

    def remove(self) -> None:
        """Takes everything back."""
        self.forget()
        QgsProject.instance().layersWillBeRemoved.disconnect(self._layers_leave)

    # ---- inside

    @staticmethod
    def _file(store: str) -> Path:
        mark = hashlib.sha256(store.encode()).hexdigest()[:8]
        now = QDateTime.currentDateTime().toString("yyyyMMdd-HHmmss")
        return cache_folder() / "scores" / f"{Path(store).name}-{mark}" / f"likeness-{now}.gpkg"

    def _read(self, path: str, succeeded) -> None:
        """Reads the scores of a file in a thread, then has them taken on the main thread."""

        def over(error, found=None) -> None:
            self._reading = None
            if error is None and found is not None and found.count:
                succeeded(found)
            elif error is not None:
                self.failed.emit(_unreadable(path, error))

        task = QgsTask.fromFunction(self.tr("Reading scores"), _read_levels, path, on_finished=over)
        self._reading = task
        QgsApplication.taskManager().addTask(task)

    def _show(
        self, result: dict[str, Any], levels: ScoreLevels, description: dict[str, Any], asked: dict[str, Any]
    ) -> None:
        step = levels.step_keeping(_KEPT_AT_FIRST)
        name = self.tr("Likeness of every place")
        path = result["output"]
        layer = scores.open_scores(path, name, levels, levels.threshold(step), description, asked)
        if not layer.isValid():
            self.failed.emit(_unreadable(path, layer.error().message()))
            return
        self._live.remove()
        groups.add_to_group(layer, groups.similar_places(), Path(description["store"]).name, at_end=True)
        self._layer_id, self._levels, self._asked = layer.id(), levels, asked
        self.levels_changed.emit(levels, step)

    def _layers_leave(self, ids: list[str]) -> None:
        if self._layer_id in ids:
            self.forget()


def _read_levels(_task: QgsTask, path: str) -> ScoreLevels:
    return ScoreLevels(scores.read_scores(path))


def _unreadable(path: str, error: object) -> CallFailed:
    return CallFailed(
        "scores_unreadable",
        translate("ScoreSession", "The scores in “{path}” cannot be read, so they are not shown.").format(path=path),
        translate("ScoreSession", "Score everywhere again; check that the disk of the cache folder is not full."),
        str(error),
    )
