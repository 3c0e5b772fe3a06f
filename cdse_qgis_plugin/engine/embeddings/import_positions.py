"""Right places during an import: looks at some cells of the source, decides, and corrects row by row."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from ..errors import EngineError
from ..run import Run
from . import declared_places, patch_layout
from .declared_places import FOOTPRINT, PIXELS, Declared
from .import_places import PlaceReader, Places
from .operations import ImportRequest
from .parquet_source import SourceFile
from .seam_sample import Piece, sample
from .transposition import AS_PUBLISHED, CORRECTED, Settled, Verdict, decide, settle

POSITION = "position"
_VERDICT = "positions.json"
_FURTHEST_DEG = 0.1
"""More than a patch can be moved by, on either axis: 8.44 km."""


class Positions:
    """The places of a Major TOM table: what was found out about them, and what its rows say when they are stored.

    ``replaces`` are columns of the source that take another form in the store.
    """

    replaces = (PIXELS, POSITION)

    def __init__(self, verdict: Verdict, settled: Settled, pieces: list[Piece]):
        self.verdict, self.settled = verdict, settled
        self._names_pixels = any(PIXELS in piece.file.schema.names for piece in pieces)
        self._left = 0

    @property
    def manifest(self) -> dict[str, Any]:
        """What the manifest says: in one line, and in numbers."""
        return {"transposition": self.settled.transposition, "transposition_test": self.verdict.evidence.as_dict()}

    @property
    def notes(self) -> list[str]:
        """What a person reads."""
        left = f"{self._left:,} rows do not say which patch of their cell they are; they were left where they were."
        return [self.settled.note, *([left] if self._left else [])]

    def columns(self, piece: Piece) -> list[str]:
        """The columns that ``read`` wants beside those of the places."""
        return [name for name in (PIXELS,) if name in piece.file.schema.names]

    def read(self, piece: Piece, batch: pa.RecordBatch, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """Columns of the store that say where the rows of a batch lie, corrected or as published: ``position``, pixels
        as text [left, top, right, bottom], and those among ``columns``, what the store would hold otherwise."""
        found = {}
        if isinstance(piece.places, CorrectedPlaces):
            true = piece.places.declared(batch).transposed()
            self._left += int((~true.known).sum())
            found = _corrected(true, batch, columns)
        position, pixels = found.pop(POSITION, None), found.pop(PIXELS, None)
        if self._names_pixels:
            if pixels is None and PIXELS in batch.schema.names:
                pixels = _as_text(batch.column(PIXELS))
            found[PIXELS] = pa.nulls(batch.num_rows, pa.string()) if pixels is None else pixels
        found[POSITION] = pa.array([AS_PUBLISHED] * batch.num_rows, pa.string()) if position is None else position
        return found


class CorrectedPlaces:
    """A reader of places that exchanges row and column of every patch within its cell; else it is as the one inside."""

    def __init__(self, inside: PlaceReader):
        self._inside = inside
        self.columns = list(dict.fromkeys([*inside.columns, *declared_places.columns_in(inside.file.schema)]))
        self.used, self.crs, self.note, self.file = inside.used, inside.crs, inside.note, inside.file

    def declared(self, batch: pa.RecordBatch) -> Declared:
        """The places of a batch as published."""
        return declared_places.read(batch, lambda: self._inside.read(batch))

    def read(self, batch: pa.RecordBatch) -> Places:
        """The true places of a batch; those that do not say which patch they are stay where they were published."""
        found = self._inside.read(batch)
        true = declared_places.read(batch, lambda: found).transposed()
        rows = np.flatnonzero(true.moved)
        lon, lat, footprints = patch_layout.footprints(true.boxes[rows], true.code[rows])
        good = np.isfinite(lon)
        rows = rows[good]
        found.lon[rows], found.lat[rows], found.footprints[rows] = lon[good], lat[good], footprints[good]
        return found

    def group_box(self, group: int) -> tuple[float, float, float, float] | None:
        """Where a row group lies by its statistics, grown by as much as a patch can be moved."""
        box = self._inside.group_box(group)
        if box is None:
            return None
        west, south, east, north = box
        south, north = max(-90.0, south - _FURTHEST_DEG), min(90.0, north + _FURTHEST_DEG)
        aside = _FURTHEST_DEG / max(1e-6, np.cos(np.radians(max(abs(south), abs(north)))))
        return (-180.0, south, 180.0, north) if aside > 60 else (west - aside, south, east + aside, north)


def settle_positions(pieces: list[Piece], request: ImportRequest, dataset: str, dim: int, run: Run) -> Positions | None:
    """Decides whether places are transposed and has the pieces correct them if so; None for other kinds of tables.

    Raises EngineError ``not_major_tom`` when a correction was asked for that makes no sense.
    """
    if not all(_is_major_tom(piece.file) for piece in pieces):
        if request.transposition == "correct":
            raise EngineError(
                "not_major_tom",
                "There is nothing to correct: the source does not say which patch of which cell its rows are.",
                "Leave transposition at “auto”.",
            )
        return None
    declared, vectors = sample(pieces, request, dim, run)
    if not _says_patches(pieces) and declared.known.sum() * 2 < len(vectors):
        return None  # they name cells, but are no patches of theirs
    verdict = _kept(decide(declared, vectors), pieces)
    settled = settle(verdict, request.transposition, dataset)
    if settled.correct:
        for piece in pieces:
            piece.places = CorrectedPlaces(piece.places)
    return Positions(verdict, settled, pieces)


def _corrected(true: Declared, batch: pa.RecordBatch, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The columns of a batch that say where its rows truly lie, where there are such columns."""
    xmin, ymin, xmax, ymax = true.boxes.T
    said = {
        "centre_lon": columns["lon"],
        "centre_lat": columns["lat"],
        FOOTPRINT: pa.array(shapely.to_wkt(shapely.box(xmin, ymin, xmax, ymax), rounding_precision=-1)),
    }
    moved = pa.array(true.moved)
    found = {
        name: pc.if_else(moved, values.cast(columns[name].type), columns[name])
        for name, values in said.items()
        if name in columns
    }
    if PIXELS in batch.schema.names:
        left, top = true.pixel.T
        boxes = np.column_stack([left, top, left + true.size, top + true.size])
        texts = np.array([str(box) for box in boxes.tolist()], dtype=object)
        found[PIXELS] = pc.if_else(pa.array(true.known), pa.array(texts), _as_text(batch.column(PIXELS)))
    found[POSITION] = pa.array(np.where(true.known, CORRECTED, AS_PUBLISHED).astype(object), pa.string())
    return found


def _as_text(column: pa.Array) -> pa.Array:
    """A column of short lists as text, which every format can hold."""
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())


def _is_major_tom(file: SourceFile) -> bool:
    return bool(declared_places.cell_columns(file.schema))


def _says_patches(pieces: list[Piece]) -> bool:
    """Whether the rows say more of their patch than its outline on the globe."""
    return all({PIXELS, FOOTPRINT} & set(piece.file.schema.names) for piece in pieces)


def _kept(verdict: Verdict, pieces: list[Piece]) -> Verdict:
    """A verdict to go by: this one, kept for the next area of the same files, or one that an earlier area gave."""
    if verdict.transposed is not None:
        for piece in pieces:
            piece.file.remember(_VERDICT, json.dumps(verdict.as_dict()).encode())
        return verdict
    for piece in pieces:
        kept = piece.file.recall(_VERDICT)
        if kept:
            earlier = Verdict.from_dict(json.loads(kept))
            return replace(earlier, reason=f"found in another area of the same file, with {earlier.reason}")
    return verdict
