"""The dialog that makes a store from an embedding file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem
from qgis.gui import QgsFileWidget, QgsMapCanvas, QgsProjectionSelectionWidget
from qgis.PyQt.QtWidgets import QCheckBox, QLineEdit, QWidget

from ...layers.areas import area_of_extent
from ...layers.places import NoPlace
from .store_dialog import StoreDialog


class ImportStoreDialog(StoreDialog):
    """Asks for the file, and for what a file may not say about itself."""

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("importStoreDialog")
        self.setWindowTitle(self.tr("Store from an embedding file"))
        self._canvas = canvas
        self._source = QgsFileWidget(self)
        self._source.setObjectName("embeddingFile")
        self._source.setFilter(self.tr("GeoParquet and Parquet files (*.parquet *.geoparquet *.pq);;All files (*)"))
        self._source.setToolTip(
            self.tr("Major TOM, Earth Index, Clay, or any table with a vector and a place in each row")
        )
        self._view_only = QCheckBox(self.tr("Only what lies in the map view"), self)
        self._view_only.setObjectName("onlyMapView")
        self._column = QLineEdit(self)
        self._column.setObjectName("vectorColumn")
        self._column.setPlaceholderText(self.tr("found by itself"))
        self._column.setToolTip(self.tr("Name of the column with the vectors, where there are several"))
        self._crs = QgsProjectionSelectionWidget(self)
        self._crs.setObjectName("embeddingCrs")
        self._crs.setOptionVisible(QgsProjectionSelectionWidget.CrsOption.CrsNotSet, True)
        self._crs.setNotSetText(self.tr("as the file says"))
        self._crs.setCrs(QgsCoordinateReferenceSystem())
        self._crs.setToolTip(self.tr("CRS of the places, where the file does not say"))
        self.add_row(self.tr("&File"), self._source)
        self.add_row(self.tr("Area"), self._view_only)
        self.add_row(self.tr("&Vectors"), self._column)
        self.add_row(self.tr("&CRS"), self._crs)
        self.add_place_rows()
        self._source.fileChanged.connect(self._file_changed)
        self._view_only.toggled.connect(lambda _: self._tell())
        self._tell()
        self._source.lineEdit().setFocus()

    def choose_file(self, path: str) -> None:
        """Chooses the file."""
        self._source.setFilePath(path)

    def arguments(self) -> dict[str, Any]:
        """The request of ``embeddings.import``."""
        asked: dict[str, Any] = {"source": self._source.filePath().strip(), "store": self.store_path()}
        if self._column.text().strip():
            asked["vector_column"] = self._column.text().strip()
        if self._crs.crs().isValid():
            asked["crs"] = self._crs.crs().authid()
        if self._view_only.isChecked():
            asked.update(self._view())
        return asked

    def _view(self) -> dict[str, Any]:
        return area_of_extent(self._canvas.extent(), self._canvas.mapSettings().destinationCrs())

    def _file_changed(self, path: str) -> None:
        if path:
            self.suggest_name(Path(path).stem)
        self._tell()

    def _tell(self) -> None:
        source = self._source.filePath().strip()
        if not source:
            self.stop(self.tr("Choose a Parquet file with embeddings."))
            return
        if not Path(source).exists():
            self.stop(self.tr("There is no file of this name."))
            return
        if self._view_only.isChecked():
            try:
                self._view()
            except NoPlace as sentence:
                self.stop(str(sentence))
                return
        self.go(self.tr("The file itself stays as it is."))
