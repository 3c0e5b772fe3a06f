"""Footprints: published outlines made fit for a store, and squares where only points are known."""

from __future__ import annotations

import numpy as np
import shapely

from . import places
from .import_crs import ToLonLat

_STRIP, _STRIPS = 40_000, 5
_LARGEST_M = 10_000.0
"""Neighbours further apart than this are a sample of places rather than a tiling; squares stay at this side."""

_ALONE_M = 320.0
"""Side of a square that has no neighbour at all to compare with."""


def outlines(geometries: np.ndarray, crs: ToLonLat) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres and footprints of polygons and multipolygons in ``crs``: lon, lat, and polygons in EPSG:4326 whose
    longitudes are continuous around the centre. NaN and None where a polygon is empty or lies nowhere on Earth.

    Centres are found in the source's own CRS, so that a patch over a pole or the antimeridian has one.
    """
    lon, lat = np.full((2, len(geometries)), np.nan)
    found = np.full(len(geometries), None, dtype=object)
    rings = shapely.get_exterior_ring(_single(geometries, crs))
    xy, index = shapely.get_coordinates(rings, return_index=True)
    if not len(xy):
        return lon, lat, found
    rows, first, index = np.unique(index, return_index=True, return_inverse=True)
    if crs.geographic:
        xy[:, 0] = places.near(xy[:, 0], xy[first, 0][index])
    ring_lon, ring_lat = crs(*xy.T)
    broken = np.zeros(len(rows), dtype=bool)
    broken[index[np.isnan(ring_lon) | ~np.isfinite(xy).all(axis=1)]] = True
    flat = _simple(shapely.polygons(shapely.linearrings(np.where(np.isfinite(xy), xy, 0), indices=index)))
    broken |= shapely.area(flat) == 0
    centre_lon, centre_lat = crs(*shapely.get_coordinates(shapely.centroid(flat)).T)
    broken |= np.isnan(centre_lon)
    centre_lon = places.wrap(centre_lon)
    ring_lon = places.near(ring_lon, centre_lon[index])
    ring = np.where(broken[index, None], 0, np.column_stack([ring_lon, ring_lat]))
    # Most sources are in degrees and far from the antimeridian: nothing has moved, and nothing is built twice.
    moved = broken.any() or not np.array_equal(ring, xy)
    polygons = _simple(shapely.polygons(shapely.linearrings(ring, indices=index))) if moved else flat
    good = ~broken & (shapely.get_type_id(polygons) == 3)
    lon[rows[good]], lat[rows[good]], found[rows[good]] = centre_lon[good], centre_lat[good], polygons[good]
    return lon, lat, found


def squares(lon: np.ndarray, lat: np.ndarray, side_m: float) -> np.ndarray:
    """Squares of ``side_m`` around points, as polygons in EPSG:4326."""
    x, y = np.array([-1, 1, 1, -1, -1]) * side_m / 2, np.array([-1, -1, 1, 1, -1]) * side_m / 2
    ring = places.from_tangent(np.asarray(lon)[:, None], np.asarray(lat)[:, None], x, y)
    return shapely.polygons(np.stack(ring, axis=-1))


def usual_spacing(lon: np.ndarray, lat: np.ndarray) -> float | None:
    """The median distance in metres from a place to its nearest other place; None with fewer than two places.

    Looks at up to five strips of 40,000 places that are neighbours in latitude, so any number of places will do.
    """
    spots = np.unique(np.round(np.column_stack([places.wrap(lon), lat]), 6), axis=0)
    if len(spots) < 2:
        return None
    spots = spots[np.argsort(spots[:, 1], kind="stable")]
    starts = np.unique(np.linspace(0, max(0, len(spots) - _STRIP), _STRIPS).astype(int))
    distances = [_nearest(spots[start : start + _STRIP]) for start in (starts if len(spots) > _STRIP else [0])]
    return float(np.median(np.concatenate(distances)))


def side_of_squares(lon: np.ndarray, lat: np.ndarray) -> tuple[float, str]:
    """The side in metres of squares around points, and how it was found, as a sentence."""
    spacing = usual_spacing(lon, lat)
    if spacing is None:
        return _ALONE_M, f"a side of {_ALONE_M:.0f} m was assumed, since there is no neighbour to measure to"
    if spacing > _LARGEST_M:
        return _LARGEST_M, f"neighbours are {spacing / 1000:,.0f} km apart, so the squares are kept at 10 km"
    return max(spacing, 1.0), "that is the usual distance to the nearest neighbour"


def _nearest(spots: np.ndarray) -> np.ndarray:
    """Distances in metres from every place to the nearest other one."""
    # Straight lines between unit vectors order like distances on the globe, but STRtree is flat: scale longitudes.
    middle = np.radians(np.median(spots[:, 1]))
    flat = np.column_stack([spots[:, 0] * max(np.cos(middle), 0.01), spots[:, 1]])
    tree = shapely.STRtree(shapely.points(flat))
    sample = np.linspace(0, len(spots) - 1, min(len(spots), 4000)).astype(int)
    sample = np.unique(sample)
    own, other = tree.query_nearest(shapely.points(flat[sample]), exclusive=True, all_matches=False)
    a, b = spots[sample[own]], spots[other]
    # exclusive leaves out equal geometries, and every place is here once
    half = np.radians(b - a) / 2
    h = np.sin(half[:, 1]) ** 2 + np.cos(np.radians(a[:, 1])) * np.cos(np.radians(b[:, 1])) * np.sin(half[:, 0]) ** 2
    return 2 * places.EARTH_RADIUS_M * np.arcsin(np.minimum(1, np.sqrt(h)))


def _single(geometries: np.ndarray, crs: ToLonLat) -> np.ndarray:
    """Multipolygons as one polygon each: the only part, the parts joined, or what wraps around them."""
    geometries = shapely.force_2d(geometries)
    for row in np.flatnonzero(shapely.get_type_id(geometries) == 6):
        parts = shapely.get_parts(geometries[row])
        if len(parts) > 1 and crs.geographic:  # parts on both sides of the antimeridian belong side by side
            start = shapely.get_coordinates(parts)[0, 0]
            parts = shapely.transform(parts, lambda xy, start=start: _beside(xy, start))
        joined = parts[0] if len(parts) == 1 else shapely.union_all(parts) if len(parts) else None
        if joined is not None and joined.geom_type != "Polygon":
            joined = shapely.convex_hull(joined)
        geometries[row] = joined
    return geometries


def _simple(polygons: np.ndarray) -> np.ndarray:
    """The same polygons, but hulls for those that cross themselves."""
    twisted = ~shapely.is_valid(polygons)
    polygons[twisted] = shapely.convex_hull(polygons[twisted])
    return polygons


def _beside(xy: np.ndarray, start: float) -> np.ndarray:
    return np.column_stack([places.near(xy[:, 0], start), xy[:, 1]])
