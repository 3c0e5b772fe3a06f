"""Areas of the map as areas of requests: polygons or boxes in degrees, around a pole and across the antimeridian."""

from __future__ import annotations

import json
import math

from qgis.core import QgsCoordinateReferenceSystem, QgsCsException, QgsGeometry, QgsPointXY, QgsRectangle, QgsWkbTypes
from qgis.PyQt.QtCore import QCoreApplication

from .places import EDGE_POINTS, NoPlace, edge_points, near, to_lonlat, to_map, transform, wgs84, wrap

translate = QCoreApplication.translate

Area = dict
"""``{"polygon": GeoJSON}`` or ``{"bbox": [west, south, east, north]}``, in degrees."""

_PIECES = 4
"""Pieces of an edge: what is straight in one CRS is curved in another."""


def area_of_extent(extent: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> Area:
    """A map's extent as the area of a request: ``{"polygon": …}`` or, around a pole or the Earth, ``{"bbox": …}``.

    Raises NoPlace when no part of its edge is a place on Earth.
    """
    if not crs.isValid():
        to_lonlat(extent.center(), crs)
    inverse = transform(crs, wgs84())
    edge = []
    for corner in edge_points(extent):
        try:
            found = inverse.transform(corner)
        except QgsCsException:
            continue
        if math.isfinite(found.x()) and math.isfinite(found.y()):
            edge.append((found.x(), max(-90.0, min(90.0, found.y()))))
    poles = [lat for lat in (-90.0, 90.0) if _shows(extent, 0.0, lat, crs) and not crs.isGeographic()]
    if len(edge) < 2 * EDGE_POINTS:
        return {"bbox": [-180.0, -90.0, 180.0, 90.0]}  # the view is larger than the Earth
    lats = [lat for _, lat in edge] + poles
    ring = _continuous(edge)
    lons = [lon for lon, _ in ring]
    if poles or max(lons) - min(lons) >= 360:
        return {"bbox": [-180.0, min(lats), 180.0, max(lats)]}
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in ring]])
    if not shape.isGeosValid():
        return {"bbox": [wrap(min(lons)), min(lats), wrap(max(lons)), max(lats)]}
    return {"polygon": {"type": "Polygon", "coordinates": [[list(point) for point in [*ring, ring[0]]]]}}


def area_of_polygons(shapes: list[QgsGeometry], crs: QgsCoordinateReferenceSystem) -> Area:
    """Polygons in a CRS as the area of a request; raises NoPlace when nothing of them is on Earth."""
    union = QgsGeometry.unaryUnion(shapes).makeValid()
    if union.isEmpty() or union.area() <= 0:
        raise NoPlace(translate("Places", "The chosen polygons are empty, so there is nothing to search in."))
    if union.constGet().vertexCount() < 2_000:
        union = union.densifyByCount(_PIECES - 1)
    parts = [part for part in union.asGeometryCollection() if part.type() == QgsWkbTypes.GeometryType.PolygonGeometry]
    polygons = [[_ring_in_degrees(ring, crs) for ring in part.asPolygon()] for part in parts]
    for rings in polygons:
        middle = sum(lon for lon, _ in rings[0]) / len(rings[0])
        for ring in rings[1:]:
            shift = near(ring[0][0], middle) - ring[0][0]
            ring[:] = [(lon + shift, lat) for lon, lat in ring]
    shape = QgsGeometry.fromMultiPolygonXY([[[QgsPointXY(*p) for p in ring] for ring in rings] for rings in polygons])
    box = shape.boundingBox()
    if not shape.isGeosValid():  # it surrounds a pole
        if box.yMinimum() + box.yMaximum() > 0:
            return {"bbox": [-180.0, box.yMinimum(), 180.0, 90.0]}
        return {"bbox": [-180.0, -90.0, 180.0, box.yMaximum()]}
    return {"polygon": json.loads(shape.asJson(9))}


def rings_of(area: Area) -> list[list[tuple[float, float]]]:
    """The outer rings of an area, for drawing it."""
    if "bbox" in area:
        west, south, east, north = area["bbox"]
        east = east + 360 if east < west else east
        return [[(p.x(), p.y()) for p in edge_points(QgsRectangle(west, south, east, north))]]
    polygon = area["polygon"]
    if isinstance(polygon, list):
        return [polygon]
    parts = polygon["coordinates"] if polygon["type"] == "MultiPolygon" else [polygon["coordinates"]]
    return [[tuple(point[:2]) for point in rings[0]] for rings in parts]


def _ring_in_degrees(ring: list[QgsPointXY], crs: QgsCoordinateReferenceSystem) -> list[tuple[float, float]]:
    return _continuous([to_lonlat(point, crs) for point in ring])


def _continuous(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The ring with longitudes that follow each other without a jump at 180."""
    found = [ring[0]]
    for lon, lat in ring[1:]:
        found.append((near(lon, found[-1][0]), lat))
    turn = 360.0 * round(sum(lon for lon, _ in found) / len(found) / 360.0)
    return [(lon - turn, lat) for lon, lat in found]


def _shows(extent: QgsRectangle, lon: float, lat: float, crs: QgsCoordinateReferenceSystem) -> bool:
    point = to_map(lon, lat, crs)
    return point is not None and extent.contains(point)
