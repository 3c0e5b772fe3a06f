"""Answers spread out: of patches that overlap, only the best is kept (spatial non-maximum suppression)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import shapely

from ..embeddings import places
from ..embeddings.store import Store
from ..run import Run

OVERLAP_ALLOWED = 0.15
"""Patches that share up to this part of a side count as neighbours, not as the same place. Grids with a seam, such as
Major TOM's (6 % for 224 px patches, 11 % for 384 px), keep all their patches; half-overlapping windows do not."""

_PIECE = 256


class Spread:
    """Ground that is taken, and the question whether a further patch would cover some of it.

    Two patches are taken to have the same shape and orientation where they meet, as they do on any grid. A taken patch
    is then a linear map from the globe to its own sides, and a test costs six multiplications.
    ``min_distance_m`` holds between patches beside that.
    """

    def __init__(self, store: Store, min_distance_m: float = 0.0):
        self._store = store
        # Twice the median side reaches past the corner of any patch of a grid.
        self._reach = max(min_distance_m, 2.0 * store.manifest["patch_size_m"], 1.0) / places.EARTH_RADIUS_M
        self._nearest = (min_distance_m / places.EARTH_RADIUS_M) ** 2
        self._taken: dict[tuple[int, int, int], list[tuple]] = defaultdict(list)

    def take(self, rows: Sequence[int], keep_away: bool = True) -> None:
        """Marks the ground of patches as taken; without ``keep_away`` only their own, not the distance around them."""
        rows = np.asarray(rows, dtype=np.int64)
        if len(rows):
            centres, sides, cells = self._ground(rows)
            for centre, side, cell in zip(centres.tolist(), sides.tolist(), cells, strict=True):
                self._taken[cell].append((*side, *centre, keep_away))

    def choose(self, candidates: np.ndarray, limit: int, run: Run) -> list[int]:
        """Positions of the first ``limit`` candidate rows, in order, that are clear of what is taken; takes them."""
        chosen: list[int] = []
        piece = min(_PIECE, limit + limit // 4)
        for start in range(0, len(candidates), piece):
            run.check()
            centres, sides, cells = self._ground(candidates[start : start + piece])
            for offset, centre in enumerate(centres.tolist()):
                if self._clear(centre, cells[offset]):
                    self._taken[cells[offset]].append((*sides[offset].tolist(), *centre, True))
                    chosen.append(start + offset)
                    if len(chosen) == limit:
                        return chosen
        return chosen

    def _clear(self, centre: list[float], cell: tuple[int, int, int]) -> bool:
        x, y, z = centre
        i, j, k = cell
        for di in (-1, 0, 1):
            for dj in (-1, 0, 1):
                for dk in (-1, 0, 1):
                    for a, b, c, d, e, f, u, v, w, keep_away in self._taken.get((i + di, j + dj, k + dk), ()):
                        if max(abs(a * x + b * y + c * z), abs(d * x + e * y + f * z)) < 1 - OVERLAP_ALLOWED:
                            return False
                        if keep_away and (x - u) ** 2 + (y - v) ** 2 + (z - w) ** 2 < self._nearest:
                            return False
        return True

    def _ground(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int, int]]]:
        """Centres as unit vectors (n, 3), maps from there to sides of the patch (n, 6), and cells of the lookup."""
        centres = self._store.directions[rows]
        cells = [tuple(cell) for cell in np.floor(centres / self._reach).astype(np.int64).tolist()]
        return centres, _sides(self._store.lon[rows], self._store.lat[rows], self._store.footprints(rows)), cells


def _sides(lon: np.ndarray, lat: np.ndarray, footprints: np.ndarray) -> np.ndarray:
    """For each patch the linear map (n, 6) from a unit vector near it to sides away from its centre.

    It looks at the footprint straight from above (orthographically), which is exact enough for anything that is small
    against the Earth, and has no seam at the antimeridian or the poles.
    """
    lon_r, lat_r = np.radians(lon), np.radians(lat)
    zero = np.zeros_like(lon_r)
    east = np.stack([-np.sin(lon_r), np.cos(lon_r), zero], axis=-1)
    north = np.stack([-np.sin(lat_r) * np.cos(lon_r), -np.sin(lat_r) * np.sin(lon_r), np.cos(lat_r)], axis=-1)
    plane = np.stack([east, north], axis=1)
    corners = _quadrilaterals(footprints)
    seen = np.einsum("nij,ncj->nci", plane, places.unit_vectors(corners[..., 0], corners[..., 1]))
    edges = np.stack([seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 1]], axis=-1)
    flat = np.abs(np.linalg.det(edges)) < 1e-18  # a footprint without ground: only its own place is taken
    edges[flat] = np.eye(2) * 1e-9
    return (np.linalg.inv(edges) @ plane).reshape(len(lon), 6)


def _quadrilaterals(footprints: np.ndarray) -> np.ndarray:
    """The first three corners of each footprint, or of the smallest rectangle around one with more; (n, 3, 2)."""
    odd = shapely.get_num_coordinates(footprints) != 5
    if odd.any():
        footprints = footprints.copy()
        footprints[odd] = [_rectangle(footprint) for footprint in footprints[odd]]
    return shapely.get_coordinates(footprints).reshape(len(footprints), 5, 2)[:, :3]


def _rectangle(footprint: shapely.Geometry) -> shapely.Geometry:
    box = shapely.minimum_rotated_rectangle(footprint)
    if shapely.get_num_coordinates(box) == 5:
        return box
    point = shapely.get_coordinates(footprint)[:1]
    return shapely.polygons(np.repeat(point, 5, axis=0))
