"""Where Major TOM's patches lie: the picture of a cell in UTM, and how it is cut.

The picture of a cell is a square of 1068 pixels of 10 m in the UTM zone of its satellite product. It begins 340 m west
and south of the cell's south-western corner and is cut into equal patches that overlap by about a tenth. A patch has a
row, counted from the north, and a column, counted from the west.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely

from . import grid, places, utm

PICTURE_PX, PIXEL_M, MARGIN_M = 1068, 10, 340
PICTURE_M = PICTURE_PX * PIXEL_M
_OVERLAP = 0.1


@dataclass(frozen=True)
class Layout:
    """How a picture is cut: the side of a patch in pixels, and where patches begin along either axis."""

    patch_px: int
    offsets: tuple[int, ...]

    @property
    def side(self) -> int:
        """Patches along a side of the cell."""
        return len(self.offsets)

    @property
    def stride(self) -> int:
        """Pixels from one patch to the next; the size of the picture where there is only one."""
        return self.offsets[1] - self.offsets[0] if self.side > 1 else PICTURE_PX


def layout(patch_px: int) -> Layout:
    """The layout for patches of so many pixels: 5 x 5 for 224, 3 x 3 for 384; raises ValueError beyond the picture."""
    if not 1 <= patch_px <= PICTURE_PX:
        raise ValueError(f"A patch has 1 to {PICTURE_PX} pixels a side, not {patch_px}")
    if patch_px == PICTURE_PX:
        return Layout(patch_px, (0,))
    room = PICTURE_PX - patch_px
    steps = max(1, round(room / (patch_px * (1 - _OVERLAP))))
    stride = patch_px - math.ceil(patch_px - room / steps)
    return Layout(patch_px, (*(step * stride for step in range(steps)), room))


def pictures(row, column, code=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and top edges in metres of the pictures of cells, and the EPSG codes they are in: the product's own where
    ``code`` gives it, else the zone of the cell's corner."""
    lon, lat = grid.corners(row, column)
    code = utm.epsg(lon, lat) if code is None else np.asarray(code)
    x, y = utm.from_lonlat(lon, lat, code)
    return x - MARGIN_M, y - MARGIN_M + PICTURE_M, np.broadcast_to(code, x.shape)


def patch_boxes(left, top, cut: Layout, patch_row, patch_column) -> np.ndarray:
    """Patches of pictures as [xmin, ymin, xmax, ymax] in metres, float64 (..., 4)."""
    offsets, side = np.array(cut.offsets) * PIXEL_M, cut.patch_px * PIXEL_M
    x, y = np.broadcast_arrays(left + offsets[patch_column], top - offsets[patch_row])
    return np.stack([x, y - side, x + side, y], axis=-1)


def footprints(boxes: np.ndarray, code) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boxes (n, 4) in metres in the CRS of each, on the globe: longitudes and latitudes of their centres and polygons
    in EPSG:4326 whose longitudes are continuous around the centre.

    A centre is the centroid of the polygon in degrees, as in the published files. Boxes that lie nowhere give NaN and
    None.
    """
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    code = np.broadcast_to(code, len(boxes))
    x, y = boxes[:, [2, 2, 0, 0, 2]], boxes[:, [3, 1, 1, 3, 3]]
    lon, lat = utm.to_lonlat(x, y, code[:, None])
    lon = places.near(lon, lon[:, :1])
    known = np.isfinite(lon).all(axis=1) & np.isfinite(lat).all(axis=1)
    centre = np.full((2, len(boxes)), np.nan)
    found = np.full(len(boxes), None, dtype=object)
    if known.any():
        polygons = shapely.polygons(np.stack([lon[known], lat[known]], axis=-1))
        centre[:, known] = shapely.get_coordinates(shapely.centroid(polygons)).T
        turn = places.wrap(centre[0, known]) - centre[0, known]
        turned = np.abs(turn) > 180  # the rest is the last bit
        if turned.any():
            ring = np.stack([lon[known][turned] + turn[turned, None], lat[known][turned]], axis=-1)
            polygons[turned] = shapely.polygons(ring)
            centre[0, np.flatnonzero(known)[turned]] += turn[turned]
        found[known] = polygons
    return centre[0], centre[1], found
