"""Something to click on where the project has nothing to show."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication, QgsFillSymbol, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication

from .imagery import style_imagery

translate = QCoreApplication.translate


def world_map() -> QgsVectorLayer | None:
    """The countries of the world as QGIS brings them along, or None where it does not."""
    path = Path(QgsApplication.pkgDataPath()) / "resources" / "data" / "world_map.gpkg"
    if not path.is_file():
        return None
    layer = QgsVectorLayer(f"{path}|layername=countries", translate("Layers", "World"), "ogr")
    if not layer.isValid():
        return None
    layer.renderer().setSymbol(QgsFillSymbol.createSimple({"color": "#f2efe6", "outline_color": "#b5b0a2"}))
    return layer


def show_image(path: str, name: str = "") -> QgsRasterLayer | None:
    """The layer of an image in the project, added in natural colours when it is not there yet; None if unreadable."""
    for layer in QgsProject.instance().mapLayers().values():
        if isinstance(layer, QgsRasterLayer) and Path(layer.source()) == Path(path):
            return layer
    layer = QgsRasterLayer(path, name or Path(path).stem)
    if not layer.isValid():
        return None
    style_imagery(layer)
    QgsProject.instance().addMapLayer(layer)
    return layer
