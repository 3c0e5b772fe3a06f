"""The rows of a chunk from only those of its pages that hold them, and of the last ones only as much as needed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from . import thrift
from .bodies import Uncut, open_page, open_start, start_size
from .decode import Chunk, decode
from .footer import Footer
from .leaf import Leaf
from .pages import Run, read_header
from .ranges import RangedBytes


class Uneven(Exception):
    """Rows are not where counting put them: they differ in length."""


@dataclass
class Cut:
    """A run of pages of which the last is wanted only up to row ``last_row``, for which ``stop`` bytes of it do."""

    run: Run
    stop: int
    last_row: int

    @property
    def whole(self) -> bool:
        """Whether the last page is wanted as a whole."""
        return self.last_row == self.run.last_row


def cuts(leaf: Leaf, rows: np.ndarray, whole_pages: bool = False) -> list[Cut]:
    """The runs of pages that hold some rows (sorted, not empty), each as far as it is wanted."""
    return [_cut(leaf, run, rows, whole_pages) for run in leaf.pages.runs(rows)]


def ranges(leaf: Leaf, rows: np.ndarray) -> list[tuple[int, int]]:
    """The bytes that hold some rows, without a dictionary."""
    return [(int(leaf.pages.offset[cut.run.first]), cut.stop) for cut in cuts(leaf, rows)]


def read_rows(footer: Footer, data: RangedBytes, group: int, leaf: Leaf, rows: np.ndarray) -> pa.Array:
    """The values of some rows of a chunk whose pages are known, ascending and counted in the group.

    Raises Uneven when the rows are not where they were thought to be, Uncut when the pages are written in a way that
    cannot be read by the page, thrift.Truncated or thrift.Malformed when they are damaged.
    """
    wanted = cuts(leaf, rows)
    try:
        return _decoded(footer, data, group, leaf, rows, wanted)
    except (Uncut, thrift.Truncated):
        if all(cut.whole for cut in wanted):
            raise
        return _decoded(footer, data, group, leaf, rows, cuts(leaf, rows, whole_pages=True))


def _cut(leaf: Leaf, run: Run, rows: np.ndarray, whole_pages: bool) -> Cut:
    pages = leaf.pages
    stop = pages.range(run)[1]
    whole = Cut(run, stop, run.last_row)
    coded = pages.coded is not None and pages.coded[run.last]
    if whole_pages or coded or pages.versions_two or (not leaf.width and leaf.repetitions):
        return whole
    last = int(rows[np.searchsorted(rows, run.last_row, "right") - 1])
    first = int(pages.first_row[run.last])
    size = int(pages.size[run.last])
    share = (last - first + 1) / (run.last_row - first + 1)
    part = start_size(size, int(size / max(leaf.squeezed, 1e-3)), share, leaf.codec)
    if part >= size or last >= run.last_row:
        return whole
    return Cut(run, stop - size + part, last)


def _decoded(
    footer: Footer, data: RangedBytes, group: int, leaf: Leaf, rows: np.ndarray, wanted: list[Cut]
) -> pa.Array:
    pages = leaf.pages
    said = data.read([(int(pages.offset[cut.run.first]), cut.stop) for cut in wanted])
    parts = [part for cut, part in zip(wanted, said, strict=True) for part in _pages(leaf, cut, part)]
    headers = [read_header(part) for part in parts]
    if not all(header.is_data for header in headers):
        raise thrift.Malformed("a page is not what the page index says")
    dictionary = []
    if any(header.coded for header in headers) and pages.dictionary:
        dictionary = data.read([pages.dictionary])
    codec = leaf.codec
    if any(cut.run.within or not cut.whole for cut in wanted):
        codec, dictionary, parts = (
            0,
            [open_page(part, leaf.codec).closed() for part in dictionary],
            _opened(leaf, wanted, parts),
        )
        headers = [read_header(part) for part in parts]
    chunk = Chunk(
        leaf.number, [*dictionary, *parts], sum(map(len, dictionary)), sum(header.entries for header in headers), codec
    )
    runs = [replace(cut.run, last_row=cut.last_row) for cut in wanted]
    found = decode(footer, group, leaf.column, [chunk], sum(run.last_row - run.first_row + 1 for run in runs))
    if pages.entries_a_row:
        _check_even(found, pages.entries_a_row, runs)
    return found.take(pa.array(_places(runs, rows)))


def _pages(leaf: Leaf, cut: Cut, data: bytes) -> list[bytes]:
    """The single pages of a run, header included; raises thrift.Malformed when they are not what was announced."""
    offset, size = leaf.pages.offset, leaf.pages.size
    found = []
    for number in range(cut.run.first, cut.run.last + 1):
        at = int(offset[number] - offset[cut.run.first])
        page = data[at : at + int(size[number])]
        header = read_header(page)
        if header.length + header.size != size[number]:
            raise thrift.Malformed("a page is not what the page index says")
        found.append(page)
    return found


def _opened(leaf: Leaf, wanted: list[Cut], parts: list[bytes]) -> list[bytes]:
    """The pages without compression: the first of a run begins a row, the last ends with the last row wanted."""
    found, rest = [], iter(parts)
    for cut in wanted:
        for number in range(cut.run.first, cut.run.last + 1):
            ends = number == cut.run.last and not cut.whole
            body = (open_start if ends else open_page)(next(rest), leaf.codec)
            if ends:
                starts = body.row_starts(leaf.repetitions)
                if leaf.pages.within[number]:
                    starts = np.concatenate([[0], starts])
                after = cut.last_row - int(leaf.pages.first_row[number]) + 1
                if after >= len(starts):
                    raise Uncut
                body.end_after(int(starts[after]), leaf.repetitions, leaf.definitions, leaf.width)
            if number == cut.run.first and cut.run.within:
                body.begin_row(leaf.repetitions)
            found.append(body.closed())
    return found


def _places(runs: list[Run], rows: np.ndarray) -> np.ndarray:
    """Where rows lie among the rows of some runs of pages put together."""
    lengths = np.array([run.last_row - run.first_row + 1 for run in runs])
    starts = np.array([run.first_row for run in runs])
    run = np.searchsorted(starts, rows, "right") - 1
    return rows - starts[run] + (np.cumsum(lengths) - lengths)[run]


def _check_even(lists: pa.Array, count: int, runs: list[Run]) -> None:
    """Raises Uneven unless all rows have ``count`` numbers, at whatever depth; a run may cut its first and last."""
    ends = np.cumsum([run.last_row - run.first_row + 1 for run in runs])
    whole = np.ones(len(lists), dtype=bool)
    whole[[*(ends - 1), *ends[:-1], 0]] = False
    nulls, offsets = lists.null_count, None
    while pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type):
        inner = np.asarray(lists.offsets)
        offsets = inner if offsets is None else inner[offsets]
        lists = lists.values
    lengths = np.diff(offsets)
    if nulls or (lengths[whole] != count).any() or (lengths > count).any():
        raise Uneven
