"""Columns of some rows of a row group, read with as few bytes as the file allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from . import runs
from .bodies import Uncut
from .decode import Chunk, decode, plain_type
from .finding import Finder
from .footer import Footer, damaged
from .leaf import Leaf, leaf_of
from .ranges import RangedBytes

SMALL = 96 << 10
"""Chunks up to this many bytes are read whole: finding their pages would not save a request."""

_HELD = 32 << 20
"""Chunks up to this many bytes are read whole where most of their rows are wanted."""


@dataclass
class GroupColumns:
    """The columns of one row group. ``notes`` gathers where more had to be read than the rows need, and why."""

    footer: Footer
    data: RangedBytes
    group: int
    notes: dict[str, None]

    def __post_init__(self) -> None:
        self._about = self.footer.parquet.row_group(self.group)
        self.rows = self._about.num_rows
        self._finder = Finder(self.footer, self.data, self.group, self.rows, self.notes)
        self._leaves: dict[int, Leaf] = {}
        self._held: dict[int, pa.Array] = {}
        self._last, self._dense = -1, False

    def expect(self, rows: np.ndarray) -> None:
        """Tells which rows will be wanted in the end, so that their pages are found in one go.

        Where most rows up to the last are wanted, the pages between headers are wanted too and are brought at once.
        """
        if len(rows):
            self._last, self._dense = int(rows[-1]), len(rows) * 2 > rows[-1]

    def find_pages(self, rows: np.ndarray) -> None:
        """Finds the pages of some rows in all columns, unless so many are wanted that pages are found while reading."""
        self.expect(rows)
        if not self._dense:
            self.prepare(list(range(len(self.footer.leaves))), rows)

    def prepare(self, columns: list[int], rows: np.ndarray) -> None:
        """Finds the pages of columns (numbers in the schema) for all rows up to the last of ``rows``."""
        by_page = [leaf for leaf in self._leaves_of(columns) if leaf.pages or leaf.walk or not self._goes_whole(leaf)]
        last = int(rows[-1]) if self._dense else max(self._last, int(rows[-1]))
        self._finder.find(by_page, last, self._dense)

    def ranges(self, columns: list[int], rows: np.ndarray) -> list[tuple[int, int]]:
        """The bytes that ``read`` will want, as far as that is known by now."""
        found = []
        for leaf in self._leaves_of(columns):
            if leaf.pages is None and self._goes_whole(leaf):
                found.append((leaf.start, leaf.stop))
            elif leaf.pages is not None and leaf.pages.rows > rows[-1]:
                found += runs.ranges(leaf, rows)
                if leaf.pages.dictionary and self._wants_dictionary(leaf, rows):
                    found.append(leaf.pages.dictionary)
        return found

    def read(self, columns: list[int], rows: np.ndarray) -> list[pa.Array]:
        """The values of columns in some rows, counted in the group and ascending."""
        self.prepare(columns, rows)
        self.data.bring(self.ranges(columns, rows))
        return [self._column(column, rows) for column in columns]

    def beside(self, columns: list[int], rows: np.ndarray) -> np.ndarray:
        """The rows whose values in all these columns come anyway when those of ``rows`` are read."""
        self.expect(rows)
        self.prepare(columns, rows)
        held = np.ones(self.rows, dtype=bool)
        for leaf in self._leaves_of(columns):
            if leaf.pages is None:
                continue  # it is brought whole
            here = np.zeros(self.rows, dtype=bool)
            for cut in runs.cuts(leaf, rows):
                here[cut.run.first_row + cut.run.within : cut.last_row + 1] = True
            held &= here
        held[rows] = True
        return np.flatnonzero(held)

    def forget(self) -> None:
        """Lets go of columns that were read whole and are kept for further rows."""
        self._held.clear()

    def _leaves_of(self, columns: list[int]) -> list[Leaf]:
        numbers = [number for column in columns for number in self.footer.leaves[column]]
        for number in numbers:
            if number not in self._leaves:
                self._leaves[number] = leaf_of(self.footer, self.group, number, self.data.item.size)
        return [self._leaves[number] for number in numbers]

    def _goes_whole(self, leaf: Leaf) -> bool:
        """Whether a chunk is read as a whole rather than by its pages."""
        if leaf.whole or leaf.size <= SMALL or (self._dense and leaf.size <= _HELD):
            return True
        # Leaves of one column must end up with the same rows, and pages of different leaves never do.
        return not leaf.alone

    def _wants_dictionary(self, leaf: Leaf, rows: np.ndarray) -> bool:
        start, stop = leaf.pages.dictionary
        if leaf.pages.coded is None:  # it stands in the pages themselves; a small one is not worth waiting for
            return stop - start <= SMALL
        return any(leaf.pages.coded[run.first : run.last + 1].any() for run in leaf.pages.runs(rows))

    def _column(self, column: int, rows: np.ndarray) -> pa.Array:
        leaves = self._leaves_of([column])
        found = None
        if all(leaf.pages is not None for leaf in leaves):
            found = self._from_pages(column, leaves[0], rows)
        if found is None:
            found = self._whole(column, leaves).take(pa.array(rows))
        kind = plain_type(self.footer.schema.field(column).type)
        return found if found.type == kind else found.cast(kind)

    def _from_pages(self, column: int, leaf: Leaf, rows: np.ndarray) -> pa.Array | None:
        """The rows of a column of one leaf; None when its pages turn out to be of no use."""
        try:
            return runs.read_rows(self.footer, self.data, self.group, leaf, rows)
        except runs.Uneven:
            self._finder.begin_counting(leaf)
            self.prepare([column], rows)
            return self._from_pages(column, leaf, rows) if leaf.pages else None
        except Uncut:
            self._finder.give_up(leaf)
            return None
        except ValueError as error:
            raise damaged(self.footer.name, str(error)) from error

    def _whole(self, column: int, leaves: list[Leaf]) -> pa.Array:
        """All values of a column; kept, if not too many, since the next rows are likely asked for soon."""
        if column in self._held:
            return self._held[column]
        chunks = []
        for leaf in leaves:
            dictionary = self._about.column(leaf.number).data_page_offset - leaf.start
            chunks.append(Chunk(leaf.number, self.data.read([(leaf.start, leaf.stop)]), dictionary, leaf.entries))
        found = decode(self.footer, self.group, column, chunks, self.rows)
        if sum(leaf.size for leaf in leaves) <= _HELD:
            self._held[column] = found
        return found
