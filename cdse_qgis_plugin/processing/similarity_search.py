"""Find similar places: the patches of a store that look most like the examples, as a layer."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QLocale

from . import area
from .base import BadInput, EngineAlgorithm, advanced, with_help
from .examples import add_examples, add_store, read_examples
from .store_made import STORE

K, START, END, MIN_DISTANCE, OUTPUT = "K", "START", "END", "MIN_DISTANCE", "OUTPUT"
RECALL, COMPARE_ALL = "RECALL", "COMPARE_ALL"


class SimilaritySearch(EngineAlgorithm):
    """Finds the places of a store that look most like given ones."""

    icon_name = "similarity"

    def name(self) -> str:
        """The id within the provider."""
        return "similaritysearch"

    def displayName(self) -> str:
        """What the toolbox calls it."""
        return self.tr("Find similar places")

    def group(self) -> str:
        """The group in the toolbox."""
        return self.tr("Similarity")

    def groupId(self) -> str:
        """The id of the group."""
        return "similarity"

    def tags(self) -> list[str]:
        """Words to find it by."""
        return self.tr("similar,search,example,embedding,nearest,neighbours,where else,look alike,retrieval").split(",")

    def shortDescription(self) -> str:
        """One line for the toolbox's tooltip."""
        return self.tr("Finds the places of an embedding store that look most like the ones you point at.")

    def shortHelpString(self) -> str:
        """What, when, inputs, outputs, limits, one example."""
        return self.tr(
            "<p>Finds places that look like the ones you point at, best first (a search by example in an embedding "
            "store).</p>"
            "<p><b>When:</b> you know one place of a kind and ask where else there is one.</p>"
            "<p><b>Inputs:</b> a store made by “Encode image” or “Import embeddings”, and at least one example of "
            "what you look for: a point picked on the map, a point layer, or coordinates as text. Examples of what "
            "you do not look for sharpen the search. An area, dates and a least distance between results narrow "
            "it.</p>"
            "<p><b>Outputs:</b> a layer of the patches found, with rank, score (cosine, at most 1), distance from "
            "the nearest example and what the store knows of each; how many were found, the best score, how many "
            "patches were compared, and whether none was left out by an index.</p>"
            "<p><b>Limits:</b> alike means alike in this embedding; it is no proof that two places are the same "
            "kind of thing. The examples' own patches are never answers, and neither are patches that overlap a "
            "better one.</p>"
            "<p><b>Example:</b> point at a greenhouse and ask for 20 places: the other greenhouses come first.</p>"
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declares inputs and outputs."""
        add_store(self)
        add_examples(self)
        k = QgsProcessingParameterNumber(
            K,
            self.tr("Number of places"),
            Qgis.ProcessingNumberParameterType.Integer,
            50,
            minValue=1,
            maxValue=100_000,
        )
        self.addParameter(with_help(k, self.tr("Fewer are found when the store or the area holds fewer.")))
        area.add_extent(self)
        area.add_polygons(self)
        kind = QgsProcessingParameterDateTime.Type.Date
        start = QgsProcessingParameterDateTime(START, self.tr("First day"), kind, optional=True)
        end = QgsProcessingParameterDateTime(END, self.tr("Last day"), kind, optional=True)
        dates = self.tr("Only for stores whose patches have a time, like those of dated images.")
        self.addParameter(with_help(start, dates))
        self.addParameter(with_help(end, dates))
        distance = QgsProcessingParameterNumber(
            MIN_DISTANCE,
            self.tr("Least distance between places (metres)"),
            Qgis.ProcessingNumberParameterType.Double,
            0,
            minValue=0,
        )
        self.addParameter(
            advanced(with_help(distance, self.tr("Also from the examples. 0: places only may not overlap.")))
        )
        recall = QgsProcessingParameterNumber(
            RECALL,
            self.tr("Least share of the true best to find"),
            Qgis.ProcessingNumberParameterType.Double,
            0.99,
            minValue=0.5,
            maxValue=1,
        )
        only_indexed = self.tr("Matters only for stores with an index, which makes searches of large stores fast.")
        self.addParameter(advanced(with_help(recall, only_indexed)))
        every = QgsProcessingParameterBoolean(COMPARE_ALL, self.tr("Compare every patch"), False)
        self.addParameter(advanced(with_help(every, only_indexed)))
        self.addParameter(
            QgsProcessingParameterFeatureSink(
                OUTPUT, self.tr("Similar places"), Qgis.ProcessingSourceType.VectorPolygon
            )
        )
        self.addOutput(QgsProcessingOutputNumber("COUNT", self.tr("Number of places found")))
        self.addOutput(QgsProcessingOutputNumber("BEST_SCORE", self.tr("Best score")))
        self.addOutput(QgsProcessingOutputNumber("SCANNED", self.tr("Patches compared")))
        self.addOutput(QgsProcessingOutputBoolean("EXACT", self.tr("Every patch of the area was compared")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises BadInput or NoPlace for examples, an area or dates that make no sense."""
        read_examples(self, parameters, context)
        area.read_area(self, parameters, context)
        start, end = self._date(parameters, START, context), self._date(parameters, END, context)
        if start and end and start > end:
            raise BadInput(
                self.tr("The first day ({start}) lies after the last ({end}). Swap them, or leave one empty.").format(
                    start=start, end=end
                )
            )

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Searches, and writes what was found."""
        # Styles come with the first result, not with the start of QGIS.
        from ..layers import results
        from .finishing import StyleMatches, finish_with

        store = self.parameterAsString(parameters, STORE, context)
        arguments = {
            "store": store,
            **read_examples(self, parameters, context),
            **area.read_area(self, parameters, context),
            "k": self.parameterAsInt(parameters, K, context),
            "start": self._date(parameters, START, context) or None,
            "end": self._date(parameters, END, context) or None,
            "min_distance_m": self.parameterAsDouble(parameters, MIN_DISTANCE, context),
            "recall": self.parameterAsDouble(parameters, RECALL, context),
            "exact": self.parameterAsBoolean(parameters, COMPARE_ALL, context),
        }
        found = self.ask("similarity.search", arguments, feedback)
        for note in found["notes"]:
            feedback.pushInfo(note)
        layer = results.make_layer(self.displayName(), found["matches"], {}, arguments)
        destination = self._write(layer, parameters, context)
        if context.willLoadLayerOnCompletion(destination):
            description = self.ask("embeddings.describe", {"store": store}, feedback)
            finish_with(StyleMatches(found["matches"], description, arguments), destination, context)
        number = QLocale().toString
        feedback.pushInfo(
            self.tr("{count} places found among {scanned} patches").format(
                count=number(len(found["matches"])), scanned=number(found["scanned"])
            )
        )
        return {
            OUTPUT: destination,
            "COUNT": len(found["matches"]),
            "BEST_SCORE": found["matches"][0]["score"] if found["matches"] else None,
            "SCANNED": found["scanned"],
            "EXACT": found["exact"],
        }

    def _write(self, layer: QgsVectorLayer, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
        """Writes the matches into the sink and returns its id."""
        sink, destination = self.parameterAsSink(
            parameters, OUTPUT, context, _writable(layer.fields()), layer.wkbType(), layer.crs()
        )
        if sink is None:
            raise QgsProcessingException(self.invalidSinkError(parameters, OUTPUT))
        for feature in layer.getFeatures():
            if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(self.writeFeatureError(sink, parameters, OUTPUT))
        return destination

    def _date(self, parameters: dict[str, Any], name: str, context: QgsProcessingContext) -> str:
        """A day as yyyy-mm-dd, or nothing."""
        if parameters.get(name) in (None, ""):
            return ""
        day = self.parameterAsDateTime(parameters, name, context).date()
        if not day.isValid():
            raise BadInput(
                self.tr("“{value}” is no date. Write it like 2023-06-01.").format(value=parameters.get(name))
            )
        return day.toString("yyyy-MM-dd")


def _writable(fields: QgsFields) -> QgsFields:
    """The fields, in their order, with names that every file format takes.

    What came with the source may be called like a file's own columns, or like one of ours but for its capitals.
    """
    found = QgsFields()
    taken = {"fid", "ogc_fid", "geom", "geometry"}
    for field in fields:
        name = field.name()
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        named = QgsField(field)
        named.setName(name)
        found.append(named)
    return found
