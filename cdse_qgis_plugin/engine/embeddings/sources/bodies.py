"""What is in a data page of version 1: opened, as a whole or as far as its bytes go, changed, and closed again.

Such pages may cut a row in two, and then a page does not begin with a row; and of a long page often only the beginning
is wanted. Neither could be read by itself: here the first is made to begin a row, the second to end with one.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from . import thrift
from .snappy import decompress_start

_NONE, _SNAPPY, _GZIP, _ZSTD = 0, 1, 2, 6
_CODECS = {_SNAPPY: "snappy", _GZIP: "gzip", 4: "brotli", _ZSTD: "zstd", 7: "lz4_raw"}
_PLAIN, _RLE = 0, 3
_DATA, _DICTIONARY = 0, 2
_ENTRIES = {_DATA: 5, _DICTIONARY: 7}

_LEAST_SAVED = 64 << 10
"""Bytes of a page that must be left to make it worth while to read only its beginning."""

_SLACK = 4096
"""Bytes read beyond the share of a page that is wanted, and a hundredth of the page, since no share is exact."""

_ZSTD_BLOCK = 128 << 10


class Uncut(Exception):
    """The page is written in a way that we do not change, or needs to be there as a whole."""


@dataclass
class Body:
    """A page without compression: its header and as much of it as is there."""

    header: dict[int, thrift.Field]
    plain: bytes

    @property
    def entries(self) -> int:
        """How many entries the whole page has."""
        return self.header[_ENTRIES[self.header[1].value]].value[1].value

    @property
    def _levels_end(self) -> int:
        return 4 + int.from_bytes(self.plain[:4], "little")

    def row_starts(self, repetitions: int) -> np.ndarray:
        """The entries that begin a row, for a column with that many lists around its values.

        Raises Uncut when not all levels are there, thrift.Malformed when they are damaged.
        """
        if not repetitions:
            return np.arange(self.entries)
        return np.flatnonzero(_zeros(self._repetition_levels(), repetitions.bit_length(), self.entries))

    def begin_row(self, repetitions: int) -> None:
        """Makes the first entry begin a row: what an earlier row left in this page is a short row from now on."""
        levels = _first_is_zero(self._repetition_levels(), repetitions.bit_length())
        self.plain = len(levels).to_bytes(4, "little") + levels + self.plain[self._levels_end :]

    def end_after(self, entries: int, repetitions: int, definitions: int, width: int | None) -> None:
        """Leaves only so many entries, whose values have ``width`` bytes, or each its length in front with None.

        Raises Uncut when the page is not plain or does not reach so far.
        """
        inner = self.header[5].value
        if inner[2].value != _PLAIN or inner[3].value != _RLE:
            raise Uncut
        at = 0
        for level in (repetitions, definitions):
            if level:
                if at + 4 > len(self.plain):
                    raise Uncut
                at += 4 + int.from_bytes(self.plain[at : at + 4], "little")
        end = at + entries * width if width else _after_texts(self.plain, at, entries)
        if end > len(self.plain):
            raise Uncut
        self.header = {**self.header, 5: thrift.Field(thrift.STRUCT, {**inner, 1: thrift.Field(thrift.I32, entries)})}
        self.plain = self.plain[:end]

    def closed(self) -> bytes:
        """The page with its header, without compression."""
        size = thrift.Field(thrift.I32, len(self.plain))
        header = {number: value for number, value in self.header.items() if number != 4}
        return thrift.write_struct({**header, 2: size, 3: size}) + self.plain

    def _repetition_levels(self) -> bytes:
        if self.header[5].value[4].value != _RLE:
            raise Uncut
        if len(self.plain) < 4 or self._levels_end > len(self.plain):
            raise Uncut
        return self.plain[4 : self._levels_end]


def open_page(page: bytes, codec: int) -> Body:
    """A whole page of version 1 or a dictionary; ``codec`` is its compression in Parquet's numbers.

    Raises Uncut for other kinds and for codecs that we cannot undo, thrift.Malformed for a damaged page.
    """
    header, at = _header(page)
    if codec != _NONE and codec not in _CODECS:
        raise Uncut
    body, size = page[at:], header[2].value
    if 4 in header and zlib.crc32(body) != header[4].value & 0xFFFFFFFF:
        raise thrift.Malformed("the checksum of a page is wrong")
    try:
        plain = pa.decompress(body, size, _CODECS[codec], asbytes=True) if codec else body
    except (pa.ArrowException, OSError) as error:
        raise thrift.Malformed(str(error)) from None
    if len(plain) != size:
        raise thrift.Malformed("a page has another size than its header says")
    return Body(header, plain)


def open_start(start: bytes, codec: int) -> Body:
    """The first bytes of a page of version 1, as far as they go.

    Raises Uncut where only the whole page will do: with a checksum, which would go unchecked, and for other codecs.
    """
    header, at = _header(start)
    if 4 in header:
        raise Uncut
    body = start[at:]
    if codec == _NONE:
        return Body(header, body)
    if codec == _SNAPPY:
        return Body(header, decompress_start(body))
    if codec == _GZIP:
        try:
            return Body(header, zlib.decompressobj(47).decompress(body))
        except zlib.error as error:
            raise thrift.Malformed(str(error)) from None
    if codec == _ZSTD:
        return Body(header, _zstd_start(body))
    raise Uncut


def start_size(size: int, plain_size: int, share: float, codec: int) -> int:
    """Bytes of a page, header included, that surely hold a share of its rows, counted from its beginning; all of them
    where it would not save much to read less. ``plain_size`` is about what it has without compression."""
    if codec not in (_NONE, _SNAPPY, _GZIP, _ZSTD):
        return size
    block = _ZSTD_BLOCK * size // max(size, plain_size) if codec == _ZSTD else 0
    wanted = int(size * share * 1.01) + size // 100 + _SLACK + block
    return wanted if size - wanted >= _LEAST_SAVED else size


def _header(page: bytes) -> tuple[dict[int, thrift.Field], int]:
    header, at = thrift.read_struct(page)
    if header[1].value not in _ENTRIES:
        raise Uncut
    return header, at


def _zstd_start(body: bytes) -> bytes:
    stream, parts = pa.CompressedInputStream(pa.BufferReader(body), "zstd"), []
    try:
        while part := stream.read(1 << 14):
            parts.append(part)
    except (pa.ArrowException, OSError):
        pass  # the stream ends where our bytes end
    return b"".join(parts)


def _after_texts(plain: bytes, at: int, count: int) -> int:
    """Where the texts end of which there are ``count`` from ``at`` on, each with its length in front."""
    for _ in range(count):
        if at + 4 > len(plain):
            raise Uncut
        at += 4 + int.from_bytes(plain[at : at + 4], "little")
    return at


def _zeros(levels: bytes, bits: int, entries: int) -> np.ndarray:
    """Which of so many levels are zero, in the hybrid of runs and packed bits."""
    found, at, left = [], 0, entries
    while left > 0:
        head, at = _varint(levels, at)
        if head & 1:
            packed = np.frombuffer(levels[at : at + (head >> 1) * bits], np.uint8)
            at += len(packed)
            values = np.unpackbits(packed, bitorder="little")
            zero = ~values[: len(values) // bits * bits].reshape(-1, bits).any(axis=1)[:left]
        else:
            width = (bits + 7) // 8
            zero = np.full(min(head >> 1, left), not any(levels[at : at + width]))
            at += width
        if not len(zero):
            raise thrift.Malformed("the levels of a page are cut off")
        found.append(zero)
        left -= len(zero)
    return np.concatenate(found) if found else np.empty(0, dtype=bool)


def _first_is_zero(levels: bytes, bits: int) -> bytes:
    """Levels in the hybrid of runs and packed bits, the first of which becomes zero."""
    head, at = _varint(levels, 0)
    if at >= len(levels):
        raise thrift.Malformed("the levels of a page are cut off")
    if head & 1:  # packed: the first value is in the lowest bits of the first byte
        first = levels[at] & ~((1 << bits) - 1) & 0xFF
        return levels[:at] + bytes([first]) + levels[at + 1 :]
    width = (bits + 7) // 8
    value, rest = levels[at : at + width], levels[at + width :]
    count = head >> 1
    again = _as_varint((count - 1) << 1) + value if count > 1 else b""
    return _as_varint(1 << 1) + bytes(width) + again + rest


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise thrift.Malformed("the levels of a page are cut off")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
