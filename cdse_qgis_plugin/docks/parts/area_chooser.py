"""Choosing the area that a search is limited to: everywhere, view, drawn, layer, selected features, bookmark."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsGeometry,
    QgsMapLayer,
    QgsMapLayerProxyModel,
    QgsProject,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ...layers.areas import Area, area_of_extent, area_of_polygons
from ...layers.places import NoPlace
from . import words

EVERYWHERE, VIEW, DRAWN, LAYER, SELECTED, BOOKMARK = "everywhere", "view", "drawn", "layer", "selected", "bookmark"

_MOST_FEATURES = 5_000


class AreaChooser(QWidget):
    """A combo box with the kinds of areas, and beside it what the chosen kind needs."""

    changed = pyqtSignal()
    draw_asked = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None):
        super().__init__(parent)
        self._canvas = canvas
        self.drawn_ring: list[list[float]] = []
        self._kind = QComboBox(self)
        self._kind.setObjectName("areaKind")
        self._kind.setAccessibleName(self.tr("Area to search in"))
        self._kind.setToolTip(self.tr("Where to look for similar places"))
        for kind, text in (
            (EVERYWHERE, self.tr("Everywhere in the store")),
            (VIEW, self.tr("Map view")),
            (DRAWN, self.tr("Drawn area")),
            (LAYER, self.tr("Layer")),
            (SELECTED, self.tr("Selected features")),
            (BOOKMARK, self.tr("Bookmark")),
        ):
            self._kind.addItem(text, kind)
        self._draw = QPushButton(self.tr("Draw"), self)
        self._draw.setObjectName("drawAreaButton")
        self._draw.setToolTip(self.tr("Draw the area on the map: click its corners, right click to close it"))
        self._draw.clicked.connect(self.draw_asked)
        self._layer = QgsMapLayerComboBox(self)
        self._layer.setObjectName("areaLayer")
        self._layer.setAccessibleName(self.tr("Layer whose area is searched"))
        self._bookmark = QComboBox(self)
        self._bookmark.setObjectName("areaBookmark")
        self._bookmark.setAccessibleName(self.tr("Bookmark whose area is searched"))
        for box in (self._kind, self._layer, self._bookmark):
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._kind, 1)
        row.addWidget(self._draw)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._layer)
        column.addWidget(self._bookmark)
        self._kind.currentIndexChanged.connect(self._show_what_is_needed)
        self._layer.layerChanged.connect(lambda: self.changed.emit())
        self._bookmark.currentIndexChanged.connect(lambda: self.changed.emit())
        self._show_what_is_needed()

    @property
    def kind(self) -> str:
        """The kind that is chosen."""
        return self._kind.currentData()

    def choose(self, kind: str) -> None:
        """Chooses a kind."""
        self._kind.setCurrentIndex(max(0, self._kind.findData(kind)))

    def take_drawn(self, ring: list[list[float]]) -> None:
        """Takes an area that was drawn on the map."""
        self.drawn_ring = [list(point) for point in ring]
        self.choose(DRAWN)
        self._draw.setText(self.tr("Draw again"))
        self.changed.emit()

    def area(self) -> Area:
        """The area as fields of a request, none for everywhere; raises NoPlace with a sentence when there is none."""
        return {
            EVERYWHERE: lambda: {},
            VIEW: lambda: area_of_extent(self._canvas.extent(), self._canvas.mapSettings().destinationCrs()),
            DRAWN: self._drawn_area,
            LAYER: self._layer_area,
            SELECTED: self._selected_area,
            BOOKMARK: self._bookmark_area,
        }[self.kind]()

    def to_json(self) -> dict[str, Any]:
        """The choice, for the project."""
        layer = self._layer.currentLayer()
        return {
            "kind": self.kind,
            "drawn": self.drawn_ring,
            "layer": layer.id() if layer is not None else "",
            "bookmark": self._bookmark.currentData() or "",
        }

    def from_json(self, said: dict[str, Any]) -> None:
        """Takes a choice from the project, as far as it still makes sense."""
        self.drawn_ring = [[float(lon), float(lat)] for lon, lat in said.get("drawn") or []]
        self.choose(str(said.get("kind") or EVERYWHERE))
        layer = QgsProject.instance().mapLayer(str(said.get("layer") or ""))
        if layer is not None:
            self._layer.setLayer(layer)
        self._bookmark.setCurrentIndex(max(0, self._bookmark.findData(said.get("bookmark"))))

    # ---- inside

    def _show_what_is_needed(self) -> None:
        kind = self.kind
        self._draw.setVisible(kind == DRAWN)
        self._bookmark.setVisible(kind == BOOKMARK)
        self._layer.setVisible(kind in (LAYER, SELECTED))
        if kind in (LAYER, SELECTED):
            filters = QgsMapLayerProxyModel.Filter
            self._layer.setFilters(
                filters.PolygonLayer if kind == SELECTED else filters.SpatialLayer  # anything with an extent
            )
        if kind == BOOKMARK:
            self._fill_bookmarks()
        if kind == DRAWN and not self.drawn_ring and self.isVisible():
            self.draw_asked.emit()
        self.changed.emit()

    def _fill_bookmarks(self) -> None:
        chosen = self._bookmark.currentData()
        self._bookmark.blockSignals(True)
        self._bookmark.clear()
        for bookmark in self._bookmarks():
            name = f"{bookmark.group()} / {bookmark.name()}" if bookmark.group() else bookmark.name()
            self._bookmark.addItem(name, bookmark.id())
        self._bookmark.setCurrentIndex(max(0, self._bookmark.findData(chosen)))
        self._bookmark.blockSignals(False)

    @staticmethod
    def _bookmarks() -> list[Any]:
        return [
            *QgsProject.instance().bookmarkManager().bookmarks(),
            *QgsApplication.bookmarkManager().bookmarks(),
        ]

    def _drawn_area(self) -> Area:
        if not self.drawn_ring:
            raise NoPlace(self.tr("No area is drawn yet. Press “Draw” and click its corners on the map."))
        return {"polygon": {"type": "Polygon", "coordinates": [self.drawn_ring]}}

    def _layer_area(self) -> Area:
        layer = self._layer.currentLayer()
        if layer is None:
            raise NoPlace(self.tr("The project has no layer to take the area from. Add one or choose another area."))
        if isinstance(layer, QgsVectorLayer) and layer.geometryType() == Qgis.GeometryType.Polygon:
            return self._polygons_of(layer, layer.getFeatures(), layer.featureCount())
        return self._extent_of(layer)

    def _selected_area(self) -> Area:
        layer = self._layer.currentLayer()
        if layer is None or not layer.selectedFeatureCount():
            raise NoPlace(
                self.tr("No polygon is selected. Choose a polygon layer here and select features of it on the map.")
            )
        return self._polygons_of(layer, layer.getSelectedFeatures(), layer.selectedFeatureCount())

    def _polygons_of(self, layer: QgsVectorLayer, features: Any, count: int) -> Area:
        if count > _MOST_FEATURES:
            raise NoPlace(
                self.tr(
                    "“{layer}” has {count} polygons, more than {most} at once. Select the ones that matter and choose "
                    "“Selected features”."
                ).format(layer=layer.name(), count=words.number(count), most=words.number(_MOST_FEATURES))
            )
        shapes = [QgsGeometry(feature.geometry()) for feature in features if feature.hasGeometry()]
        return area_of_polygons(shapes, layer.crs())

    def _extent_of(self, layer: QgsMapLayer) -> Area:
        if layer.extent().isEmpty():
            raise NoPlace(self.tr("The layer “{layer}” covers no area.").format(layer=layer.name()))
        return area_of_extent(layer.extent(), layer.crs())

    def _bookmark_area(self) -> Area:
        chosen = self._bookmark.currentData()
        bookmark = next((found for found in self._bookmarks() if found.id() == chosen), None)
        if bookmark is None:
            raise NoPlace(self.tr("There is no spatial bookmark. Make one with View › New Spatial Bookmark…"))
        return area_of_extent(bookmark.extent(), bookmark.extent().crs())
