"""What happens to a result when QGIS has loaded it: it gets its style, its legend and its metadata."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsMapLayerStyle,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
)

from ..layers import results, scores
from ..layers.score_levels import ScoreLevels

_waiting: set[QgsProcessingLayerPostProcessorInterface] = set()
"""QGIS does not own post-processors, and Python would delete them before their turn."""


def finish_with(
    finisher: QgsProcessingLayerPostProcessorInterface, destination: str, context: QgsProcessingContext
) -> None:
    """Has a layer finished after QGIS has loaded it."""
    _waiting.add(finisher)
    details = context.layerToLoadOnCompletionDetails(destination)
    details.groupName = "Copernicus"
    details.setPostProcessor(finisher)


class StyleMatches(QgsProcessingLayerPostProcessorInterface):
    """Styles and documents a layer of matches, wherever it was written to, as the dock would."""

    def __init__(self, matches: list[dict[str, Any]], store: dict[str, Any], request: dict[str, Any]):
        super().__init__()
        self._matches, self._store, self._request = matches, store, request

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Runs on the main thread, once."""
        template = results.make_layer(layer.name(), self._matches, self._store, self._request)
        # Of a temporary layer the user should be warned before it is lost; the dock's layers come back by themselves.
        template.removeCustomProperty("skipMemoryLayersCheck")
        style = QgsMapLayerStyle()
        style.readFromLayer(template)
        style.writeToLayer(layer)
        layer.setMetadata(template.metadata())
        layer.triggerRepaint()
        _waiting.discard(self)


class StyleScores(QgsProcessingLayerPostProcessorInterface):
    """Styles and documents a layer of scores, wherever it was written to, as the dock would."""

    def __init__(self, levels: ScoreLevels, store: dict[str, Any], request: dict[str, Any]):
        super().__init__()
        self._levels, self._store, self._request = levels, store, request

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Runs on the main thread, once."""
        scores.dress(layer, self._levels, self._levels.threshold(0), self._store, self._request)
        _waiting.discard(self)
