"""The pages of a column chunk: their headers, where they lie, and which rows they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import thrift

DATA, INDEX, DICTIONARY, DATA_V2 = range(4)
"""Types of pages."""

_INNER = {DATA: 5, INDEX: 6, DICTIONARY: 7, DATA_V2: 8}
_CODED = (2, 8)
_LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class PageHeader:
    """What stands before a page: ``length`` bytes long, the page behind it ``size`` bytes.

    ``entries`` counts one for every number of a list and one for a missing or empty list; ``rows`` is told by data
    pages of version 2 only. ``coded`` pages need the dictionary of their chunk.
    """

    kind: int
    length: int
    size: int
    entries: int
    rows: int | None
    coded: bool

    @property
    def is_data(self) -> bool:
        """Whether the page holds rows."""
        return self.kind in (DATA, DATA_V2)


def read_header(data: bytes, start: int = 0) -> PageHeader:
    """The page header at ``start``. Raises thrift.Truncated, or thrift.Malformed when there is none."""
    try:
        fields, end = thrift.read_struct(data, start)
    except thrift.Truncated:
        if len(data) - start >= _LONGEST_HEADER:
            raise thrift.Malformed("a page header does not end") from None
        raise
    try:
        kind, plain_size, size = (fields[number].value for number in (1, 2, 3))
        inner = fields[_INNER[kind]].value
        entries = 0 if kind == INDEX else inner[1].value
        encoding = inner[2].value if kind == DATA else inner[4].value if kind == DATA_V2 else None
        rows = inner[3].value if kind == DATA_V2 else None
    except (KeyError, TypeError) as error:
        raise thrift.Malformed(f"a page header lacks a field ({error})") from None
    if min(size, plain_size, entries) < 0:
        raise thrift.Malformed("a page header has a negative size")
    return PageHeader(kind, end - start, size, entries, rows, encoding in _CODED)


@dataclass(frozen=True)
class Run:
    """Pages that follow each other: numbers of the first and last, and of the first and last row they touch.

    ``within``: the first page begins in the middle of its first row.
    """

    first: int
    last: int
    first_row: int
    last_row: int
    within: bool


@dataclass(frozen=True)
class PageMap:
    """Data pages of a column chunk, from its first one on, for rows below ``rows``.

    ``first_row`` is the row that the first entry of a page belongs to; ``within`` says that this row began in an
    earlier page. ``entries_a_row`` is set where rows were counted by dividing entries, which holds only if every
    vector has that length. ``coded`` is None where it is not known which pages need the dictionary.
    ``versions_two`` says that pages are known to be of version 2.
    """

    offset: np.ndarray
    size: np.ndarray
    first_row: np.ndarray
    within: np.ndarray
    rows: int
    dictionary: tuple[int, int] | None
    coded: np.ndarray | None
    entries_a_row: int | None = None
    versions_two: bool = False

    def runs(self, rows: np.ndarray) -> list[Run]:
        """The pages that hold something of ``rows`` (sorted, not empty), as runs."""
        lasts = np.append(self.first_row[1:] - ~self.within[1:], self.rows - 1)
        wanted = np.searchsorted(rows, self.first_row, "left") < np.searchsorted(rows, lasts, "right")
        pages = np.flatnonzero(wanted)
        ends = [(int(part[0]), int(part[-1])) for part in np.split(pages, np.flatnonzero(np.diff(pages) > 1) + 1)]
        return [
            Run(first, last, int(self.first_row[first]), int(lasts[last]), bool(self.within[first]))
            for first, last in ends
        ]

    def range(self, run: Run) -> tuple[int, int]:
        """The bytes of a run."""
        return int(self.offset[run.first]), int(self.offset[run.last] + self.size[run.last])


def from_offset_index(data: bytes, rows: int, start: int) -> PageMap:
    """The map that a file brings along: an OffsetIndex of a chunk with ``rows`` rows that begins at ``start``.

    Raises thrift.Truncated or thrift.Malformed.
    """
    try:
        places = [page for page in thrift.read_struct(data)[0][1].value.values]
        offset, size, first_row = (
            np.array([page[number].value for page in places], dtype=np.int64) for number in (1, 2, 3)
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise thrift.Malformed(f"a page index lacks a field ({error})") from None
    ordered = len(offset) and first_row[0] == 0 and (np.diff(offset) > 0).all() and (np.diff(first_row) >= 0).all()
    if not ordered or first_row[-1] > rows or offset[0] < start or size.min() <= 0:
        raise thrift.Malformed("a page index is out of order")
    dictionary = (start, int(offset[0])) if offset[0] > start else None
    return PageMap(offset, size, first_row, np.zeros(len(offset), dtype=bool), rows, dictionary, None)
