"""Finding the pages of a chunk that has no page index: from header to header, each telling where the next one is."""

from __future__ import annotations

import io

import numpy as np

from . import thrift
from .pages import DICTIONARY, PageHeader, PageMap, read_header

STEP = 256
"""Bytes read for a header; one rarely has more than a hundred."""


class Walk:
    """How far a chunk's pages are known. ``at`` is where the next header lies; it can be kept and taken up again.

    ``start`` and ``stop`` bound the chunk; it has ``rows`` rows and ``entries`` entries, which for a nested column
    are more than rows.
    """

    def __init__(self, start: int, stop: int, rows: int, entries: int, nested: bool):
        self.at, self._start, self._stop = start, start, stop
        self._rows, self._entries, self._nested = rows, entries, nested
        self._dictionary: tuple[int, int] | None = None
        self._found: list[tuple[int, int, int, int, bool]] = []
        self.step = STEP
        self._seen = 0
        self._seen_rows: int | None = 0

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
        """What a row has, if all rows have the same; None where they differ or the pages say it themselves."""
        if not self._nested or (self._found and self._seen_rows is not None):
            return None
        even = self._rows and self._entries % self._rows == 0
        return self._entries // self._rows if even else None

    @property
    def countable(self) -> bool:
        """Whether the pages tell which rows they hold."""
        if not self._nested or not self._found or self._seen_rows is not None:
            return True
        return self.entries_a_row is not None

    @property
    def known_rows(self) -> int:
        """Rows from the first on whose pages are all known."""
        if self.ended:
            return self._rows
        if not self._nested:
            return self._seen
        if self._seen_rows is not None:
            return self._seen_rows
        return self._seen // self.entries_a_row if self.entries_a_row else 0

    def next(self) -> tuple[int, int]:
        """The bytes to look at next."""
        return self.at, min(self.at + self.step, self._stop)

    def take(self, data: bytes) -> None:
        """Goes on by the header that ``data``, read at ``at``, begins with.

        Raises thrift.Malformed when there is none. A header longer than the data is asked for once more.
        """
        try:
            header = read_header(data)
        except thrift.Truncated:
            if self.at + len(data) >= self._stop:
                raise thrift.Malformed("a page header is cut off") from None
            self.step *= 4
            return
        self._note(header)

    def _note(self, header: PageHeader) -> None:
        size = header.length + header.size
        if self.at + size > self._stop:
            raise thrift.Malformed("a page runs past the end of its column chunk")
        if header.kind == DICTIONARY:
            self._dictionary = (self.at, self.at + size)
        elif header.is_data:
            rows = -1 if header.rows is None else header.rows
            self._found.append((self.at, size, header.entries, rows, header.coded))
            self._count(header.entries, rows)
        self.at += size

    def _count(self, entries: int, rows: int) -> None:
        self._seen += entries
        if self._seen > self._entries:
            raise thrift.Malformed("the pages hold more than their column chunk")
        self._seen_rows = None if rows < 0 or self._seen_rows is None else self._seen_rows + rows

    def map(self) -> PageMap:
        """The pages that are known. Only where ``countable``."""
        offset, size, entries, rows, coded = np.array(self._found, dtype=np.int64).reshape(-1, 5).T
        before = np.cumsum(rows if self._nested and self._seen_rows is not None else entries)
        before = np.concatenate([[0], before])[:-1]
        within = np.zeros(len(offset), dtype=bool)
        if self.entries_a_row:
            within, before = before % self.entries_a_row != 0, before // self.entries_a_row
        return PageMap(
            offset, size, before, within, self.known_rows, self._dictionary, coded.astype(bool), self.entries_a_row
        )

    def dump(self) -> bytes:
        """What is known, to be kept."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            found=np.array(self._found, dtype=np.int64).reshape(-1, 5),
            dictionary=np.array(self._dictionary or (-1, -1), dtype=np.int64),
            at=np.int64(self.at),
        )
        return out.getvalue()

    def load(self, data: bytes) -> None:
        """Takes up a walk that was kept; one that cannot be read is begun anew."""
        try:
            with np.load(io.BytesIO(data)) as kept:
                found, dictionary, at = kept["found"].tolist(), kept["dictionary"].tolist(), int(kept["at"])
        except (ValueError, KeyError, OSError, EOFError):
            return
        self._found = [(*page[:4], bool(page[4])) for page in found]
        self._dictionary = tuple(dictionary) if dictionary[0] >= 0 else None
        self.at = at
        for _, _, entries, rows, _ in self._found:
            self._count(entries, rows)
