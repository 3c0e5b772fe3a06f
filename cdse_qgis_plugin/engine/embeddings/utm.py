"""UTM: the zone of a place with its two exceptions, and projecting many places in many zones."""

from __future__ import annotations

import functools

import numpy as np
import pyproj

from . import places

_NORTH, _SOUTH = 32600, 32700


def zone(lon, lat) -> np.ndarray:
    """UTM zone numbers of places in degrees, with the exceptions for south-western Norway and Svalbard."""
    lon, lat = np.broadcast_arrays(places.wrap(lon), lat)
    found = np.floor((lon + 180) / 6).astype(np.int64) + 1
    norway = (lat >= 56) & (lat < 64) & (lon >= 3) & (lon < 12)
    svalbard = (lat >= 72) & (lat < 84) & (lon >= 0) & (lon < 42)
    found = np.where(norway, 32, found)
    return np.where(svalbard, 31 + 2 * np.searchsorted([9.0, 21.0, 33.0], lon, side="right"), found)


def epsg(lon, lat) -> np.ndarray:
    """EPSG codes of the UTM zones of places, 326zz north of the equator and on it, 327zz south of it."""
    return zone(lon, lat) + np.where(np.asarray(lat) < 0, _SOUTH, _NORTH)


def from_lonlat(lon, lat, code) -> tuple[np.ndarray, np.ndarray]:
    """Eastings and northings in metres of places in degrees; ``code`` is the EPSG code of each one's projected CRS."""
    return _each_code(lon, lat, code, pyproj.enums.TransformDirection.FORWARD)


def to_lonlat(x, y, code) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of eastings and northings in metres; ``code`` is the EPSG code of each one's CRS."""
    return _each_code(x, y, code, pyproj.enums.TransformDirection.INVERSE)


def _each_code(x, y, code, direction) -> tuple[np.ndarray, np.ndarray]:
    x, y, code = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64), np.asarray(code, np.int64))
    found = np.full((2, *x.shape), np.nan)
    for one in np.unique(code):
        rows = code == one
        found[:, rows] = _transformer(int(one)).transform(x[rows], y[rows], direction=direction)
    found[~np.isfinite(found)] = np.nan
    return found[0], found[1]


@functools.lru_cache(maxsize=128)
def _transformer(code: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}", always_xy=True)
