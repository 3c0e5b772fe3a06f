"""The layers of searches: one for each search, filled anew while its ranking is refined."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...layers import groups, results
from .answer import Answer
from .examples import ExampleSet


class ResultLayers(QObject):
    """Shows answers as layers of the project; the user may rename, restyle, move and remove them."""

    selected = pyqtSignal(list)
    """Ids of the matches that were selected on the map."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._layer_ids: dict[int, str] = {}
        self._feature_ids: dict[str, int] = {}
        self._search_shown = 0
        self._attached = ""
        self._selecting = False

    @property
    def layer_ids(self) -> dict[int, str]:
        """The layers that are still in the project, by the number of their search."""
        project = QgsProject.instance()
        return {search: id_ for search, id_ in self._layer_ids.items() if project.mapLayer(id_) is not None}

    @property
    def current(self) -> QgsVectorLayer | None:
        """The layer on show, unless it has left the project."""
        return QgsProject.instance().mapLayer(self._attached)

    def show(self, state: ExampleSet, answer: Answer, store_name: str, description: dict[str, Any]) -> None:
        """Puts an answer on the map: into the layer of its search, or into a new one for a new search."""
        matches = list(answer.matches)
        request = {"like": state.like, "unlike": state.unlike, **answer.request}
        layer = QgsProject.instance().mapLayer(self._layer_ids.get(state.search, ""))
        if layer is None or not results.is_ours(layer):
            layer = results.make_layer(self._name(state), [], description, request)
            self._layer_ids[state.search] = layer.id()
            groups.add_to_group(layer, groups.similar_places(), store_name)
        if self._search_shown != state.search:
            groups.show_only(layer, list(self._layer_ids.values()))
        self._attach(state.search, layer)
        self._feature_ids = results.fill(layer, matches, description)
        results.describe(layer, matches, description, request)

    def take(self, search: int, layer_id: str, answer: Answer | None, description: dict[str, Any]) -> None:
        """Takes a layer that came with the project as that of a search, and fills it; its style is kept."""
        layer = QgsProject.instance().mapLayer(layer_id)
        if isinstance(layer, QgsVectorLayer) and answer is not None:
            self._layer_ids[search] = layer_id
            self._attach(search, layer)
            if results.is_ours(layer):
                self._feature_ids = results.fill(layer, list(answer.matches), description, restyle=False)
            else:
                self._feature_ids = results.feature_ids(layer)

    def hide(self) -> None:
        """Lets go of the layer on show; it stays on the map."""
        self._attach(0, None)

    def forget(self) -> None:
        """Lets go of all layers; they stay on the map."""
        self.hide()
        self._layer_ids.clear()

    def select(self, ids: list[str]) -> None:
        """Selects matches on the map because they were selected in the table."""
        layer = self.current
        if layer is None:
            return
        self._selecting = True
        layer.selectByIds([self._feature_ids[id_] for id_ in ids if id_ in self._feature_ids])
        self._selecting = False

    def label(self, labels: dict[str, str]) -> None:
        """Writes verdicts into the layer on show at once, before the ranking has learnt from them."""
        layer = self.current
        if layer is not None and results.is_ours(layer):
            results.set_labels(layer, self._feature_ids, {id_: labels.get(id_, "") for id_ in self._feature_ids})

    def _attach(self, search: int, layer: QgsVectorLayer | None) -> None:
        """Listens to the selection in this layer only."""
        attached = layer.id() if layer is not None else ""
        if attached != self._attached:
            before = QgsProject.instance().mapLayer(self._attached)
            if before is not None:
                before.selectionChanged.disconnect(self._on_selection)
            if layer is not None:
                layer.selectionChanged.connect(self._on_selection)
        self._search_shown, self._attached = search, attached
        if layer is None:
            self._feature_ids = {}

    def _on_selection(self, *_: Any) -> None:
        layer = self.current
        if layer is not None and not self._selecting:
            chosen = set(layer.selectedFeatureIds())
            self.selected.emit([id_ for id_, feature_id in self._feature_ids.items() if feature_id in chosen])

    def _name(self, state: ExampleSet) -> str:
        first = state.examples[0]
        return self.tr("Search {number}: {lat:.4f}°, {lon:.4f}°").format(
            number=state.search, lat=first.lat, lon=first.lon
        )
