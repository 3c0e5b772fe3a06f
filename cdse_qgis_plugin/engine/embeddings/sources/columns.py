"""Columns of some rows of a row group, read with as few bytes as the file allows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from . import thrift
from .decode import Chunk, decode, plain_type
from .footer import Footer, damaged
from .levels import Uncut, begin_row
from .pages import PageMap, Run, from_offset_index, read_header
from .ranges import RangedBytes
from .walk import Walk

SMALL = 96 << 10
"""Chunks up to this many bytes are read whole: finding their pages would not save a request."""

_AHEAD = 16 << 20
"""Bytes brought at once where nearly all of a chunk is wanted."""

_WALK_KEPT = 256
"""Pages after which a walk is kept, so that a broken one need not begin again."""


class _Uneven(Exception):
    """Rows are not where counting put them, so pages cannot be told apart by rows."""


@dataclass
class _Leaf:
    """A column chunk of a leaf: where it lies, and what is known of its pages. No pages: it is read whole."""

    number: int
    start: int
    stop: int
    entries: int
    codec: int
    repetitions: int
    pages: PageMap | None = None
    walk: Walk | None = None

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass
class GroupColumns:
    """The columns of one row group. ``notes`` gathers what had to be read whole, and why."""

    footer: Footer
    data: RangedBytes
    group: int
    notes: dict[str, None]
    _leaves: dict[int, _Leaf] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._about = self.footer.parquet.row_group(self.group)
        self.rows = self._about.num_rows
        self._last, self._dense = -1, False

    def expect(self, rows: np.ndarray) -> None:
        """Tells which rows will be wanted in the end, so that their pages are found in one go.

        Where most rows up to the last are wanted, the pages between headers are wanted too and are brought at once.
        """
        if len(rows):
            self._last, self._dense = int(rows[-1]), len(rows) * 2 > rows[-1]

    def prepare(self, columns: list[int], rows: np.ndarray) -> None:
        """Finds the pages of columns (numbers in the schema) for all rows up to the last of ``rows``."""
        leaves = [self._leaf(number) for column in columns for number in self.footer.leaves[column]]
        fresh = [leaf for leaf in leaves if leaf.pages is None and leaf.size > SMALL]
        # Leaves of one column must end up with the same rows, and pages of different leaves never do.
        fresh = [leaf for leaf in fresh if len(self.footer.leaves[self.footer.column_of[leaf.number]]) == 1]
        self._read_indexes([leaf for leaf in fresh if leaf.walk is None])
        self._walk([leaf for leaf in leaves if leaf.walk], int(rows[-1]) if self._dense else max(self._last, rows[-1]))

    def ranges(self, columns: list[int], rows: np.ndarray) -> list[tuple[int, int]]:
        """The bytes that ``read`` will want, as far as that is known by now."""
        found = []
        for column in columns:
            for leaf in map(self._leaf, self.footer.leaves[column]):
                if leaf.pages is None or leaf.pages.rows > rows[-1]:
                    found += self._ranges(leaf, rows)
        return found

    def read(self, columns: list[int], rows: np.ndarray) -> list[pa.Array]:
        """The values of columns in some rows, counted in the group and ascending."""
        self.prepare(columns, rows)
        self.data.bring(self.ranges(columns, rows))
        return [self._column(column, rows) for column in columns]

    def beside(self, columns: list[int], rows: np.ndarray) -> np.ndarray:
        """The rows whose values in all these columns lie in pages that hold some of ``rows`` as well."""
        self.expect(rows)
        self.prepare(columns, rows)
        held = np.ones(self.rows, dtype=bool)
        for leaf in (self._leaf(number) for column in columns for number in self.footer.leaves[column]):
            if leaf.pages is None:
                continue  # it is brought whole
            here = np.zeros(self.rows, dtype=bool)
            for run in leaf.pages.runs(rows):
                here[run.first_row + run.within : run.last_row + 1] = True
            held &= here
        held[rows] = True
        return np.flatnonzero(held)

    def _leaf(self, number: int) -> _Leaf:
        if number not in self._leaves:
            said = self._about.column(number)
            start = said.data_page_offset
            if said.has_dictionary_page and 0 < said.dictionary_page_offset < start:
                start = said.dictionary_page_offset
            tree = self.footer.chunk(self.group, number)
            stop = start + said.total_compressed_size
            if 3 not in tree or not 4 <= start <= stop <= self.data.item.size:
                raise damaged(self.footer.name, f"column chunk {number} of row group {self.group} is out of bounds")
            self._leaves[number] = _Leaf(
                number, start, stop, said.num_values, tree[3].value[4].value, self.footer.repetitions(number)
            )
        return self._leaves[number]

    def _ranges(self, leaf: _Leaf, rows: np.ndarray) -> list[tuple[int, int]]:
        if leaf.pages is None:
            return [(leaf.start, leaf.stop)]
        found = [leaf.pages.range(run) for run in leaf.pages.runs(rows)]
        if leaf.pages.dictionary and self._wants_dictionary(leaf, rows):
            found.append(leaf.pages.dictionary)
        return found

    def _wants_dictionary(self, leaf: _Leaf, rows: np.ndarray) -> bool:
        start, stop = leaf.pages.dictionary
        if leaf.pages.coded is None:  # it stands in the pages themselves; a small one is not worth waiting for
            return stop - start <= SMALL
        return any(leaf.pages.coded[run.first : run.last + 1].any() for run in leaf.pages.runs(rows))

    def _column(self, column: int, rows: np.ndarray) -> pa.Array:
        leaves = [self._leaf(number) for number in self.footer.leaves[column]]
        found = None
        if all(leaf.pages is not None for leaf in leaves):
            try:
                found = self._from_pages(column, leaves[0], rows)
            except (_Uneven, Uncut):
                self._read_whole(column, leaves[0])
            except thrift.Truncated as error:
                raise damaged(self.footer.name, str(error)) from error
            except thrift.Malformed as error:
                raise damaged(self.footer.name, str(error)) from error
        if found is None:
            chunks = [
                Chunk(leaf.number, self.data.read([(leaf.start, leaf.stop)]), self._dictionary_size(leaf), leaf.entries)
                for leaf in leaves
            ]
            found = decode(self.footer, self.group, column, chunks, self.rows).take(pa.array(rows))
        kind = plain_type(self.footer.schema.field(column).type)
        return found if found.type == kind else found.cast(kind)

    def _dictionary_size(self, leaf: _Leaf) -> int:
        return self._about.column(leaf.number).data_page_offset - leaf.start

    def _from_pages(self, column: int, leaf: _Leaf, rows: np.ndarray) -> pa.Array:
        """A column of one leaf from only those pages that hold something of the rows."""
        runs = leaf.pages.runs(rows)
        parts = self.data.read([leaf.pages.range(run) for run in runs])
        coded, entries = False, 0
        for number, (run, part) in enumerate(zip(runs, parts, strict=True)):
            headers = self._headers(leaf.pages, run, part)
            coded |= any(header.coded for header in headers)
            entries += sum(header.entries for header in headers)
            if run.within:
                end = headers[0].length + headers[0].size
                parts[number] = begin_row(part[:end], leaf.codec, leaf.repetitions) + part[end:]
        dictionary = self.data.read([leaf.pages.dictionary]) if coded and leaf.pages.dictionary else []
        chunk = Chunk(leaf.number, [*dictionary, *parts], sum(map(len, dictionary)), entries)
        total = sum(run.last_row - run.first_row + 1 for run in runs)
        found = decode(self.footer, self.group, column, [chunk], total)
        if leaf.pages.entries_a_row:
            _check_even(found, leaf.pages.entries_a_row, runs)
        return found.take(pa.array(_places(runs, rows)))

    def _headers(self, pages: PageMap, run: Run, data: bytes) -> list:
        """The headers of a run of pages, which must fill its bytes exactly."""
        found, at = [], 0
        for number in range(run.first, run.last + 1):
            header = read_header(data, at)
            if not header.is_data or header.length + header.size != pages.size[number]:
                raise thrift.Malformed("a page is not what the page index says")
            found.append(header)
            at += int(pages.size[number])
            if number < run.last:
                at = int(pages.offset[number + 1] - pages.offset[run.first])
        return found

    def _read_indexes(self, leaves: list[_Leaf]) -> None:
        """Takes the page indexes that the file has, and prepares walks for the other chunks."""
        indexed = []
        for leaf in leaves:
            tree = self.footer.chunk(self.group, leaf.number)
            if 4 in tree and 5 in tree:
                indexed.append((leaf, (tree[4].value, tree[4].value + tree[5].value)))
        said = self.data.read([place for _, place in indexed]) if indexed else []
        for (leaf, _), index in zip(indexed, said, strict=True):
            try:
                leaf.pages = from_offset_index(index, self.rows, leaf.start)
            except ValueError:
                continue  # the pages themselves will tell
        for leaf in leaves:
            if leaf.pages is None:
                nested = leaf.repetitions > 0
                leaf.walk = Walk(leaf.start, leaf.stop, self.rows, leaf.entries, nested)
                kept = self.data.cache and self.data.cache.read(self._walk_name(leaf))
                if kept:
                    leaf.walk.load(kept)

    def _walk(self, leaves: list[_Leaf], last: int) -> None:
        """Walks the pages of chunks, all of them side by side, until row ``last`` is known."""
        going = [leaf for leaf in leaves if not self._far_enough(leaf, last)]
        rounds = 0
        while going:
            self._bring_ahead(going)
            said = self.data.read([leaf.walk.next() for leaf in going], keep=False)
            for leaf, data in zip(going, said, strict=True):
                try:
                    leaf.walk.take(data)
                except ValueError as error:
                    raise damaged(self.footer.name, f"{error} (column chunk {leaf.number})") from error
            rounds += 1
            done = [leaf for leaf in going if self._far_enough(leaf, last)]
            self._keep_walks(going if rounds % _WALK_KEPT == 0 else done)
            going = [leaf for leaf in going if leaf not in done]
            if going:
                self.data.tell(f"Looking for the pages of {self.footer.name}, {going[0].walk.share:.0%}")
        for leaf in leaves:
            if leaf.walk.countable:
                leaf.pages = leaf.walk.map()
            else:
                self._read_whole(self.footer.column_of[leaf.number], leaf)

    def _bring_ahead(self, leaves: list[_Leaf]) -> None:
        """Has what lies behind the next headers brought where nearly all of it is wanted anyway."""
        for leaf in leaves if self._dense and self.data.cache is not None else ():
            at = leaf.walk.at
            if self.data.cache.missing(*leaf.walk.next()):
                self.data.bring([(at, min(at + _AHEAD, leaf.stop))])
                self.data.start([(at + _AHEAD, min(at + 2 * _AHEAD, leaf.stop))])

    def _far_enough(self, leaf: _Leaf, last: int) -> bool:
        return leaf.walk.ended or not leaf.walk.countable or leaf.walk.known_rows > last

    def _keep_walks(self, leaves: list[_Leaf]) -> None:
        for leaf in leaves:
            if self.data.cache is not None:
                self.data.cache.write(self._walk_name(leaf), leaf.walk.dump())

    def _walk_name(self, leaf: _Leaf) -> str:
        return f"{self.group}-{leaf.number}.pages"

    def _read_whole(self, column: int, leaf: _Leaf) -> None:
        """Gives up reading a chunk by its pages."""
        leaf.pages = leaf.walk = None
        name = self.footer.schema.field(column).name
        self.notes[
            f"The column “{name}” of “{self.footer.name}” was read whole where a part would have done, because its "
            "pages do not tell which rows they hold."
        ] = None


def _places(runs: list[Run], rows: np.ndarray) -> np.ndarray:
    """Where rows lie among the rows of some runs of pages put together."""
    lengths = np.array([run.last_row - run.first_row + 1 for run in runs])
    starts = np.array([run.first_row for run in runs])
    run = np.searchsorted(starts, rows, "right") - 1
    return rows - starts[run] + (np.cumsum(lengths) - lengths)[run]


def _check_even(lists: pa.Array, count: int, runs: list[Run]) -> None:
    """Raises _Uneven unless all rows have ``count`` numbers, at whatever depth; a run may cut its first and last."""
    ends = np.cumsum([run.last_row - run.first_row + 1 for run in runs])
    cut = np.concatenate([ends - 1, (ends[:-1]), [0]])
    offsets = None
    whole = np.ones(len(lists), dtype=bool)
    whole[cut] = False
    nulls = lists.null_count > 0
    while pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type):
        inner = np.asarray(lists.offsets)
        offsets = inner if offsets is None else inner[offsets]
        lists = lists.values
    lengths = np.diff(offsets)
    if nulls or (lengths[whole] != count).any() or (lengths > count).any():
        raise _Uneven
