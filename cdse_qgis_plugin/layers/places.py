"""Places on the map: between a map's coordinates and degrees, footprints in any CRS, also across the antimeridian.

The engine speaks EPSG:4326 and gives footprints as rings whose longitudes are continuous, so that they may run past
180. QGIS wraps longitudes when it transforms, which tears such a ring; here it is cut in two instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

translate = QCoreApplication.translate

LonLat = Sequence[float]
Ring = Sequence[LonLat]

EDGE_POINTS = 16
"""Points on each side of a map view when it is put into degrees: straight there is curved here."""

EARTH_RADIUS_M = 6_371_008.8


class NoPlace(Exception):
    """A point of the map that is no place on Earth; says so in a sentence."""


def wgs84() -> QgsCoordinateReferenceSystem:
    """EPSG:4326, in which all positions are exchanged with the engine."""
    return QgsCoordinateReferenceSystem("EPSG:4326")


def transform(source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem) -> QgsCoordinateTransform:
    """The transformation between two CRSs that the user chose for this project, or the best there is."""
    return QgsCoordinateTransform(source, target, QgsProject.instance().transformContext())


def to_lonlat(point: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> tuple[float, float]:
    """A point of a map as longitude in [-180, 180) and latitude in degrees; raises NoPlace."""
    if not crs.isValid():
        raise NoPlace(
            translate(
                "Places",
                "The map has no coordinate reference system, so we cannot tell which place on Earth you mean. "
                "Choose one in the project's properties, under CRS.",
            )
        )
    try:
        found = transform(crs, wgs84()).transform(point)
    except QgsCsException:
        found = None
    if found is None or not (math.isfinite(found.x()) and math.isfinite(found.y()) and abs(found.y()) <= 90):
        raise NoPlace(
            translate(
                "Places",
                "This point of the map is no place on Earth in the map's projection ({crs}). Click closer to the data.",
            ).format(crs=crs.userFriendlyIdentifier())
        )
    return wrap(found.x()), found.y()


def to_map(lon: float, lat: float, crs: QgsCoordinateReferenceSystem) -> QgsPointXY | None:
    """A place as a point of a map, or None where the map's projection does not show it."""
    try:
        point = transform(wgs84(), crs).transform(QgsPointXY(wrap(lon), lat))
    except QgsCsException:
        return None
    return point if math.isfinite(point.x()) and math.isfinite(point.y()) else None


def polygon(ring: Ring) -> QgsGeometry:
    """A ring of the engine as a geometry in EPSG:4326, longitudes in [-180, 180]: two parts where it crosses 180."""
    if len(ring) < 3:
        return QgsGeometry()
    middle = wrap(sum(lon for lon, _ in ring) / len(ring))
    whole = QgsGeometry.fromPolygonXY([[QgsPointXY(near(lon, middle), lat) for lon, lat in ring]])
    box = whole.boundingBox()
    if box.xMinimum() >= -180 and box.xMaximum() <= 180:
        return whole
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        part = whole.intersection(QgsGeometry.fromRect(QgsRectangle(-180 - turn, -90, 180 - turn, 90)))
        if not part.isEmpty():
            part.translate(turn, 0)
            parts.append(part)
    return QgsGeometry.collectGeometry(parts)


