"""A Parquet file of a source, with the face of a file on this disk: its batches are read by the page."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from .. import grid
from ..import_places import coordinate_columns
from ..parquet_source import SourceFile
from .columns import GroupColumns
from .footer import Footer
from .ranges import RangedBytes

CELL_COLUMNS = ("grid_row_u", "grid_col_r")
"""Columns that say in which cell of the Major TOM grid a patch lies."""

_LEEWAY_DEG = 0.03
"""How far outside its cell the centre of a patch may lie, since pictures are turned against the grid."""

_AHEAD = 4
"""Batches whose bytes are brought before they are asked for."""


class RangedFile(SourceFile):
    """One Parquet file of a source, of which only some rows may be wanted.

    It counts rows and row groups like the whole file, so that numbers of rows, ids made from them and statistics mean
    the same as for a file on disk; its batches hold only the rows that ``keep`` was told.
    """

    def __init__(self, data: RangedBytes):
        self.data = data
        self.path = PurePosixPath(data.item.path)
        self.name = data.item.name
        self.footer = Footer(data)
        self.schema = self.footer.schema
        self.parquet = self.footer.parquet
        self.rows = self.parquet.num_rows
        self.group_rows = [self.parquet.row_group(i).num_rows for i in range(self.parquet.num_row_groups)]
        self.notes: dict[str, None] = {}
        self._wanted: dict[int, np.ndarray] | None = None
        self._looked_at: dict[int, frozenset[str]] = {}
        self._groups: dict[int, GroupColumns] = {}

    def count(self, group: int) -> int:
        """Rows of a group that the batches hold."""
        return len(self._wanted.get(group, ())) if self._wanted is not None else self.group_rows[group]

    def bytes_of_kept(self) -> int:
        """About how many bytes the rows take that the batches hold, at the length that a row has on average."""
        return self.data.item.size * self.kept // max(1, self.rows)

    def keep(self, rows: dict[int, np.ndarray], looked_at: Iterable[str] = ()) -> None:
        """From now on gives only these rows, ascending and counted within their row group.

        ``looked_at`` are the columns that were read of all rows of these groups to find them.
        """
        self._looked_at = {group: frozenset(looked_at) for group in rows}
        self._wanted = {group: found for group, found in rows.items() if len(found)}

    @contextlib.contextmanager
    def with_known(self, columns: Iterable[str]) -> Iterator[None]:
        """Until the end of the block, batches also hold the rows of which all these columns were looked at."""
        kept, columns = self._wanted, set(columns)
        if kept is not None:
            known = [group for group, looked_at in self._looked_at.items() if columns <= looked_at]
            self._wanted = {**kept, **{group: np.arange(self.group_rows[group]) for group in known}}
        try:
            yield
        finally:
            self._wanted = kept

    def find_pages(self) -> None:
        """Finds the pages of the kept rows, in all columns, where only a few rows of a group are wanted."""
        for group in self._wanted or ():
            self.group(group).find_pages(self.wanted(group))

    def remember(self, name: str, data: bytes) -> None:
        """Keeps what was found out about this very version of the file."""
        if self.data.cache is not None:
            self.data.cache.write(name, data)

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name, or None."""
        return self.data.cache.read(name) if self.data.cache is not None else None

    @contextlib.contextmanager
    def with_beside(self, columns: Iterable[str]) -> Iterator[None]:
        """Until the end of the block, batches also hold the rows that lie in the same pages as the kept ones, in all of
        these columns, and so are brought with them anyway."""
        kept = self._wanted
        if kept is not None:
            numbers = [self.schema.get_field_index(name) for name in columns]
            self._wanted = {group: self.group(group).beside(numbers, rows) for group, rows in kept.items()}
        try:
            yield
        finally:
            self._wanted = kept

    @property
    def kept(self) -> int:
        """Rows that the batches hold."""
        return sum(map(len, self._wanted.values())) if self._wanted is not None else self.rows

    def batches(
        self, columns: Iterable[str], size: int, groups: Iterable[int] | None = None
    ) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
        """Batches of at most ``size`` rows with the numbers of their rows in the file, int64 (n,)."""
        names = list(dict.fromkeys(columns))
        numbers = [self.schema.get_field_index(name) for name in names]
        starts = np.concatenate([[0], np.cumsum(self.group_rows)]).astype(np.int64)
        groups = range(len(self.group_rows)) if groups is None else list(groups)
        for group in groups:
            self.group(group).expect(self.wanted(group))
        pieces = list(self._pieces(size, groups))
        for i, (group, rows) in enumerate(pieces):
            if i and group != pieces[i - 1][0]:
                self.group(pieces[i - 1][0]).forget()
            found = self.group(group).read(numbers, rows)
            if i:  # whoever takes a second batch will take a third
                self._start(numbers, pieces[i + 1 : i + 1 + _AHEAD])
            yield starts[group] + rows, pa.RecordBatch.from_arrays(found, names=names)

    @functools.cached_property
    def has_cells(self) -> bool:
        """Whether the file says in which cell of the Major TOM grid its patches lie, and means that very grid."""
        if not set(CELL_COLUMNS) <= set(self.schema.names):
            return False
        pair = coordinate_columns(self, geographic=True)
        return pair is None or all(self._fits_grid(group, pair) for group in range(len(self.group_rows)))

    def _fits_grid(self, group: int, pair: tuple[str, str]) -> bool:
        """Whether the latitudes of a row group are where its rows of cells are, as far as statistics tell."""
        row, column = CELL_COLUMNS
        cells, lie = self.box(group, (column, row, column, row)), self.box(group, (*pair, *pair))
        if cells is None or lie is None:
            return True
        lowest, highest = grid.latitude(cells[1]), grid.latitude(cells[3])
        height = grid.latitude(1)
        return (
            -_LEEWAY_DEG <= lie[1] - lowest <= height + _LEEWAY_DEG
            and -_LEEWAY_DEG <= lie[3] - highest <= height + _LEEWAY_DEG
        )

    @property
    def has_geometry(self) -> bool:
        """Whether the file has a column for geometry, by the metadata of GeoParquet or by its name."""
        return bool(self.metadata("geo")) or any("geom" in name.lower() or name == "bbox" for name in self.schema.names)

    def group(self, number: int) -> GroupColumns:
        """The columns of a row group."""
        if number not in self._groups:
            self._groups[number] = GroupColumns(self.footer, self.data, number, self.notes)
        return self._groups[number]

    def wanted(self, group: int) -> np.ndarray:
        """The rows of a group that the batches hold, int64."""
        if self._wanted is None:
            return np.arange(self.group_rows[group], dtype=np.int64)
        return self._wanted.get(group, np.empty(0, dtype=np.int64))

    def _pieces(self, size: int, groups: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        for group in groups:
            rows = self.wanted(group)
            for start in range(0, len(rows), size):
                yield group, rows[start : start + size]

    def _start(self, columns: list[int], pieces: list[tuple[int, np.ndarray]]) -> None:
        """Has the next bytes brought while the last ones are worked on; only what needs no search for pages."""
        for group, rows in pieces:
            self.data.start(self.group(group).ranges(columns, rows))
