"""The cells of the Major TOM grid whose patches may lie in an area, from the closed form alone."""

from __future__ import annotations

import math

import numpy as np

from ...area import AreaRequest, parse_polygon
from .. import grid, patch_layout, utm

_MARGIN_DEG = 0.02
"""How far outside its cell a patch may lie: pictures are square in UTM, turned against the grid by up to 12 degrees."""

_TOLERANCE_DEG = 0.001
"""How exactly the place of a patch is known beforehand, about 100 m."""

_KM_A_DEGREE, _OVERLAP_KM, _IRREGULAR_FROM = 111.3, 150, 55
"""How far the products of a zone reach into the next, and from which latitude on zones are not all alike."""

_EXACT = 20_000
"""Cells up to which each is looked at; more than that, and the few too many at the edge do not matter."""

_MOST = 6_000_000
_PIXELS = {5: 224, 3: 384, 1: 1068}
"""Sides of patches by how many lie along a side of a cell."""

_KEY = 10_000


class Cells:
    """Some cells of the grid, by row and column, int64."""

    def __init__(self, row: np.ndarray, column: np.ndarray):
        self.row, self.column = row, column
        self._keys = _key(row, column)

    def __len__(self) -> int:
        return len(self.row)

    def hold(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Which cells given by row and column (float64, NaN where missing) are among these."""
        return np.isin(_key(row, column), self._keys)

    def within(self, box: tuple[float, float, float, float]) -> np.ndarray:
        """Which cells lie in [first column, first row, last column, last row]."""
        west, south, east, north = box
        return (self.row >= south) & (self.row <= north) & (self.column >= west) & (self.column <= east)


def cells_around(request: AreaRequest) -> Cells | None:
    """All cells that may have patches in the area of a request, however they are cut; None when it has no area."""
    boxes = [] if request.bbox is None else [request.bbox]
    if request.polygon is not None:
        boxes.append(parse_polygon(request.polygon).bounds)
    if not boxes:
        return None
    row, column = grid.cells_in(_grown(boxes[0]), _MOST)
    for box in boxes[1:]:
        both = Cells(*grid.cells_in(_grown(box), _MOST)).hold(row, column)
        row, column = row[both], column[both]
    return Cells(row, column)


def cells_with_patches(request: AreaRequest, around: Cells, side: int) -> tuple[Cells, int]:
    """Those of the cells around an area that have patches in it, and about how many patches lie there.

    ``side`` is how many patches lie along a side of a cell. Where they lie follows from the cell and the UTM zone of
    its picture, which is that of the cell or, near its edge, the next one.
    """
    if side not in _PIXELS or len(around) > _EXACT:
        return around, len(around) * side * side
    inside, near = _patches_inside(request, around.row, around.column, side)
    return Cells(around.row[near], around.column[near]), int(inside.sum())


def side_of(counts: np.ndarray) -> int:
    """How many patches lie along a side of a cell, from how many patches cells have; 0 where that is unclear."""
    side = math.isqrt(int(counts.max(initial=0)))
    return side if side in _PIXELS and side * side == counts.max() else 0


def count_by_cell(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """How many patches every cell has that occurs."""
    return np.unique(_key(row, column), return_counts=True)[1]


def _patches_inside(
    request: AreaRequest, row: np.ndarray, column: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """How many patches of each cell lie in the area, and which cells have one there or nearly so."""
    lon, lat = grid.corners(row, column)
    own = utm.epsg(lon, lat)
    inside, near = _counted(request, row, column, own, side)
    for step in (-1, 1):
        some = np.flatnonzero(_may_be_in_next_zone(lon, lat, own % 100, step))
        code = own[some] - own[some] % 100 + (own[some] % 100 - 1 + step) % 60 + 1
        near[some] |= _counted(request, row[some], column[some], code, side)[1]
    return inside, near


def _counted(
    request: AreaRequest, row: np.ndarray, column: np.ndarray, code: np.ndarray, side: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same for pictures in given CRS."""
    x, y = _centres(row, column, code, side)
    inside = request.within(x.ravel(), y.ravel()).reshape(x.shape).sum(axis=1)
    near = inside > 0
    aside = _TOLERANCE_DEG / np.maximum(np.cos(np.radians(y)), 0.01)
    for east, north in ((-1, -1), (1, 1), (-1, 1), (1, -1)):
        moved = (x + east * aside).ravel(), np.clip(y + north * _TOLERANCE_DEG, -90, 90).ravel()
        near |= request.within(*moved).reshape(x.shape).any(axis=1)
    return inside, near


def _may_be_in_next_zone(lon: np.ndarray, lat: np.ndarray, zone: np.ndarray, step: int) -> np.ndarray:
    """Which cells lie so near to the next zone that their picture may be from a product in that one.

    Where zones are not six degrees wide, all of them.
    """
    edge = (zone - 1) * 6 - 180 + 6 * (step > 0)
    away = (lon - edge) * -step * np.cos(np.radians(lat)) * _KM_A_DEGREE
    return (away < _OVERLAP_KM) | (lat >= _IRREGULAR_FROM)


def _centres(row: np.ndarray, column: np.ndarray, code: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of the centres of all patches of cells, float64 (n, side²)."""
    cut = patch_layout.layout(_PIXELS[side])
    left, top, code = patch_layout.pictures(row, column, code)
    across, down = np.meshgrid(np.arange(cut.side), np.arange(cut.side))
    boxes = patch_layout.patch_boxes(left[:, None], top[:, None], cut, down.ravel(), across.ravel())
    x, y = (boxes[..., 0] + boxes[..., 2]) / 2, (boxes[..., 1] + boxes[..., 3]) / 2
    return utm.to_lonlat(x, y, code[:, None])


def _grown(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A box with a margin around it."""
    west, south, east, north = box
    width = east - west if east >= west else (east - west) % 360
    furthest = min(89.0, max(abs(south), abs(north)) + _MARGIN_DEG)
    aside = _MARGIN_DEG / math.cos(math.radians(furthest))
    if width + 2 * aside >= 360:
        west, east = -180.0, 180.0
    else:
        west, east = west - aside, west + width + aside
    return west, max(-90.0, south - _MARGIN_DEG), east, min(90.0, north + _MARGIN_DEG)


def _key(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.asarray(row) * _KEY + np.asarray(column)
