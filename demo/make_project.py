"""Makes the demo project, in QGIS's own Python: the backdrop, the store remembered, the view set.

    /usr/bin/python3 demo/make_project.py PROJECT STORE BACKDROP

The backdrop is the image in natural colours or, for a store without one, its patches on QGIS's own world map.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFillSymbol,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsReferencedRectangle,
    QgsVectorLayer,
)

from cdse_qgis_plugin.docks.parts.project_state import remember_store
from cdse_qgis_plugin.layers.backdrop import world_map
from cdse_qgis_plugin.layers.imagery import style_imagery


def main(project_path: str, store: str, backdrop: str) -> int:
    """Writes the project file."""
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    layer = _patches(backdrop) if Path(backdrop).suffix == ".gpkg" else _image(backdrop)
    if not layer.isValid():
        print(f"QGIS cannot open {backdrop}.", file=sys.stderr)
        return 1
    if isinstance(layer, QgsRasterLayer):
        project.setCrs(layer.crs())
        project.addMapLayer(layer)
    else:
        project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
        project.addMapLayers([each for each in (world_map(), layer) if each])
    transform = QgsCoordinateTransform(layer.crs(), project.crs(), project)
    view = QgsReferencedRectangle(transform.transformBoundingBox(layer.extent()), project.crs())
    view.scale(1.05)
    project.viewSettings().setDefaultViewExtent(view)
    remember_store(project, store)
    written = project.write(project_path)
    project.clear()
    application.exitQgis()
    return 0 if written else 1


def _image(path: str) -> QgsMapLayer:
    layer = QgsRasterLayer(path, Path(path).stem)
    if layer.isValid():
        style_imagery(layer)
    return layer


def _patches(path: str) -> QgsMapLayer:
    layer = QgsVectorLayer(path, Path(path).stem, "ogr")
    outline = {"style": "no", "outline_color": "60,60,60,150", "outline_width": "0.2"}
    layer.renderer().setSymbol(QgsFillSymbol.createSimple(outline))
    return layer


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
