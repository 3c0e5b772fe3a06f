"""Areas of interest from the toolbox: an extent or polygons in any CRS, as the engine wants them."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    Qgis,
    QgsFeatureSource,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..layers.areas import area_of_extent, area_of_polygons
from ..layers.places import wgs84
from .base import BadInput, with_help

translate = QCoreApplication.translate

EXTENT = "EXTENT"
AREA = "AREA"


def add_extent(algorithm: QgsProcessingAlgorithm) -> None:
    """Adds the parameter for a rectangle."""
    definition = QgsProcessingParameterExtent(EXTENT, translate("Area", "Only inside this extent"), optional=True)
    algorithm.addParameter(
        with_help(
            definition, translate("Area", "Patches whose centre lies outside are left out. Everything by default.")
        )
    )


def add_polygons(algorithm: QgsProcessingAlgorithm) -> None:
    """Adds the parameter for a polygon layer."""
    definition = QgsProcessingParameterFeatureSource(
        AREA, translate("Area", "Only inside these polygons"), [Qgis.ProcessingSourceType.VectorPolygon], optional=True
    )
    text = translate(
        "Area", "Patches whose centre lies outside every polygon (of the selected ones, where some are) are left out."
    )
    algorithm.addParameter(with_help(definition, text))


def read_area(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any]:
    """The area as arguments of a request: ``bbox``, ``polygon`` or nothing; raises BadInput or NoPlace."""
    extent = _extent(algorithm, parameters, context)
    polygons = algorithm.parameterAsSource(parameters, AREA, context) if parameters.get(AREA) else None
    if extent and polygons:
        raise BadInput(
            translate(
                "Area", "Both an extent and polygons were given, so the area is not clear. Leave one of them empty."
            )
        )
    return _of_polygons(polygons) if polygons else extent


def _extent(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any]:
    if not parameters.get(EXTENT):
        return {}
    box = algorithm.parameterAsExtent(parameters, EXTENT, context)
    crs = algorithm.parameterAsExtentCrs(parameters, EXTENT, context)
    if box.isEmpty():
        raise BadInput(translate("Area", "The extent is empty. Draw one with an area, or leave it out."))
    return area_of_extent(box, crs if crs.isValid() else wgs84())


def _of_polygons(source: QgsFeatureSource) -> dict[str, Any]:
    if not source.sourceCrs().isValid():
        raise BadInput(
            translate("Area", "“{name}” has no coordinate reference system. Assign one to it, then try again.").format(
                name=source.sourceName()
            )
        )
    shapes = []
    for feature in source.getFeatures():
        shape = feature.geometry()
        if shape.isEmpty():
            continue
        if not shape.isGeosValid():
            raise BadInput(
                translate(
                    "Area",
                    "The polygon with id {id} of “{name}” crosses itself or is otherwise broken ({why}). "
                    "Draw it again, or run “Fix geometries” on the layer.",
                ).format(id=feature.id(), name=source.sourceName(), why=shape.lastError() or _first_fault(shape))
            )
        shapes.append(shape)
    if not shapes:
        raise BadInput(
            translate("Area", "“{name}” holds no polygon, so no place could be inside. Choose another layer.").format(
                name=source.sourceName()
            )
        )
    return area_of_polygons(shapes, source.sourceCrs())


def _first_fault(shape: QgsGeometry) -> str:
    faults = shape.validateGeometry(Qgis.GeometryValidationEngine.Geos)
    return faults[0].what() if faults else ""
