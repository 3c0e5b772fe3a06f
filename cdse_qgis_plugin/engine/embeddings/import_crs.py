"""Coordinates of a source brought to longitude and latitude, with a look at whether that can be right."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pyproj
import shapely

from ..errors import EngineError
from . import places

_MARGIN = 0.02
"""Degrees around boxes from statistics; also about what a stated centre may differ from that of an outline."""

_DEGREES_AROUND = 10
"""How far outside its area of use coordinates of a CRS may lie before they are taken for those of another."""


class ToLonLat:
    """From the CRS of a source to longitude and latitude on WGS 84. ``name`` is for people."""

    def __init__(self, crs: pyproj.CRS):
        self.crs = crs
        self.name = ":".join(crs.to_authority() or ()) or crs.name
        wgs84 = pyproj.CRS("OGC:CRS84")
        self._same = crs.equals(wgs84, ignore_axis_order=True)
        self._transformer = None if self._same else pyproj.Transformer.from_crs(crs, wgs84, always_xy=True)

    @property
    def geographic(self) -> bool:
        """Whether the source is in degrees."""
        return self.crs.is_geographic

    def __call__(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longitudes and latitudes; NaN where the coordinates are impossible."""
        if self._same:
            lon, lat = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
        else:
            lon, lat = self._transformer.transform(x, y)
        bad = ~(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90.000001) & (np.abs(lon) <= 540))
        lon, lat = np.where(bad, np.nan, lon), np.where(bad, np.nan, np.clip(lat, -90, 90))
        return lon, lat

    def box(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float] | None:
        """A box of the source as a somewhat larger [west, south, east, north]; None when it cannot be one.

        Larger, since edges bend between the corners and single precision rounds them, and a box that is too small
        would lose patches.
        """
        if box[0] > box[2] or box[1] > box[3]:
            return None
        if not self._same:
            box = self._transformer.transform_bounds(*box)
        west, south, east, north = map(float, box)
        if not np.isfinite(box).all():
            return None
        aside, up = (_MARGIN + (0 if self._same else 0.01 * size) for size in ((east - west) % 360, north - south))
        return west - aside, max(-90.0, south - up), east + aside, min(90.0, north + up)


def read_crs(value: Any, what: str) -> pyproj.CRS:
    """A CRS from a code, WKT or PROJJSON; raises EngineError ``unknown_crs``."""
    try:
        return _parse(value if isinstance(value, str) else _hashable(value))
    except pyproj.exceptions.CRSError as error:
        raise EngineError(
            "unknown_crs",
            f"The CRS “{str(value)[:80]}” {what} is not known.",
            "Give crs as an EPSG code such as EPSG:4326 or EPSG:32631.",
            str(error)[:1000],
        ) from None


def check_plausible(crs: ToLonLat, x: np.ndarray, y: np.ndarray, name: str) -> None:
    """Raises EngineError ``wrong_crs`` when the coordinates of a piece of ``name`` cannot be in this CRS."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return
    x, y = x[known], y[known]
    shown = f"{x[0]:.6g}, {y[0]:.6g}"
    if not crs.geographic and in_degrees(x, y):
        raise EngineError(
            "wrong_crs",
            f"The coordinates of “{name}” look like degrees ({shown}), but their CRS is {crs.name}.",
            "Give crs as EPSG:4326 if they are longitude and latitude.",
        )
    lon, lat = crs(x, y)
    if np.isnan(lon).mean() > 0.5:
        swapped = crs.geographic and in_degrees(y, x)
        meaning = "they may be in the order latitude, longitude" if swapped else "they lie nowhere on Earth"
        raise EngineError(
            "wrong_crs",
            f"The coordinates of “{name}” ({shown}) are impossible in {crs.name}: {meaning}.",
            "Give the CRS the coordinates are in as crs, such as EPSG:32631 or EPSG:3857."
            if not swapped
            else "Swap them where the file was made.",
        )
    if not crs.geographic and not _near_area_of_use(crs.crs, lon, lat):
        raise EngineError(
            "wrong_crs",
            f"In {crs.name} the patches of “{name}” would lie near latitude {np.nanmedian(lat):.1f}, longitude "
            f"{np.nanmedian(lon):.1f}, far outside the area that CRS is made for ({crs.crs.area_of_use.name[:80]}).",
            "Give the CRS the coordinates are in as crs.",
        )


def _near_area_of_use(crs: pyproj.CRS, lon: np.ndarray, lat: np.ndarray) -> bool:
    """Whether any of the points lies in or around the area a CRS is made for."""
    use = crs.area_of_use
    if use is None:
        return True
    half = ((use.east - use.west) % 360 or 360) / 2
    aside = np.abs(places.wrap(lon - use.west - half))
    near = (aside <= half + _DEGREES_AROUND) & (lat > use.south - _DEGREES_AROUND) & (lat < use.north + _DEGREES_AROUND)
    return bool(near.any())


def in_degrees(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether all coordinates could be longitude and latitude."""
    return bool((np.abs(x) <= 360).all() and (np.abs(y) <= 90).all())


def srid(geometries: np.ndarray) -> int:
    """The CRS code that extended WKB carries, or 0."""
    return next((int(code) for code in shapely.get_srid(geometries) if code > 0), 0)


@functools.lru_cache(maxsize=64)
def _parse(value: str) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(value)


def _hashable(value: Any) -> str:
    return json.dumps(value)
