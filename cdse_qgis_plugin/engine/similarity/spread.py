"""Answers spread out: of patches that overlap, only the best is kept (spatial non-maximum suppression)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import shapely

from ..embeddings import places
from ..embeddings.store import Store

OVERLAP_ALLOWED = 0.15
"""Patches that share up to this part of a side count as neighbours, not as the same place. Grids with a seam, such as
Major TOM's (6 % for 224 px patches, 11 % for 384 px), keep all their patches; half-overlapping windows do not."""


class Spread:
    """Patches kept so far, with the question whether a further one would cover ground that is already taken.

    Two patches are taken to have the same shape and orientation where they meet, as they do on any grid; so only the
    footprints of kept patches are read. ``min_distance_m`` holds between kept patches and new ones.
    """

    def __init__(self, store: Store, min_distance_m: float = 0.0):
        self._store = store
        self._min_distance_m = min_distance_m
        # Twice the median side reaches past the corner of any patch of a grid.
        self._reach_m = max(min_distance_m, 2.0 * store.manifest["patch_size_m"], 1e-3)
        self._cells: dict[tuple[int, int, int], list[tuple]] = defaultdict(list)

    def take(self, row: int, keep_away: bool = True) -> None:
        """Marks the ground of a patch as taken; without ``keep_away`` only its own ground, not the distance around."""
        lon, lat = float(self._store.lon[row]), float(self._store.lat[row])
        frame = _frame(lon, lat, self._store.footprints([row])[0])
        self._cells[self._cell(row)].append((lon, lat, frame, keep_away))

    def free(self, row: int) -> bool:
        """Whether a patch lies clear of all that is taken."""
        lon, lat = float(self._store.lon[row]), float(self._store.lat[row])
        for taken_lon, taken_lat, frame, keep_away in self._around(row):
            away = places.distance_m(taken_lon, taken_lat, lon, lat) if keep_away else np.inf
            if away < self._min_distance_m:
                return False
            x, y = places.to_tangent(taken_lon, taken_lat, lon, lat)
            if np.abs(frame @ (float(x), float(y))).max() < 1 - OVERLAP_ALLOWED:
                return False
        return True

    def _cell(self, row: int) -> tuple[int, int, int]:
        place = self._store.directions[row] * (places.EARTH_RADIUS_M / self._reach_m)
        x, y, z = np.floor(place).astype(np.int64).tolist()
        return x, y, z

    def _around(self, row: int) -> Iterator[tuple]:
        if not self._cells:
            return
        x, y, z = self._cell(row)
        for dx in (-1, 0, 1):
            for dy in (-1, 0, 1):
                for dz in (-1, 0, 1):
                    yield from self._cells.get((x + dx, y + dy, z + dz), ())


def _frame(lon: float, lat: float, footprint: shapely.Geometry) -> np.ndarray:
    """The matrix (2, 2) that turns metres east and north of a patch's centre into sides of the patch."""
    x, y = places.to_tangent(lon, lat, *shapely.get_coordinates(footprint).T)
    box = shapely.minimum_rotated_rectangle(shapely.multipoints(np.column_stack([x, y])))
    corners = shapely.get_coordinates(box)
    if len(corners) < 4:
        return np.eye(2) * 1e3  # a point covers no ground: only its own place is taken
    edges = np.column_stack([corners[1] - corners[0], corners[2] - corners[1]])
    return np.linalg.inv(edges)
