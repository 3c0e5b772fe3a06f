"""Score likeness: every patch of a store with how much it looks like the examples, as a layer."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
)
from qgis.PyQt.QtCore import QLocale

from . import area
from .base import BadInput, EngineAlgorithm, with_help
from .examples import add_examples, add_store, read_examples
from .store_made import STORE
from .vector_file import as_geopackage, suffix_of

OUTPUT, RASTER = "OUTPUT", "RASTER"


class SimilarityScore(EngineAlgorithm):
    """Scores every patch of a store by its likeness to given places."""

    icon_name = "score"

    def name(self) -> str:
        """The id within the provider."""
        return "similarityscore"

    def displayName(self) -> str:
        """What the toolbox calls it."""
        return self.tr("Score likeness")

    def group(self) -> str:
        """The group in the toolbox."""
        return self.tr("Similarity")

    def groupId(self) -> str:
        """The id of the group."""
        return "similarity"

    def tags(self) -> list[str]:
        """Words to find it by."""
        return self.tr("similar,score,heat map,likeness,embedding,cosine,detection,raster").split(",")

    def shortDescription(self) -> str:
        """One line for the toolbox's tooltip."""
        return self.tr("Gives every patch of an embedding store a score of likeness to the places you point at.")

    def shortHelpString(self) -> str:
        """What, when, inputs, outputs, limits, one example."""
        return self.tr(
            "<p>Gives every patch of an embedding store a score of how much it looks like the places you point "
            "at.</p>"
            "<p><b>When:</b> you want a map of likeness instead of a list of the best, for instance to choose a "
            "threshold by eye.</p>"
            "<p><b>Inputs:</b> a store made by “Encode image” or “Import embeddings”, and at least one example: a "
            "point picked on the map, a point layer, or coordinates as text. Examples of what you do not look for "
            "sharpen the score. An area limits what is scored.</p>"
            "<p><b>Outputs:</b> a polygon layer of the patches with the field “score” (cosine, from -1 to 1), and, "
            "for stores made from an image, a raster with one pixel for every step between patches if you ask for "
            "it; the number of patches, the least and the greatest score.</p>"
            "<p><b>Limits:</b> a score compares patches of one store; it is no probability, and a score of one "
            "search says nothing about that of another.</p>"
            "<p><b>Example:</b> point at a greenhouse, score the province, and show the scores above 0.9 only.</p>"
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declares inputs and outputs."""
        add_store(self)
        add_examples(self)
        area.add_extent(self)
        area.add_polygons(self)
        layer = QgsProcessingParameterVectorDestination(
            OUTPUT,
            self.tr("Likeness of every patch"),
            Qgis.ProcessingSourceType.VectorPolygon,
            optional=True,
            createByDefault=True,
        )
        self.addParameter(layer)
        layer.setSupportsNonFileBasedOutput(False)  # the engine writes files
        raster = QgsProcessingParameterRasterDestination(
            RASTER, self.tr("Likeness as a raster"), optional=True, createByDefault=False
        )
        self.addParameter(with_help(raster, self.tr("Only for stores that were made from an image.")))
        self.addOutput(QgsProcessingOutputNumber("COUNT", self.tr("Number of patches")))
        self.addOutput(QgsProcessingOutputNumber("LEAST_SCORE", self.tr("Least score")))
        self.addOutput(QgsProcessingOutputNumber("BEST_SCORE", self.tr("Greatest score")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises BadInput or NoPlace for examples or an area that make no sense, or when nothing is to be written."""
        read_examples(self, parameters, context)
        area.read_area(self, parameters, context)
        if parameters.get(RASTER) is None and OUTPUT in parameters and parameters[OUTPUT] is None:
            raise BadInput(self.tr("No output was chosen. Choose a layer, a raster or both."))

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Scores, and writes the layer, the raster or both."""
        store = self.parameterAsString(parameters, STORE, context)
        arguments = {
            "store": store,
            **read_examples(self, parameters, context),
            **area.read_area(self, parameters, context),
        }
        found: dict[str, Any] = {}
        outputs: dict[str, Any] = {}
        layer = self.parameterAsOutputLayer(parameters, OUTPUT, context)
        if layer:
            found = self._write_layer(arguments, layer, context, feedback)
            outputs[OUTPUT] = layer
        raster = self.parameterAsOutputLayer(parameters, RASTER, context)
        if raster:
            found = self.ask("similarity.score", {**arguments, "output": raster}, feedback)
            outputs[RASTER] = raster
        number = QLocale().toString
        feedback.pushInfo(
            self.tr("{count} patches scored, from {least} to {best}").format(
                count=number(found["count"]), least=number(found["min"], "f", 3), best=number(found["max"], "f", 3)
            )
        )
        return {**outputs, "COUNT": found["count"], "LEAST_SCORE": found["min"], "BEST_SCORE": found["max"]}

    def _write_layer(
        self, arguments: dict[str, Any], target: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Has the layer written, through a GeoPackage where the engine does not write the format, and styled."""
        if suffix_of(target) == ".parquet":
            return self.ask("similarity.score", {**arguments, "output": target}, feedback)
        with as_geopackage(target, context, feedback) as path:
            found = self.ask("similarity.score", {**arguments, "output": path}, feedback)
            if context.willLoadLayerOnCompletion(target):
                # Styles come with the first result, not with the start of QGIS.
                from ..layers.score_levels import ScoreLevels
                from ..layers.scores import read_scores
                from .finishing import StyleScores, finish_with

                description = self.ask("embeddings.describe", {"store": arguments["store"]}, feedback)
                finish_with(StyleScores(ScoreLevels(read_scores(path)), description, arguments), target, context)
        return found