def footprint_on_map(ring: Ring, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    """A ring of the engine as a geometry of a map: whole where the map's projection shows it so, else in two parts.

    Null where the projection does not show it.
    """
    in_parts = polygon(ring)
    halves = _transformed(in_parts, crs)
    if not in_parts.isMultipart() or in_parts.constGet().numGeometries() < 2:
        return halves
    whole = _transformed(QgsGeometry.fromPolygonXY([[QgsPointXY(wrap(lon), lat) for lon, lat in ring]]), crs)
    if whole.isNull() or halves.isNull():
        return halves if whole.isNull() else whole
    # In UTM or a polar projection the two halves lie side by side; elsewhere the whole would span the map.
    across = sum(_longer_side(part.boundingBox()) for part in halves.asGeometryCollection())
    return whole if _longer_side(whole.boundingBox()) <= 1.5 * across else halves


def extent_on_map(rings: Iterable[Ring], crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """The extent of the footprints that a map shows; null when there is none.

    Of a footprint in two parts the larger one counts, so that zooming to it does not show the whole Earth.
    """
    extent = QgsRectangle()
    extent.setNull()
    for ring in rings:
        shape = footprint_on_map(ring, crs)
        if shape.isNull():
            continue
        boxes = [part.boundingBox() for part in shape.asGeometryCollection()]
        extent.combineExtentWith(max(boxes, key=_longer_side))
    return extent


def bbox_on_map(bbox: Sequence[float], crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """A box [west, south, east, north], where west > east crosses the antimeridian, as an extent of a map.

    Of a box that the map's projection shows in two parts, it is the larger part.
    """
    west, south, east, north = bbox
    east = east + 360 if east < west else east
    south, north = _shown_latitudes(south, north, crs)
    halves = [_box_extent(lons, south, north, crs) for lons in _cut_at_180(west, east)]
    whole = QgsRectangle()
    whole.setNull()
    for half in halves:
        whole.combineExtentWith(half)
    if len(halves) == 2 and _longer_side(whole) > 1.5 * sum(_longer_side(half) for half in halves):
        return max(halves, key=_longer_side)
    return whole


def metres_between(a: LonLat, b: LonLat) -> float:
    """Great-circle distance of two places in metres."""
    lon0, lat0, lon1, lat1 = (math.radians(value) for value in (*a, *b))
    h = math.sin((lat1 - lat0) / 2) ** 2 + math.cos(lat0) * math.cos(lat1) * math.sin((lon1 - lon0) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def wrap(lon: float) -> float:
    """A longitude brought to [-180, 180)."""
    return lon if -180 <= lon < 180 else (lon + 180.0) % 360.0 - 180.0


def near(lon: float, middle: float) -> float:
    """A longitude moved by whole turns to lie within 180 degrees of another."""
    return lon - 360.0 * round((lon - middle) / 360.0)


def _transformed(shape: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
    moved = QgsGeometry(shape)
    try:
        moved.transform(transform(wgs84(), crs))
    except QgsCsException:
        return QgsGeometry()
    box = moved.boundingBox()
    return moved if all(map(math.isfinite, (box.width(), box.height()))) else QgsGeometry()


def _cut_at_180(west: float, east: float) -> list[tuple[float, float]]:
    return [(west, 180.0), (-180.0, east - 360.0)] if west < 180 < east else [(west, east)]


def _shown_latitudes(south: float, north: float, crs: QgsCoordinateReferenceSystem) -> tuple[float, float]:
    """The latitudes that the CRS is meant for: Mercator puts the poles out of sight, though not at infinity."""
    meant = crs.bounds()
    if meant.isEmpty() or meant.yMaximum() <= south or meant.yMinimum() >= north:
        return south, north
    return max(south, meant.yMinimum()), min(north, meant.yMaximum())


def _box_extent(lons: tuple[float, float], south: float, north: float, crs: QgsCoordinateReferenceSystem):
    extent = QgsRectangle()
    extent.setNull()
    forward = transform(wgs84(), crs)
    for corner in [
        *edge_points(QgsRectangle(lons[0], south, lons[1], north)),
        QgsPointXY(sum(lons) / 2, (south + north) / 2),
    ]:
        try:
            point = forward.transform(corner)
        except QgsCsException:
            continue
        if math.isfinite(point.x()) and math.isfinite(point.y()):
            extent.combineExtentWith(point)
    return extent


def edge_points(extent: QgsRectangle) -> list[QgsPointXY]:
    """Points along the edge of a rectangle, anticlockwise from its lower left corner."""
    west, south, width, height = extent.xMinimum(), extent.yMinimum(), extent.width(), extent.height()
    steps = [i / EDGE_POINTS for i in range(EDGE_POINTS)]
    sides = (
        [(step, 0.0) for step in steps],
        [(1.0, step) for step in steps],
        [(1 - step, 1.0) for step in steps],
        [(0.0, 1 - step) for step in steps],
    )
    return [QgsPointXY(west + x * width, south + y * height) for side in sides for x, y in side]


def _longer_side(box: QgsRectangle) -> float:
    return max(box.width(), box.height())
