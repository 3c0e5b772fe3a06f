"""Which rows of a source to look at for the seam test: whole cells with their neighbours, as few as will do."""

from __future__ import annotations

import contextlib
from typing import Protocol

import numpy as np
import pyarrow as pa
from scipy import spatial

from ..area import AreaRequest, parse_polygon
from ..run import Run
from . import declared_places, grid, places
from .declared_places import Declared
from .import_places import PlaceReader
from .import_vectors import Vectors
from .parquet_source import SourceFile

_BYTES = 64 << 20
"""Room for the vectors of a sample."""

_MOST_CELLS, _LEAST_CELLS = 500, 36
_SPOTS = 4
"""Places of a source to look at, since one may be all sea or ice."""

_MOST_FILES = 3
_BATCH = 1 << 16
_VECTOR_BATCH_BYTES = 8 << 20


class Piece(Protocol):
    """A file of a source, and how to read it."""

    file: SourceFile
    vectors: Vectors
    places: PlaceReader


def sample(pieces: list[Piece], request: AreaRequest, dim: int, run: Run) -> tuple[Declared, np.ndarray]:
    """Declared places and vectors (n, dim) of the rows of some cells.

    They are those nearest to the area, also beyond it, since the set is what is tested and not the area; without an
    area, those around a few spots. Of many files a few are looked at, and of files elsewhere only what comes with the
    area at no cost.
    """
    looked = _files(pieces, request)
    with contextlib.ExitStack() as stack:
        for piece in looked:
            run.progress(None, "Looking which cells of the grid there are")
            stack.enter_context(piece.file.with_beside(_columns(piece)))
        rows = [_cells_of(piece, run) for piece in looked]
        chosen = _chosen(np.unique(np.concatenate([cell for cell, _ in rows]), axis=0), request, dim)
        parts, vectors = [Declared.none()], [np.empty((0, dim), dtype=np.float32)]
        for piece, (cell, numbers) in zip(looked, rows, strict=True):
            for declared, matrix in _read(piece, numbers[_among(cell, chosen)], dim, run):
                parts.append(declared)
                vectors.append(matrix)
    return Declared.joined(parts), np.concatenate(vectors)


def _columns(piece: Piece) -> list[str]:
    names = [*piece.vectors.columns, *piece.places.columns, *declared_places.columns_in(piece.file.schema)]
    return list(dict.fromkeys(names))


def _files(pieces: list[Piece], request: AreaRequest) -> list[Piece]:
    """The files to look at: those that may reach into the area first, and evenly among them."""
    if request.bbox is not None or request.polygon is not None:
        pieces = [piece for piece in pieces if _may_reach(piece, request)] or pieces
    picks = np.unique(np.linspace(0, len(pieces) - 1, _MOST_FILES).round().astype(int))
    return [pieces[pick] for pick in picks]


def _may_reach(piece: Piece, request: AreaRequest) -> bool:
    boxes = [piece.places.group_box(group) for group in range(len(piece.file.group_rows))]
    return any(box is None or request.may_hold(box) for box in boxes)


def _cells_of(piece: Piece, run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Cells (n, 2) and numbers (n,) of the rows of a file that say their cell."""
    cells, numbers = [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    columns = declared_places.cell_columns(piece.file.schema)
    for some, batch in piece.file.batches(columns, _BATCH):
        run.progress(None, "Looking which cells of the grid there are")
        cell, known = declared_places.cells_of(batch)
        cells.append(cell[known])
        numbers.append(some[known])
    return np.concatenate(cells), np.concatenate(numbers)


def _chosen(cells: np.ndarray, request: AreaRequest, dim: int) -> np.ndarray:
    """The cells to look at, (m, 2): those nearest to the area or to a few spots."""
    most = int(np.clip(_BYTES // (dim * 4 * 25), _LEAST_CELLS, _MOST_CELLS))
    if len(cells) <= most:
        return cells
    west, south, east, north = grid.edges(*cells.T).T
    spots = places.unit_vectors((west + east) / 2, (south + north) / 2)
    middle = _middle(request)
    centres = spots[np.linspace(0, len(spots) - 1, 2 * _SPOTS + 1).astype(int)[1::2]] if middle is None else middle
    _, found = spatial.KDTree(spots).query(centres, most // len(centres))
    return cells[np.unique(found)]


def _middle(request: AreaRequest) -> np.ndarray | None:
    """The middle of the area as a unit vector (1, 3), or None without one."""
    if request.polygon is not None:
        box = parse_polygon(request.polygon).bounds
    elif request.bbox is not None:
        box = request.bbox
    else:
        return None
    west, south, east, north = box
    return places.unit_vectors(west + (east - west if east >= west else (east - west) % 360) / 2, (south + north) / 2)


def _among(cells: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Which cells are among the chosen ones."""
    keys = [one[:, 0] * (1 << 16) + one[:, 1] for one in (cells, chosen)]
    return np.isin(*keys)


def _read(piece: Piece, rows: np.ndarray, dim: int, run: Run):
    """Declared places and vectors of some rows of a file, a batch at a time, without those that cannot be used."""
    if not len(rows):
        return
    file = piece.file
    groups = np.unique(np.searchsorted(np.cumsum(file.group_rows), rows, side="right")).tolist()
    for numbers, batch in file.batches(_columns(piece), max(256, _VECTOR_BATCH_BYTES // (dim * 4)), groups):
        if numbers[0] > rows[-1]:
            return
        run.progress(None, "Checking whether patches lie at their true places")
        batch = batch.take(pa.array(np.flatnonzero(np.isin(numbers, rows, assume_unique=True))))
        batch = batch.take(pa.array(np.flatnonzero(piece.vectors.lengths(batch) == dim)))
        matrix = piece.vectors.matrix(batch, dim)
        good = np.flatnonzero(np.isfinite(matrix).all(axis=1) & matrix.any(axis=1))
        batch = batch.take(pa.array(good))
        if len(good):
            yield declared_places.read(batch, lambda batch=batch: piece.places.read(batch)), matrix[good]
