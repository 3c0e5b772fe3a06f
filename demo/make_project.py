"""Makes the demo project, in QGIS's own Python: the image in natural colours, the store remembered, the view set.

/usr/bin/python3 demo/make_project.py PROJECT STORE [IMAGE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)


def main(project_path: str, store: str, image: str = "") -> int:
    """Writes the project file."""
    application = QgsApplication([], False)
    application.initQgis()
    from cdse_qgis_plugin.docks.parts.project_state import remember_store
    from cdse_qgis_plugin.layers.imagery import style_imagery

    project = QgsProject.instance()
    if image:
        layer = QgsRasterLayer(image, Path(image).stem)
        if not layer.isValid():
            print(f"QGIS cannot open {image}.", file=sys.stderr)
            return 1
        style_imagery(layer)
        project.setCrs(layer.crs())
        project.addMapLayer(layer)
        view = QgsReferencedRectangle(layer.extent(), layer.crs())
    else:
        west, south, east, north = json.loads((Path(store) / "manifest.json").read_text(encoding="utf-8"))["bbox"]
        wgs84, mercator = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:3857")
        box = QgsRectangle(west, south, east if east >= west else east + 360, north)
        project.setCrs(mercator)
        transform = QgsCoordinateTransform(wgs84, mercator, project)
        view = QgsReferencedRectangle(transform.transformBoundingBox(box), mercator)
    view.scale(1.05)
    project.viewSettings().setDefaultViewExtent(view)
    remember_store(project, store)
    written = project.write(project_path)
    project.clear()
    application.exitQgis()
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
