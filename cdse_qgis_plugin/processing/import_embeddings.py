"""Import embeddings: a Parquet file with embeddings becomes an embedding store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterCrs,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)

from . import area
from .base import BadInput, EngineAlgorithm, advanced, with_help
from .store_made import STORE, add_store_outputs, check_store_folder, store_outputs

SOURCE, VECTOR_COLUMN, CRS = "SOURCE", "VECTOR_COLUMN", "CRS"
TRANSPOSITION, MAX_PATCHES = "TRANSPOSITION", "MAX_PATCHES"
CORRECTIONS = ("auto", "correct", "keep")

_ADDRESS = re.compile(r"(https?|s3)://|cdse:", re.IGNORECASE)
"""Sources that the engine reads over the network, and knows more about than a path that is not there."""


class ImportEmbeddings(EngineAlgorithm):
    """Makes an embedding store from embeddings that others have computed."""

    icon_name = "import"

    def name(self) -> str:
        """The id within the provider."""
        return "importembeddings"

    def displayName(self) -> str:
        """What the toolbox calls it."""
        return self.tr("Import embeddings")

    def group(self) -> str:
        """The group in the toolbox."""
        return self.tr("Embeddings")

    def groupId(self) -> str:
        """The id of the group."""
        return "embeddings"

    def tags(self) -> list[str]:
        """Words to find it by."""
        return self.tr("embedding,parquet,geoparquet,Major TOM,Earth Index,Clay,SSL4EO,DINOv2,store,similar").split(",")

    def shortDescription(self) -> str:
        """One line for the toolbox's tooltip."""
        return self.tr("Makes an embedding store from a Parquet file of embeddings that somebody else computed.")

    def shortHelpString(self) -> str:
        """What, when, inputs, outputs, limits, one example."""
        return self.tr(
            "<p>Reads embeddings that somebody else has computed and makes an embedding store of them: a folder "
            "that “Find similar places” and the dock “Similar places” search in.</p>"
            "<p><b>When:</b> you have a file of Major TOM, Earth Index, Clay or your own embeddings on this "
            "computer.</p>"
            "<p><b>Inputs:</b> a Parquet file, or the path of a folder of them. It needs one column with lists of "
            "numbers and a place for each row: a geometry, or longitude and latitude. Which columns these are is "
            "found out; the advanced parameters help where it cannot be. An extent takes a part of a large "
            "file.</p>"
            "<p><b>Outputs:</b> the store; the number of patches, the length of the embeddings, the rows left "
            "out.</p>"
            "<p><b>Limits:</b> rows without a place, with an empty or broken vector, or outside the extent are left"
            " out and counted. All vectors must have the same length.</p>"
            "<p><b>Example:</b> one file of the Major TOM Core S2L2A SSL4EO embeddings and the extent of your "
            "region.</p>"
        )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declares inputs and outputs."""
        source = QgsProcessingParameterFile(
            SOURCE,
            self.tr("Parquet file with embeddings"),
            Qgis.ProcessingFileParameterBehavior.File,
            fileFilter=self.tr("Parquet files") + " (*.parquet *.geoparquet *.pq);;" + self.tr("All files") + " (*)",
        )
        self.addParameter(with_help(source, self.tr("A folder of Parquet files works too: write its path.")))
        area.add_extent(self)
        column = QgsProcessingParameterString(VECTOR_COLUMN, self.tr("Column with the embeddings"), optional=True)
        self.addParameter(advanced(with_help(column, self.tr("Found out by itself when left empty."))))
        crs = QgsProcessingParameterCrs(CRS, self.tr("CRS of the geometry, where the file does not say"), optional=True)
        self.addParameter(advanced(with_help(crs, self.tr("Needed only for files that are not GeoParquet."))))
        transposition = QgsProcessingParameterEnum(
            TRANSPOSITION,
            self.tr("Patches transposed within their cell"),
            list(CORRECTIONS),
            defaultValue=CORRECTIONS[0],
            usesStaticStrings=True,
        )
        text = self.tr(
            "Some published Major TOM tables have them. “auto” finds out and corrects them, “correct” corrects them in "
            "any case, “keep” leaves them as published."
        )
        self.addParameter(advanced(with_help(transposition, text)))
        most = QgsProcessingParameterNumber(
            MAX_PATCHES,
            self.tr("Largest number of patches"),
            Qgis.ProcessingNumberParameterType.Integer,
            20_000_000,
            minValue=1,
        )
        self.addParameter(advanced(with_help(most, self.tr("More are refused as a mistake; an extent helps."))))
        add_store_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raises BadInput for a file that is not there, an extent without area or a folder that cannot be used."""
        source = self.parameterAsString(parameters, SOURCE, context)
        if not _ADDRESS.match(source) and not Path(source).exists():
            raise BadInput(self.tr("There is no file “{path}”. Check the path.").format(path=source))
        area.read_area(self, parameters, context)
        check_store_folder(parameters)

    def work(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Has the file imported."""
        crs = self.parameterAsCrs(parameters, CRS, context)
        arguments = {
            "source": self.parameterAsString(parameters, SOURCE, context),
            "store": self.parameterAsString(parameters, STORE, context),
            "vector_column": self.parameterAsString(parameters, VECTOR_COLUMN, context) or None,
            "transposition": self.parameterAsEnumString(parameters, TRANSPOSITION, context),
            "max_patches": self.parameterAsInt(parameters, MAX_PATCHES, context),
            "crs": (crs.authid() or crs.toWkt()) if crs.isValid() else None,
            **area.read_area(self, parameters, context),
        }
        return store_outputs(self.ask("embeddings.import", arguments, feedback), feedback)
