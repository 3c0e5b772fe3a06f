"""Where rows of a Major TOM table are said to lie: which patch of which cell, and its box in UTM."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from . import grid, patch_layout, utm
from .import_places import Places

CELL, CELL_ROW, CELL_COLUMN = "grid_cell", "grid_row_u", "grid_col_r"
PIXELS, FOOTPRINT, CRS = "pixel_bbox", "utm_footprint", "utm_crs"
_SLACK = 0.1
"""Share of the step between patches by which a box may miss the place of a patch; published boxes are exact."""


@dataclass(frozen=True)
class Declared:
    """Places of n rows as declared, or as corrected.

    ``cell`` (n, 2) is the row and column of the cell; ``pixel`` (n, 2) how many pixels right of and below the corner of
    the cell's picture the patch begins; ``size`` (n,) its side in pixels; ``boxes`` (n, 4) [xmin, ymin, xmax, ymax] in
    metres in the CRS with the EPSG number ``code`` (n,). ``known`` tells which rows say all that.
    """

    cell: np.ndarray
    pixel: np.ndarray
    size: np.ndarray
    boxes: np.ndarray
    code: np.ndarray
    known: np.ndarray

    def transposed(self) -> Declared:
        """The same rows with the row and the column of every patch in its cell exchanged.

        A box moves by as many metres north as east, since the pixel of its corner swaps x and y.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            pixel_m = (self.boxes[:, 2] - self.boxes[:, 0]) / self.size
        step = (self.pixel[:, 1] - self.pixel[:, 0]) * pixel_m
        return replace(self, pixel=self.pixel[:, ::-1], boxes=self.boxes + np.where(self.known, step, 0)[:, None])

    @property
    def moved(self) -> np.ndarray:
        """Which rows transposing moves: those off the diagonal of their cell."""
        return self.known & (self.pixel[:, 0] != self.pixel[:, 1])

    def take(self, rows: np.ndarray) -> Declared:
        """Some of the rows."""
        return Declared(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def none(cls) -> Declared:
        """No rows at all."""
        pairs, numbers = np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=np.int64)
        return cls(pairs, pairs, numbers, np.empty((0, 4)), numbers, np.empty(0, dtype=bool))

    @classmethod
    def joined(cls, parts: list[Declared]) -> Declared:
        """The rows of several, one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Longitudes and latitudes of the centres of the boxes."""
        return utm.to_lonlat(self.boxes[:, [0, 2]].mean(axis=1), self.boxes[:, [1, 3]].mean(axis=1), self.code)


def cell_columns(schema: pa.Schema) -> list[str]:
    """The columns that say the cell of a row; empty when there are none."""
    names = set(schema.names)
    return [CELL_ROW, CELL_COLUMN] if {CELL_ROW, CELL_COLUMN} <= names else [CELL] if CELL in names else []


def columns_in(schema: pa.Schema) -> list[str]:
    """The columns of a table that read() wants; empty when the table does not say the cells of its rows."""
    cell = cell_columns(schema)
    return [*cell, *(name for name in (PIXELS, FOOTPRINT, CRS) if name in schema.names)] if cell else []


def read(batch: pa.RecordBatch, found: Callable[[], Places]) -> Declared:
    """The declared places of a batch; ``found`` gives the centres and footprints of its rows in degrees, if need be.

    The box comes from the footprint in UTM, else from that in degrees, else from the centre. Which patch it is follows
    from the box and the closed form of the grid, else from the pixels that the row names.
    """
    cell, known = cells_of(batch)
    lon, lat = grid.corners(*cell.T)
    code = _codes(batch, utm.epsg(lon, lat))
    named = _pixels(batch)
    boxes = _boxes(batch, found, code, named)
    known &= np.isfinite(boxes).all(axis=1)
    boxes = np.where(known[:, None], boxes, 0)
    side = boxes[:, 2] - boxes[:, 0]
    said = named[:, 2] > named[:, 0]
    size = np.where(said, named[:, 2] - named[:, 0], np.rint(side / patch_layout.PIXEL_M)).astype(np.int64)
    known &= (size > 0) & (size <= patch_layout.PICTURE_PX)
    pixel, fits = _pixels_of_boxes(cell, code, boxes, np.where(known, size, patch_layout.PICTURE_PX))
    from_row, fits_row = _snapped(named[:, :2], np.where(known, size, patch_layout.PICTURE_PX))
    pixel = np.where(fits[:, None], pixel, from_row)
    return Declared(cell, pixel, size, boxes, code, known & (fits | (fits_row & said)))


