"""Import: an embedding table of any common Parquet shape becomes a store, read in one pass and bounded memory."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePath

import numpy as np
import pyarrow as pa
import shapely

from ..errors import EngineError
from ..run import Run
from . import places
from .import_columns import Attributes, Ids, Times
from .import_footprints import side_of_squares, squares
from .import_header import read_header
from .import_places import PlaceReader, find_places
from .import_positions import Positions, settle_positions
from .import_vectors import Vectors, find_vectors, usual_length
from .operations import ImportRequest, StoreMade, description
from .parquet_source import SourceFile
from .sources.fetch import Opened, opened
from .store import open_store
from .store_writer import StoreWriter

_BATCH_BYTES = 8 << 20
_PLACES = 1 << 16
_MOST_RAGGED = 0.01
"""Share of vectors of another length above which they are no slip of a few rows but another kind of table."""

_PLACE, _AREA, _NULL, _NAN, _ZERO, _LENGTH = (
    "without a place", "outside the area", "without a vector", "with a value that is not a number",
    "that are zero throughout", "of another length",
)  # fmt: skip


def import_embeddings(request: ImportRequest, run: Run) -> StoreMade:
    """Makes the store; raises EngineError for every kind of bad input."""
    started = time.monotonic()
    with opened(request, run) as source:
        work = _Import(request, run, source)
        work.settle_positions()
        work.select()
        work.write()
    return StoreMade(
        **description(open_store(request.store)),
        skipped=sum(work.skipped.values()),
        seconds=round(time.monotonic() - started, 3),
    )


@dataclass
class _Piece:
    """A file, how to read it, and which part of it is wanted; ``last`` is the number of the last row wanted."""

    file: SourceFile
    vectors: Vectors
    places: PlaceReader
    groups: list[int] = field(default_factory=list)
    last: int = 0

    def __post_init__(self) -> None:
        self.groups, self.last = list(range(len(self.file.group_rows))), self.file.rows - 1


class _Import:
    """One import, from the open files to the finished store."""

    def __init__(self, request: ImportRequest, run: Run, source: Opened):
        self._request, self._run, self._source = request, run, source
        files = source.files
        self._header = read_header(files, PurePath(source.name).stem)
        self._notes = list(self._header.notes)
        self._pieces = self._plan(files)
        files = [piece.file for piece in self._pieces]
        self._rows = self._expected = sum(file.rows for file in files)
        self._dim = self._dimension()
        self._ids, self._times = Ids(files), Times(files[0])
        self._surveyed: list[np.ndarray] = []
        self._boxes: list[tuple] = []
        self._side: float | None = None
        self._ragged: tuple[str, int, int] | None = None
        self._positions: Positions | None = None
        self.skipped: Counter[str] = Counter()

    def settle_positions(self) -> None:
        """Finds out whether the places are right, and has them corrected where they are not."""
        self._positions = settle_positions(self._pieces, self._request, self._header.dataset, self._dim, self._run)

    def select(self) -> None:
        """Finds the row groups that hold something of the area, from statistics first and then from the places."""
        if not self._limited:
            return
        for piece in self._pieces:
            piece.groups = [group for group in piece.groups if self._may_hold(piece, group)]
        self._survey()

    def write(self) -> None:
        """Reads the vectors and writes the store."""
        self._choose_columns()
        read, total = 0, sum(self._selected_rows(piece) for piece in self._pieces)
        with StoreWriter(self._request.store, self._run, self._dim, hilbert=True, expected_rows=self._expected) as out:
            for piece in self._pieces:
                for numbers, batch in self._batches(piece):
                    if numbers[0] > piece.last:
                        break
                    self._run.progress(read / total, f"Read {read:,} of {total:,} rows")
                    self._add(out, piece, numbers, batch)
                    read += len(numbers)
            self.skipped[_AREA] = self._rows - out.count - sum(self.skipped.values())
            if not out.count:
                raise self._nothing()
            out.finish(self._manifest())

    def _plan(self, files: list[SourceFile]) -> list[_Piece]:
        """How to read each file; one without an embedding is left out if others have one."""
        pieces, problem = [], None
        for file in files:
            try:
                vectors = find_vectors(file, self._request.vector_column, self._header.quantization, self._header.dim)
            except EngineError as error:
                if error.code != "no_embedding":
                    raise
                problem = problem or error
                self._notes.append(f"“{file.name}” was left out: it has no embedding column.")
                continue
            pieces.append(_Piece(file, vectors, find_places(file, self._request.crs)))
        if not pieces:
            raise problem
        self._notes += dict.fromkeys(note for piece in pieces for note in piece.vectors.notes)
        self._notes += dict.fromkeys(piece.places.note for piece in pieces if piece.places.note)
        return pieces

    def _dimension(self) -> int:
        """The length of the vectors, the same in all files."""
        found = {piece.file.name: usual_length(piece.file, piece.vectors) for piece in self._pieces}
        known = {name: dim for name, dim in found.items() if dim}
        if not known:
            raise EngineError(
                "no_vectors",
                f"Every vector of “{self._source.name}” is missing: the column {self._column_name()} is empty.",
                "Choose another column with vector_column, or another file.",
            )
        (first, dim), *others = known.items()
        for name, other in others:
            if other != dim:
                raise EngineError(
                    "mixed_dimensions",
                    f"The files do not belong together: the vectors of “{first}” have {dim} numbers, those of "
                    f"“{name}” {other}.",
                    "Import files of one model at a time.",
                )
        if self._header.dim and self._header.dim != dim:
            self._notes.append(
                f"The header of the file declares {self._header.dim} dimensions, but its vectors have {dim}; "
                "the vectors were believed."
            )
        return dim

    @property
    def _limited(self) -> bool:
        return self._request.bbox is not None or self._request.polygon is not None

    def _may_hold(self, piece: _Piece, group: int) -> bool:
        """Whether the statistics of a row group leave room for something in the area."""
        box = piece.places.group_box(group)
        if box is None:
            return True
        self._boxes.append(box)
        return self._request.may_hold(box)

    def _survey(self) -> None:
        """Reads where all selected rows lie, which is little beside their vectors, and narrows the selection."""
        self._expected = 0
        read = 0
        for piece in self._pieces:
            wanted = []
            with piece.file.with_known(piece.places.columns):
                for numbers, batch in piece.file.batches(piece.places.columns, _PLACES, piece.groups):
                    self._run.progress(None, f"Looked at {read:,} places")
                    found = piece.places.read(batch)
                    known = np.isfinite(found.lon)
                    self._surveyed.append(np.stack([found.lon[known], found.lat[known]]))
                    wanted.append(numbers[known][self._request.within(*self._surveyed[-1])])
                    read += len(numbers)
            if self._limited:
                rows = np.concatenate([np.empty(0, dtype=np.int64), *wanted])
                ends = np.cumsum(piece.file.group_rows)
                piece.groups = np.unique(np.searchsorted(ends, rows, side="right")).tolist()
                piece.last = int(rows.max(initial=-1))
            self._expected += sum(map(len, wanted))

    def _selected_rows(self, piece: _Piece) -> int:
        return sum(piece.file.count(group) for group in piece.groups)

    def _choose_columns(self) -> None:
        """Settles which columns are the id and the time, so that the others are attributes."""
        for column in self._ids.candidates:
            hashes = [np.empty(0, dtype=np.uint64)]
            for piece in self._pieces:
                for _, batch in piece.file.batches([column], _PLACES, piece.groups):
                    self._run.progress(None, "Looking for ids that occur twice")
                    hashes.append(self._ids.hashes(batch.column(0)))
            if self._ids.accept(column, np.concatenate(hashes)):
                break
        first = self._pieces[0]
        used = {self._ids.column, self._times.column, *first.vectors.columns, *first.places.used}
        if self._positions:
            used |= set(self._positions.replaces)
        self._attributes = Attributes(first.file, used)

    def _batches(self, piece: _Piece):
        columns = [*piece.vectors.columns, *piece.places.columns, *self._attributes.columns(piece.file)]
        columns += [name for name in (self._ids.column, self._times.column) if name in piece.file.schema.names]
        columns += self._positions.columns(piece) if self._positions else []
        size = max(256, _BATCH_BYTES // (self._dim * 4))
        return piece.file.batches(columns, size, piece.groups)

    def _add(self, out: StoreWriter, piece: _Piece, numbers: np.ndarray, batch: pa.RecordBatch) -> None:
        """Writes the good rows of a batch and counts the others by what is wrong with them."""
        found = piece.places.read(batch)
        known = np.flatnonzero(np.isfinite(found.lon))
        self.skipped[_PLACE] += len(numbers) - len(known)
        rows = known[self._request.within(found.lon[known], found.lat[known])]
        lengths = piece.vectors.lengths(batch)
        self.skipped[_NULL] += int((lengths[rows] == 0).sum())
        self._check_lengths(piece, numbers[rows], lengths[rows])
        rows = rows[lengths[rows] == self._dim]
        if not len(rows):
            return
        batch = batch if len(rows) == batch.num_rows else batch.take(pa.array(rows))
        vectors = piece.vectors.matrix(batch, self._dim)
        finite, zero = np.isfinite(vectors).all(axis=1), ~vectors.any(axis=1)
        self.skipped[_NAN] += int((~finite).sum())
        self.skipped[_ZERO] += int(zero.sum())
        good = np.flatnonzero(finite & ~zero)
        if not len(good):
            return
        if len(good) < len(rows):
            rows, vectors, batch = rows[good], vectors[good], batch.take(pa.array(good))
        out.append(vectors, self._patches(piece, numbers[rows], batch, [part[rows] for part in found]))

    def _patches(self, piece: _Piece, numbers: np.ndarray, batch: pa.RecordBatch, found: list) -> pa.Table:
        lon, lat, footprints = found
        points = shapely.is_missing(footprints)
        if points.any():
            footprints[points] = squares(lon[points], lat[points], self._square_side())
        columns = {
            "id": self._ids.read(piece.file, numbers, batch),
            "lon": pa.array(lon),
            "lat": pa.array(lat),
            "geometry": pa.array(shapely.to_wkb(footprints), pa.binary()),
        }
        if self._times.column:
            columns["time"] = self._times.read(batch)
        columns |= self._attributes.read(piece.file, batch)
        if self._positions:
            columns |= self._positions.read(piece, batch, columns)
        return pa.table(columns)

    def _square_side(self) -> float:
        """The side of squares around points, measured once."""
        if self._side is None:
            if not self._surveyed:
                self._survey()
            self._side, how = side_of_squares(*np.concatenate(self._surveyed, axis=1))
            if self._header.chip_m:
                self._side, how = self._header.chip_m, "that is the size of a chip in the file's header"
            self._notes.append(
                f"The file gives points only. Squares of {self._side:,.0f} m are drawn around them: {how}. "
                "The true patches may be larger or smaller."
            )
        return self._side

    def _check_lengths(self, piece: _Piece, numbers: np.ndarray, lengths: np.ndarray) -> None:
        """Counts vectors of another length; raises EngineError ``ragged_vectors`` when they are no exception."""
        other = np.flatnonzero((lengths != self._dim) & (lengths > 0))
        if not len(other):
            return
        self._ragged = self._ragged or (piece.file.name, int(numbers[other[0]]), int(lengths[other[0]]))
        self.skipped[_LENGTH] += len(other)
        if self.skipped[_LENGTH] > _MOST_RAGGED * self._expected:
            name, row, length = self._ragged
            raise EngineError(
                "ragged_vectors",
                f"The vectors of “{name}” differ in length: most have {self._dim} numbers, but row {row} has {length}. "
                "Such vectors cannot be compared.",
                "Choose another column with vector_column, or repair the file.",
            )

    def _nothing(self) -> EngineError:
        """Why no row was taken."""
        name, skipped = self._source.name, self.skipped
        reasons = "; ".join(f"{count:,} {reason}" for reason, count in skipped.most_common() if count)
        reason = skipped.most_common(1)[0][0]
        if skipped[_AREA] and reason in (_AREA, _PLACE):
            return EngineError(
                "outside_area",
                f"Nothing of “{name}” lies in the area. {self._whereabouts()}",
                "Choose an area where the data is, or none to import all of it.",
                reasons,
            )
        if reason == _PLACE:
            return EngineError(
                "no_place", f"No row of “{name}” says where its patch lies.", "Choose a file with places.", reasons
            )
        return EngineError(
            "no_vectors",
            f"“{name}” has no vector that can be used: of {self._rows:,} rows, {reasons}.",
            "Choose another column with vector_column, or another file.",
        )

    def _whereabouts(self) -> str:
        corners = [np.array([(w, s), (e, n)]).T for w, s, e, n in self._boxes]
        lon, lat = np.concatenate([*self._surveyed, *corners], axis=1)
        west, east = places.lon_range(lon)
        return (
            f"The data lies between longitudes {west:.3f} and {east:.3f} and latitudes {lat.min():.3f} and "
            f"{lat.max():.3f}."
        )

    def _column_name(self) -> str:
        columns = self._pieces[0].vectors.columns
        return f"“{columns[0]}”" if len(columns) == 1 else f"“{columns[0]}” … “{columns[-1]}”"

    def _manifest(self) -> dict:
        header, area = self._header, {}
        if self._request.bbox is not None:
            area["bbox"] = list(self._request.bbox)
        if self._request.polygon is not None:
            area["polygon"] = self._request.polygon
        return {
            "dataset": header.dataset,
            "encoder": header.encoder,
            "source": {
                **header.source,
                "path": self._source.label,
                "files": len(self._pieces),
                "rows": self._rows,
                "vectors": self._column_name().replace("“", "").replace("”", ""),
                "type": self._pieces[0].vectors.type,
                "crs": self._pieces[0].places.crs.name,
                **({"area": area} if area else {}),
            },
            "licence": header.licence,
            "citation": header.citation,
            "footprints": "published" if self._side is None else "estimated",
            "left_out": {reason: count for reason, count in self.skipped.items() if count},
            "notes": self._all_notes(),
            **header.extra,
            **(self._positions.manifest if self._positions else {}),
        }

    def _all_notes(self) -> list[str]:
        notes = [*self._notes, *(self._positions.notes if self._positions else []), *self._source.notes()]
        notes += [f"Left out: {count:,} rows {reason}." for reason, count in self.skipped.items() if count]
        if self._ids.repeated:
            notes.append(f"{self._ids.repeated:,} ids occurred more than once and were given a number.")
        if self._times.unread:
            notes.append(f"{self._times.unread:,} times in “{self._times.column}” could not be read.")
        if self._attributes.dropped:
            notes.append(f"Columns that a store does not keep: {', '.join(self._attributes.dropped)}.")
        return notes
