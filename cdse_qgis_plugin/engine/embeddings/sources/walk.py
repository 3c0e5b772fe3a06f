"""Finding the pages of a chunk that has no page index: from header to header, each telling where the next one is."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np

from . import thrift
from .bodies import open_page
from .pages import DATA, DICTIONARY, PageHeader, PageMap, read_header

_STEP = 256
"""Bytes read for a header; one rarely has more than a hundred."""


class _Found(NamedTuple):
    """A data page: where it lies, its size, how many entries it has, how many rows begin in it (-1 where that is not
    known), whether it needs the dictionary, and whether it begins in the middle of a row."""

    offset: int
    size: int
    entries: int
    rows: int
    coded: bool
    within: bool


class Walk:
    """How far a chunk's pages are known. ``at`` is where the next header lies; it can be kept and taken up again.

    ``start`` and ``stop`` bound the chunk; it has ``rows`` rows and ``entries`` entries, which for a nested column
    are more than rows. Pages of version 2 say how many rows they hold. For others rows are counted by dividing
    entries, if all rows may have the same number of them; where they have not, or with ``counting``, pages are read
    to count the rows that begin in them.
    """

    def __init__(self, start: int, stop: int, rows: int, entries: int, repetitions: int, codec: int, counting=False):
        self.at, self._start, self._stop = start, start, stop
        self._rows, self._entries = rows, entries
        self._repetitions, self._codec = repetitions, codec
        even = rows > 0 and entries % rows == 0
        self.counting = repetitions > 0 and (counting or not even)
        self._wanted = _STEP
        self._dictionary: tuple[int, int] | None = None
        self._found: list[_Found] = []
        self._seen = self._begun = 0
        self._told = repetitions == 0

    @property
    def ended(self) -> bool:
        """Whether all pages are known."""
        return self.at >= self._stop or self._seen >= self._entries

    @property
    def share(self) -> float:
        """How much of the chunk is behind us, from 0 to 1."""
        return (self.at - self._start) / max(1, self._stop - self._start)

    @property
    def entries_a_row(self) -> int | None:
        """By what entries are divided to count rows; None where rows are counted otherwise."""
        return None if self._told or self.counting else self._entries // max(1, self._rows)

    @property
    def known_rows(self) -> int:
        """Rows from the first on whose pages are all known."""
        if self.ended:
            return self._rows
        if self.entries_a_row:
            return self._seen // self.entries_a_row
        # The last row may go on in the next page, unless the pages are cut between rows.
        return self._begun if self._told else max(0, self._begun - 1)

    def next(self) -> tuple[int, int]:
        """The bytes to look at next."""
        return self.at, min(self.at + self._wanted, self._stop)

    def take(self, data: bytes) -> None:
        """Goes on by the header that ``data``, read at ``at``, begins with, or asks for more of it next.

        Raises thrift.Malformed when there is none, bodies.Uncut when rows cannot be counted.
        """
        try:
            header = read_header(data)
        except thrift.Truncated:
            if self.at + len(data) >= self._stop:
                raise thrift.Malformed("a page header is cut off") from None
            self._wanted *= 4
            return
        size = header.length + header.size
        if self.at + size > self._stop:
            raise thrift.Malformed("a page runs past the end of its column chunk")
        if self.counting and header.kind == DATA and len(data) < size:
            self._wanted = size
            return
        self._note(header, data[:size])
        self.at += size
        # Headers with statistics of long texts are long themselves, and so will be those that follow.
        self._wanted = max(_STEP, header.length * 5 // 4)

    def _note(self, header: PageHeader, page: bytes) -> None:
        size = header.length + header.size
        if header.kind == DICTIONARY:
            self._dictionary = (self.at, self.at + size)
        if not header.is_data:
            return
        rows, within = header.rows, False
        if header.rows is not None:
            self._told, self.counting = True, False
        elif self._repetitions == 0:
            rows = header.entries
        elif self.counting:
            starts = open_page(page, self._codec).row_starts(self._repetitions)
            rows, within = len(starts), header.entries > 0 and (not len(starts) or starts[0] > 0)
        self._add(_Found(self.at, size, header.entries, -1 if rows is None else rows, header.coded, within))

    def _add(self, page: _Found) -> None:
        self._found.append(page)
        self._seen += page.entries
        self._begun += max(0, page.rows)
        if self._seen > self._entries or self._begun > self._rows:
            raise thrift.Malformed("the pages hold more than their column chunk")

    def map(self) -> PageMap:
        """The pages that are known."""
        offset, size, entries, rows, coded, within = np.array(self._found, dtype=np.int64).reshape(-1, 6).T
        if self.entries_a_row:
            before = np.concatenate([[0], np.cumsum(entries)])[:-1]
            within, before = before % self.entries_a_row != 0, before // self.entries_a_row
        else:
            before = np.concatenate([[0], np.cumsum(rows)])[:-1] - within
        return PageMap(
            offset, size, before, within.astype(bool), self.known_rows, self._dictionary, coded.astype(bool),
            self.entries_a_row, versions_two=self._told and self._repetitions > 0,
        )  # fmt: skip

    def dump(self) -> bytes:
        """What is known, to be kept."""
        out = io.BytesIO()
        dictionary = self._dictionary or (-1, -1)
        numbers = np.array([self.at, self._told, self.counting, *dictionary], dtype=np.int64)
        np.savez_compressed(out, numbers=numbers, found=np.array(self._found, dtype=np.int64).reshape(-1, 6))
        return out.getvalue()

    def load(self, data: bytes) -> None:
        """Takes up a walk that was kept; one that cannot be read is begun anew."""
        try:
            with np.load(io.BytesIO(data)) as kept:
                found, numbers = kept["found"].tolist(), kept["numbers"].tolist()
        except (ValueError, KeyError, OSError, EOFError):
            return
        self.at, told, counting, *dictionary = numbers
        self._told, self.counting = bool(told), bool(counting)
        self._dictionary = tuple(dictionary) if dictionary[0] >= 0 else None
        for page in found:
            self._add(_Found(*page[:4], bool(page[4]), bool(page[5])))
