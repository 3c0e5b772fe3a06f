"""Places on the globe, in numpy: distances, tangent planes, longitude ranges, also at the antimeridian and the poles.

All longitudes and latitudes are degrees, EPSG:4326. Distances use a sphere of the mean Earth radius: at the size of a
patch the error against the ellipsoid is below 0.5 %, which does not change which patch holds a point.
"""

from __future__ import annotations

import numpy as np

EARTH_RADIUS_M = 6_371_008.8


def wrap(lon):
    """Longitudes brought to [-180, 180)."""
    wrapped = (np.asarray(lon, dtype=np.float64) + 180.0) % 360.0 - 180.0
    return wrapped - 360.0 * (wrapped >= 180.0)  # a hair west of -180, the remainder rounds to a whole turn


def unit_vectors(lon, lat) -> np.ndarray:
    """Points as unit vectors, shape (n, 3); their dot product orders by distance everywhere on Earth."""
    lon, lat = np.radians(np.atleast_1d(lon)), np.radians(np.atleast_1d(lat))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def distance_m(lon0: float, lat0: float, lon, lat) -> np.ndarray:
    """Great-circle distances in metres from one point to many, by the haversine formula."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    half_lat = np.radians(lat - lat0) / 2
    half_lon = np.radians(lon - lon0) / 2
    a = np.sin(half_lat) ** 2 + np.cos(np.radians(lat0)) * np.cos(np.radians(lat)) * np.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a)))


def to_tangent(lon0: float, lat0: float, lon, lat) -> tuple[np.ndarray, np.ndarray]:
    """Points as metres east and north of (lon0, lat0), azimuthal equidistant: straight and true near its centre,
    also at a pole and across the antimeridian."""
    lon, lat = np.radians(np.asarray(lon, dtype=np.float64)), np.radians(np.asarray(lat, dtype=np.float64))
    lon0, lat0 = np.radians(lon0), np.radians(lat0)
    east = np.cos(lat) * np.sin(lon - lon0)
    north = np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0)
    up = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    across = np.hypot(east, north)
    angle = np.arctan2(across, up)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(across > 0, angle / across, 1.0) * EARTH_RADIUS_M
    return east * scale, north * scale


def from_tangent(lon0: float, lat0: float, x, y) -> tuple[np.ndarray, np.ndarray]:
    """The inverse of to_tangent; longitudes are continuous around lon0, so they may pass 180."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    angle = np.hypot(x, y) / EARTH_RADIUS_M
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(angle > 0, np.sin(angle) / np.where(angle > 0, angle, 1), 1.0) / EARTH_RADIUS_M
    sin0, cos0 = np.sin(np.radians(lat0)), np.cos(np.radians(lat0))
    lat = np.arcsin(np.clip(np.cos(angle) * sin0 + y * share * cos0, -1, 1))
    lon = np.arctan2(x * share, np.cos(angle) * cos0 - y * share * sin0)
    return lon0 + np.degrees(lon), np.degrees(lat)


def near(lon, lon0) -> np.ndarray:
    """Longitudes moved by whole turns to lie within 180 degrees of lon0."""
    return np.asarray(lon0) + wrap(np.asarray(lon, dtype=np.float64) - np.asarray(lon0))


def lon_range(lon: np.ndarray) -> tuple[float, float]:
    """The narrowest range (west, east) that holds all longitudes; west > east where it crosses the antimeridian."""
    ordered = np.unique(wrap(lon))
    if len(ordered) == 1:
        return float(ordered[0]), float(ordered[0])
    gaps = np.diff(np.append(ordered, ordered[0] + 360))
    widest = int(np.argmax(gaps))
    return float(ordered[(widest + 1) % len(ordered)]), float(ordered[widest])


def in_bbox(lon: np.ndarray, lat: np.ndarray, bbox) -> np.ndarray:
    """Which points lie in [west, south, east, north]; west > east means across the antimeridian."""
    west, south, east, north = bbox
    inside = (lat >= south) & (lat <= north)
    if east - west >= 360:
        return inside
    # An eastern edge at 180 becomes -180: then the box reaches across the seam to it and holds both spellings.
    west, east, lon = float(wrap(west)), float(wrap(east)), wrap(lon)
    return inside & ((lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east))


def boxes_meet(one, other) -> bool:
    """Whether two boxes [west, south, east, north] touch; each may cross the antimeridian or run past 180."""
    (west, south, east, north), (west2, south2, east2, north2) = one, other
    if south > north2 or south2 > north:
        return False
    width, width2 = (e - w if e >= w else (e - w) % 360 for w, e in ((west, east), (west2, east2)))
    rounding = 1e-9
    return (west2 - west) % 360 <= width + rounding or (west - west2) % 360 <= width2 + rounding
