"""Where the patches of an image lie: their pixels, the order they are worked through, and their places on Earth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import affine
import numpy as np
import pyproj

from ..errors import EngineError
from . import places
from .encoders import PatchBlock
from .encoders.pooling import MOST_CELLS

_BLOCK_PX = 512
"""Side of what is read and encoded at a time: small enough for a quick cancel, large enough to keep overheads down."""

_MOST_PATCHES = 20_000_000


@dataclass(frozen=True)
class PatchGrid:
    """Patches of ``patch`` px side every ``stride`` px in an image of ``height`` x ``width`` px."""

    height: int
    width: int
    patch: int
    stride: int

    @property
    def rows(self) -> int:
        """Number of rows of patches."""
        return max(0, (self.height - self.patch) // self.stride + 1)

    @property
    def cols(self) -> int:
        """Number of columns of patches."""
        return max(0, (self.width - self.patch) // self.stride + 1)

    def check(self) -> None:
        """Raises EngineError ``image_too_small`` or ``too_many_patches``."""
        if not self.rows or not self.cols:
            raise EngineError(
                "image_too_small",
                f"The image has {self.width} × {self.height} pixels, too few for one patch of "
                f"{self.patch} × {self.patch}.",
                "Choose a smaller patch, or a larger image.",
            )
        count = self.rows * self.cols
        if count > _MOST_PATCHES:
            enough = int(np.ceil(self.stride * np.sqrt(count / _MOST_PATCHES)))
            raise EngineError(
                "too_many_patches",
                f"A patch every {self.stride} px makes {count:,} patches of this image; "
                f"more than {_MOST_PATCHES:,} cannot be handled.",
                f"Choose a stride of {enough} px or more, or cut the image to the area you need.",
            )

    def blocks(self) -> Iterator[PatchBlock]:
        """The patches in blocks, row of blocks by row of blocks, every second one backwards: neighbours stay near."""
        side = self.block_side
        for number, row in enumerate(range(0, self.rows, side)):
            starts = range(0, self.cols, side)
            for col in starts if number % 2 == 0 else reversed(starts):
                yield self.block(row, col, min(side, self.rows - row), min(side, self.cols - col))

    @property
    def block_side(self) -> int:
        """How many patches are worked on together along each side."""
        return max(1, min(_BLOCK_PX, MOST_CELLS * math.gcd(self.patch, self.stride) - self.patch) // self.stride)

    def block(self, row: int, col: int, rows: int, cols: int) -> PatchBlock:
        """The block of ``rows`` x ``cols`` patches from patch (``row``, ``col``) on."""
        return PatchBlock(row * self.stride, col * self.stride, rows, cols, self.patch, self.stride)

    def corners(self, block: PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """Pixel row and column of the upper-left corner of each of a block's patches, in row order."""
        rows = block.row + np.arange(block.rows) * self.stride
        cols = block.col + np.arange(block.cols) * self.stride
        return np.repeat(rows, block.cols), np.tile(cols, block.rows)


class Footprints:
    """Places of patches on Earth, exact at every corner."""

    def __init__(self, grid: PatchGrid, transform: affine.Affine, crs: str):
        self._grid = grid
        self._transform = transform
        try:
            self._to_lonlat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        except pyproj.exceptions.ProjError as error:
            raise EngineError(
                "no_crs",
                "The image's coordinate reference system cannot be turned into longitude and latitude.",
                "Warp the image to a known one (Raster › Projections › Warp in QGIS), then try again.",
                str(error),
            ) from error
        # Corners are visited counter-clockwise as seen on a map, whichever way the image's axes point.
        clockwise = transform.determinant > 0
        self._corners = ((0, 0), (0, 1), (1, 1), (1, 0)) if clockwise else ((0, 0), (1, 0), (1, 1), (0, 1))

    def of(self, block: PatchBlock) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Centres (lon, lat) of a block's patches in row order, and their rings (n, 5, 2) with longitudes continuous
        around the centre. Where the CRS has no place for a corner, the centre is NaN."""
        grid = self._grid
        rows = block.row + np.arange(block.rows) * grid.stride
        cols = block.col + np.arange(block.cols) * grid.stride
        # Overlapping patches share corners, so each place is computed once.
        ys, xs = np.unique([rows, rows + grid.patch]), np.unique([cols, cols + grid.patch])
        lon, lat = self._lattice(ys, xs)
        y, x = (np.searchsorted(ys, [rows, rows + grid.patch]), np.searchsorted(xs, [cols, cols + grid.patch]))
        half = grid.patch / 2
        centre_lon, centre_lat = self._centres(rows + half, cols + half, ys, xs, lon, lat)
        centre_lon = places.wrap(centre_lon)
        rings = np.empty((block.rows, block.cols, 5, 2))
        for number, (down, right) in enumerate(self._corners):
            at = np.ix_(y[down], x[right])
            rings[:, :, number, 0] = places.near(lon[at], centre_lon)
            rings[:, :, number, 1] = np.clip(lat[at], -90, 90)
        rings[:, :, 4] = rings[:, :, 0]
        rings = rings.reshape(-1, 5, 2)
        lost = ~np.isfinite(rings).all(axis=(1, 2)) | ~(np.abs(centre_lat.ravel()) <= 90)
        lon, lat = centre_lon.ravel(), centre_lat.ravel()
        return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat), rings

    def _centres(self, rows, cols, ys, xs, lon, lat) -> tuple[np.ndarray, np.ndarray]:
        """Places of the centres, taken from the corners where the two coincide."""
        y, x = np.searchsorted(ys, rows), np.searchsorted(xs, cols)
        if (ys[np.minimum(y, len(ys) - 1)] == rows).all() and (xs[np.minimum(x, len(xs) - 1)] == cols).all():
            return lon[np.ix_(y, x)], lat[np.ix_(y, x)]
        return self._lattice(rows, cols)

    def _lattice(self, ys: np.ndarray, xs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Longitudes and latitudes of every crossing of pixel rows ``ys`` and columns ``xs``; NaN where none."""
        t = self._transform
        easting = t.c + t.a * xs[None, :] + t.b * ys[:, None]
        northing = t.f + t.d * xs[None, :] + t.e * ys[:, None]
        lon, lat = self._to_lonlat.transform(easting.ravel(), northing.ravel())
        lost = ~(np.isfinite(lon) & np.isfinite(lat))
        lon, lat = np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)
        return lon.reshape(easting.shape), lat.reshape(easting.shape)


def polygons_wkb(rings: np.ndarray) -> np.ndarray:
    """Rings (n, 5, 2) as little-endian WKB polygons, uint8 (n, 93)."""
    record = np.dtype([("order", "u1"), ("kind", "<u4"), ("rings", "<u4"), ("points", "<u4"), ("ring", "<f8", (5, 2))])
    out = np.zeros(len(rings), dtype=record)
    out["order"], out["kind"], out["rings"], out["points"], out["ring"] = 1, 3, 1, 5, rings
    return out.view(np.uint8).reshape(len(rings), record.itemsize)
