"""Areas of interest: a bounding box that may cross the antimeridian, and a polygon that must make sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
import shapely.geometry
from pydantic import Field, field_validator

from .embeddings import places
from .operations import Request

BBox = tuple[float, float, float, float]
LonLat = tuple[float, float]


def check_bbox(bbox: BBox) -> BBox:
    """A box [west, south, east, north] in degrees; raises ValueError with a sentence when it cannot be one."""
    west, south, east, north = bbox
    if (
        not all(np.isfinite(bbox))
        or not -90 <= south <= north <= 90
        or not (-360 <= west <= 360 and -360 <= east <= 360)
    ):
        raise ValueError(
            f"The box {list(bbox)} is not [west, south, east, north] in degrees; "
            "west may exceed east only to cross the antimeridian"
        )
    return bbox


def check_lonlat(point: LonLat) -> LonLat:
    """A point [lon, lat] in degrees with its longitude brought to [-180, 180); raises ValueError with a sentence."""
    lon, lat = point
    if not (np.isfinite(lon) and np.isfinite(lat) and abs(lat) <= 90 and abs(lon) <= 540):
        raise ValueError(f"The point {list(point)} is not [longitude, latitude] in degrees")
    return float(places.wrap(lon)), float(lat)


def parse_polygon(value: Any) -> shapely.Geometry:
    """A polygon or multipolygon from a GeoJSON geometry, a Feature, or a ring [[lon, lat], …].

    Raises ValueError with a sentence when it is empty, crosses itself or is something else.
    """
    try:
        if isinstance(value, dict):
            value = value.get("geometry", value)
            polygon = shapely.geometry.shape(value)
        else:
            rings = value if value and isinstance(value[0][0], (list, tuple)) else [value]
            polygon = shapely.Polygon(rings[0], rings[1:])
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError):
        raise ValueError("The polygon is not a GeoJSON polygon or a ring of [lon, lat] points") from None
    if polygon.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"The area is a {polygon.geom_type}; a polygon is needed")
    if polygon.is_empty:
        raise ValueError("The polygon is empty; draw one with an area")
    if not polygon.is_valid:
        why = shapely.is_valid_reason(polygon)
        raise ValueError(f"The polygon crosses itself or is otherwise broken ({why}); draw it again or repair it")
    if polygon.area == 0:
        raise ValueError("The polygon is empty: it has no area; draw one that has")
    west, south, east, north = polygon.bounds
    if south < -90 or north > 90 or west < -540 or east > 540:
        raise ValueError("The polygon is not in degrees (EPSG:4326), longitude first and latitude second")
    return polygon


def inside(polygon: shapely.Geometry, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Which points lie in a polygon whose longitudes may run past 180."""
    shapely.prepare(polygon)
    middle = (polygon.bounds[0] + polygon.bounds[2]) / 2
    return shapely.intersects_xy(polygon, places.near(lon, middle), lat)


class AreaRequest(Request):
    """Base of requests that can be limited to an area."""

    bbox: BBox | None = Field(
        None, description="[west, south, east, north] in degrees; west > east crosses the antimeridian"
    )
    polygon: Any | None = Field(None, description="GeoJSON polygon or a ring [[lon, lat], …], EPSG:4326")

    @field_validator("bbox")
    @classmethod
    def _bbox(cls, bbox: BBox | None) -> BBox | None:
        return None if bbox is None else check_bbox(bbox)

    @field_validator("polygon")
    @classmethod
    def _polygon(cls, polygon: Any) -> Any:
        if polygon is not None:
            parse_polygon(polygon)
        return polygon

    def within(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Which points lie in the area; all of them when none was given."""
        found = np.ones(len(lon), dtype=bool)
        if self.bbox is not None:
            found &= places.in_bbox(lon, lat, self.bbox)
        if self.polygon is not None:
            rows = np.flatnonzero(found)
            found[rows] = inside(parse_polygon(self.polygon), lon[rows], lat[rows])
        return found

    def may_hold(self, box: BBox) -> bool:
        """Whether something in a box [west, south, east, north] could lie in the area."""
        areas = [] if self.bbox is None else [self.bbox]
        if self.polygon is not None:
            areas.append(parse_polygon(self.polygon).bounds)
        return all(places.boxes_meet(box, area) for area in areas)
