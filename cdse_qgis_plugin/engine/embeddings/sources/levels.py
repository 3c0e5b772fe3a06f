"""Repetition levels of a page that begins in the middle of a row, changed so that a row begins there.

Data pages of version 1 without a page index may cut a row in two. Read by itself, such a page would begin with the
continuation of a row nobody has seen; marked as the beginning of one, its first piece is a short row to be ignored.
"""

from __future__ import annotations

import zlib

import pyarrow as pa

from . import thrift

_CODECS = {0: None, 1: "snappy", 2: "gzip", 4: "brotli", 6: "zstd", 7: "lz4_raw"}
_RLE = 3


class Uncut(Exception):
    """The page is written in a way that we do not change."""


def begin_row(page: bytes, codec: int, most: int) -> bytes:
    """A data page of version 1, header included, whose first entry begins a row.

    ``codec`` is the compression in Parquet's numbers, ``most`` the highest repetition level of the column.
    Raises Uncut for old encodings and codecs, thrift.Malformed for a damaged page.
    """
    header, at = thrift.read_struct(page)
    details = header[5].value
    if details[4].value != _RLE or codec not in _CODECS:
        raise Uncut
    body = page[at:]
    if 4 in header and zlib.crc32(body) != header[4].value & 0xFFFFFFFF:
        raise thrift.Malformed("the checksum of a page is wrong")
    try:
        plain = pa.decompress(body, header[2].value, _CODECS[codec], asbytes=True) if codec else body
    except (pa.ArrowException, OSError) as error:
        raise thrift.Malformed(str(error)) from None
    length = int.from_bytes(plain[:4], "little")
    if len(plain) != header[2].value or length > len(plain) - 4:
        raise thrift.Malformed("the levels of a page run past its end")
    levels = _first_is_zero(plain[4 : 4 + length], most.bit_length())
    plain = len(levels).to_bytes(4, "little") + levels + plain[4 + length :]
    body = pa.compress(plain, _CODECS[codec], asbytes=True) if codec else plain
    changed = {number: value for number, value in header.items() if number != 4}
    changed[2], changed[3] = thrift.Field(thrift.I32, len(plain)), thrift.Field(thrift.I32, len(body))
    return thrift.write_struct(changed) + body


def _first_is_zero(levels: bytes, bits: int) -> bytes:
    """Levels in the hybrid of runs and packed bits, the first of which becomes zero."""
    head, at = _varint(levels, 0)
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
