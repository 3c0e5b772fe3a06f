"""The dialog that makes a store from an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayerProxyModel, QgsProject, QgsProviderRegistry, QgsRasterLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QToolButton,
    QWidget,
)

from . import words
from .store_dialog import StoreDialog

_PATCH, _LEAST_PATCH, _MOST_PATCH = 16, 4, 4096


class MakeStoreDialog(StoreDialog):
    """Asks for the image, its bands, the size of a patch, the encoder, and the folder of the store."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("makeStoreDialog")
        self.setWindowTitle(self.tr("Store from an image"))
        self._layer = QgsMapLayerComboBox(self)
        self._layer.setObjectName("imageLayer")
        self._layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self._layer.setExcludedProviders(
            [name for name in QgsProviderRegistry.instance().providerList() if name != "gdal"]
        )
        self._layer.setToolTip(self.tr("A raster of the project, or a file that GDAL reads"))
        browse = QToolButton(self)
        browse.setText("…")
        browse.setToolTip(self.tr("Choose a file"))
        browse.setAccessibleName(self.tr("Choose an image file"))
        browse.clicked.connect(self._browse)
        image = QHBoxLayout()
        image.addWidget(self._layer, 1)
        image.addWidget(browse)
        self._bands = QListWidget(self)
        self._bands.setObjectName("imageBands")
        self._bands.setToolTip(self.tr("Bands to look at; leave out masks and classes"))
        self._bands.setFixedHeight(92)
        self._patch = self._pixels("patchSize", _LEAST_PATCH, _MOST_PATCH, _PATCH)
        self._patch.setToolTip(self.tr("Side of what one click takes; a little smaller than what you look for is best"))
        self._stride = self._pixels("patchStride", 1, _MOST_PATCH, _PATCH // 2)
        self._stride.setToolTip(self.tr("From one patch to the next; half a patch finds places well"))
        self._encoder = QComboBox(self)
        self._encoder.setObjectName("encoder")
        self._encoder.addItem(self.tr("default: texture and colour"), "default")
        self._encoder.addItem(self.tr("statistics: mean and spread of each band"), "statistics")
        self._encoder.setToolTip(self.tr("What describes a patch by numbers; “statistics” is a plain baseline"))
        self.add_row(self.tr("&Image"), image, self._layer)
        QWidget.setTabOrder(self._layer, browse)
        self._last_field = browse
        self.add_row(self.tr("&Bands"), self._bands)
        self.add_row(self.tr("&Patch"), self._patch)
        self.add_row(self.tr("&Step"), self._stride)
        self.add_row(self.tr("&Encoder"), self._encoder)
        self.add_place_rows()
        self._layer.layerChanged.connect(lambda _: self._image_changed())
        self._patch.valueChanged.connect(self._patch_changed)
        self._stride.valueChanged.connect(lambda _: self._tell())
        self._bands.itemChanged.connect(lambda _: self._tell())
        self._image_changed()
        self._layer.setFocus()

    def arguments(self) -> dict[str, Any]:
        """The request of ``embeddings.encode_image``."""
        asked = {
            "image": self._source(),
            "store": self.store_path(),
            "patch": self._patch.value(),
            "stride": self._stride.value(),
            "encoder": self._encoder.currentData(),
        }
        bands = self._chosen_bands()
        if len(bands) < self._bands.count():
            asked["bands"] = bands
        return asked

    def choose_file(self, path: str) -> None:
        """Offers a file beside the layers of the project, and chooses it."""
        self._layer.setAdditionalItems([path])
        self._layer.setCurrentIndex(self._layer.count() - 1)
        self._image_changed()

    # ---- inside

    def _pixels(self, name: str, least: int, most: int, value: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setObjectName(name)
        box.setRange(least, most)
        box.setValue(value)
        box.setSuffix(self.tr(" pixels"))
        return box

    def _browse(self) -> None:
        filters = QgsProviderRegistry.instance().fileRasterFilters()
        start = QgsProject.instance().homePath() or str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Image"), start, filters)
        if path:
            self.choose_file(path)

    def _source(self) -> str:
        layer = self._layer.currentLayer()
        if layer is not None:
            return layer.dataProvider().dataSourceUri()
        items = self._layer.additionalItems()
        return items[0] if items and self._layer.currentIndex() == self._layer.count() - 1 else ""

    def _image(self) -> QgsRasterLayer | None:
        layer = self._layer.currentLayer()
        if layer is None and self._source():
            layer = QgsRasterLayer(self._source(), "image", "gdal")
        return layer if layer is not None and layer.isValid() else None

    def _image_changed(self) -> None:
        image = self._image()
        self._size = (image.width(), image.height()) if image else (0, 0)
        self._pixel_m = self._pixel_metres(image)
        self._bands.clear()
        for number in range(1, image.bandCount() + 1) if image else ():
            item = QListWidgetItem(image.bandName(number))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self._bands.addItem(item)
        if self._source():
            self.suggest_name(Path(self._source().split("|")[0]).stem)
        self._tell()

    def _patch_changed(self, patch: int) -> None:
        self._stride.setValue(max(1, patch // 2))
        self._tell()

    def _chosen_bands(self) -> list[int]:
        return [n + 1 for n in range(self._bands.count()) if self._bands.item(n).checkState() == Qt.CheckState.Checked]

    def _tell(self) -> None:
        """Says what will be made, or what is missing."""
        width, height = self._size
        patch, stride = self._patch.value(), self._stride.value()
        across, down = ((side - patch) // stride + 1 if side >= patch else 0 for side in (width, height))
        if not self._source():
            self.stop(self.tr("Choose an image: a raster layer of the project or a file."))
        elif not width:
            self.stop(self.tr("QGIS cannot open this image. Choose another file."))
        elif not self._chosen_bands():
            self.stop(self.tr("Tick at least one band."))
        elif not across * down:
            self.stop(
                self.tr("The image has {width} × {height} pixels, less than one patch. Choose a smaller patch.").format(
                    width=width, height=height
                )
            )
        else:
            size = self.tr(" of {size}").format(size=words.distance(patch * self._pixel_m)) if self._pixel_m else ""
            self.go(self.tr("About {count} places{size}.").format(count=words.number(across * down), size=size))

    @staticmethod
    def _pixel_metres(image: QgsRasterLayer | None) -> float:
        if image is None or not image.crs().isValid():
            return 0.0
        units = image.rasterUnitsPerPixelX()
        return units * (111_320.0 if image.crs().isGeographic() else 1.0)


__all__ = ["MakeStoreDialog", "QDialog"]