def cells_of(batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells (n, 2), and which rows say one of the grid."""
    names = batch.schema.names
    if CELL_ROW in names and CELL_COLUMN in names:
        cell = np.stack([_floats(batch.column(name)) for name in (CELL_ROW, CELL_COLUMN)], axis=1)
        known = np.isfinite(cell).all(axis=1) & grid.in_grid(np.nan_to_num(cell[:, 0], nan=1e6))
        return np.where(known[:, None], cell, 0).astype(np.int64), known
    coded = batch.column(CELL).cast(pa.string()).dictionary_encode()
    row, column, known = grid.parse_all(coded.dictionary.to_pylist())
    at = coded.indices.to_numpy(zero_copy_only=False)
    missing = np.asarray(coded.is_null())
    at = np.where(missing, 0, at).astype(np.int64)
    if not len(row):
        return np.zeros((len(at), 2), dtype=np.int64), np.zeros(len(at), dtype=bool)
    return np.stack([row[at], column[at]], axis=1), known[at] & ~missing


def _codes(batch: pa.RecordBatch, usual: np.ndarray) -> np.ndarray:
    """EPSG codes of the boxes: what the rows say, else the zone of the cell."""
    if CRS not in batch.schema.names:
        return usual
    coded = batch.column(CRS).cast(pa.string()).dictionary_encode()
    codes = np.array([_epsg(text) for text in coded.dictionary.to_pylist()] + [0], dtype=np.int64)
    at = coded.indices.to_numpy(zero_copy_only=False)
    said = codes[np.where(np.asarray(coded.is_null()), len(codes) - 1, at).astype(np.int64)]
    return np.where(said > 0, said, usual)


@functools.lru_cache(maxsize=256)
def _epsg(text: str | None) -> int:
    """The EPSG code of a projected CRS given as text, or 0."""
    try:
        crs = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        return 0
    return (crs.to_epsg() or 0) if crs.is_projected else 0


def _pixels(batch: pa.RecordBatch) -> np.ndarray:
    """The boxes of the patches in pixels as the rows name them, int64 (n, 4); 0 where they do not."""
    named = np.zeros((batch.num_rows, 4), dtype=np.int64)
    if PIXELS not in batch.schema.names:
        return named
    column = batch.column(PIXELS)
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
            or pa.types.is_fixed_size_list(column.type)):  # fmt: skip
        return named
    good = np.flatnonzero(np.asarray(column.is_valid()))
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False))
    good = good[lengths[good] == 4]
    values = _floats(column.take(pa.array(good)).flatten()).reshape(-1, 4)
    named[good] = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, 0).astype(np.int64)
    return named


def _boxes(batch: pa.RecordBatch, find: Callable[[], Places], code: np.ndarray, named: np.ndarray) -> np.ndarray:
    """Boxes in metres (n, 4); NaN where a row says nothing of the kind."""
    boxes = np.full((batch.num_rows, 4), np.nan)
    if FOOTPRINT in batch.schema.names:
        texts = batch.column(FOOTPRINT).cast(pa.string()).to_numpy(zero_copy_only=False)
        boxes = shapely.bounds(shapely.from_wkt(texts, on_invalid="ignore"))
    if not np.isnan(boxes[:, 0]).any():
        return boxes
    found = find()
    rest = np.flatnonzero(np.isnan(boxes[:, 0]) & ~shapely.is_missing(found.footprints))
    if len(rest):
        boxes[rest] = _projected(found.footprints[rest], code[rest])
    rest = np.flatnonzero(np.isnan(boxes[:, 0]) & np.isfinite(found.lon) & (named[:, 2] > named[:, 0]))
    if len(rest):
        x, y = utm.from_lonlat(found.lon[rest], found.lat[rest], code[rest])
        half = (named[rest, 2] - named[rest, 0]) * patch_layout.PIXEL_M / 2
        boxes[rest] = np.stack([x - half, y - half, x + half, y + half], axis=1)
    return boxes


def _projected(footprints: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Bounds in metres of footprints in degrees."""
    lonlat, index = shapely.get_coordinates(footprints, return_index=True)
    x, y = utm.from_lonlat(*lonlat.T, code[index])
    starts = np.concatenate([[0], np.flatnonzero(np.diff(index)) + 1])
    edges = [np.minimum.reduceat(axis, starts) for axis in (x, y)] + [np.maximum.reduceat(a, starts) for a in (x, y)]
    boxes = np.full((len(footprints), 4), np.nan)
    boxes[index[starts]] = np.stack(edges, axis=1)
    return boxes


def _pixels_of_boxes(cell, code, boxes, size) -> tuple[np.ndarray, np.ndarray]:
    """How many pixels right of and below the corner of the cell's picture boxes begin, by the closed form."""
    unique, where = np.unique(np.column_stack([cell, code]), axis=0, return_inverse=True)
    left, top, _ = patch_layout.pictures(*unique.T)
    where = where.reshape(-1)
    pixel = np.column_stack([boxes[:, 0] - left[where], top[where] - boxes[:, 3]]) / patch_layout.PIXEL_M
    return _snapped(pixel, size)


def _snapped(pixel: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels brought to where a patch of that size begins, int64 (n, 2), and which were near one."""
    snapped = np.zeros(pixel.shape, dtype=np.int64)
    fits = np.zeros(len(pixel), dtype=bool)
    for one in np.unique(size):
        rows = np.flatnonzero(size == one)
        cut = patch_layout.layout(int(one))
        offsets = np.array(cut.offsets)
        nearest = np.abs(pixel[rows, :, None] - offsets).argmin(axis=2)
        snapped[rows] = offsets[nearest]
        fits[rows] = (np.abs(pixel[rows] - snapped[rows]) <= _SLACK * cut.stride).all(axis=1)
    return snapped, fits


def _floats(column: pa.Array) -> np.ndarray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
