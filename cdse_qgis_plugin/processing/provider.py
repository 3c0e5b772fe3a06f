"""The provider: what the toolbox, models, batch, qgis_process and scripts see of the plugin."""

from __future__ import annotations

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..resources import icon
from .encode_image import EncodeImage
from .import_embeddings import ImportEmbeddings
from .similarity_score import SimilarityScore
from .similarity_search import SimilaritySearch
from .status import Status

ALGORITHMS = (EncodeImage, ImportEmbeddings, SimilaritySearch, SimilarityScore, Status)


class CopernicusProvider(QgsProcessingProvider):
    """The algorithms of Copernicus AI. Knows no window, so that it also works without one."""

    def id(self) -> str:
        """What algorithm ids begin with."""
        return "cdse"

    def name(self) -> str:
        """What the toolbox calls the provider."""
        return QCoreApplication.translate("CopernicusProvider", "Copernicus AI")

    def longName(self) -> str:
        """Name with more room."""
        return QCoreApplication.translate("CopernicusProvider", "Copernicus AI: embeddings and similar places")

    def icon(self) -> QIcon:
        """The plugin's icon."""
        return icon("copernicus")

    def loadAlgorithms(self) -> None:
        """Adds every algorithm."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
