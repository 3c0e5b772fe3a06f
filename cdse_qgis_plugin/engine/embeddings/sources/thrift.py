"""Thrift's compact protocol, as far as Parquet uses it: structures read into plain values and written back.

A structure is a dict from field number to ``Field``, so what was read can be changed in one place and written again
without knowing the rest.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_DEEPEST = 32


class Field(NamedTuple):
    """A value with its type in the protocol; the value of a list is a ``List``, of a structure a dict."""

    type: int
    value: Any


class List(NamedTuple):
    """The values of a list and the type they share."""

    type: int
    values: list


class Truncated(ValueError):
    """The bytes end before the structure does."""


class Malformed(ValueError):
    """The bytes are not a structure of the compact protocol."""


def read_struct(data: bytes, start: int = 0) -> tuple[dict[int, Field], int]:
    """The structure at ``start`` and where it ends. Raises Truncated or Malformed."""
    return _Reader(data, start).whole()


def write_struct(fields: dict[int, Field]) -> bytes:
    """A structure as bytes, its fields in the order of their numbers."""
    out = bytearray()
    _write_struct(out, fields)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes, start: int):
        self._data, self._at = data, start

    def whole(self) -> tuple[dict[int, Field], int]:
        found = self._struct(0)
        return found, self._at

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise Truncated("a structure is cut off")
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise Malformed("a number is longer than 64 bits")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise Truncated("a structure is cut off")
        self._at += count
        return bytes(self._data[self._at - count : self._at])

    def _struct(self, depth: int) -> dict[int, Field]:
        if depth > _DEEPEST:
            raise Malformed("structures are nested too deeply")
        fields: dict[int, Field] = {}
        number = 0
        while head := self._byte():
            kind, step = head & 0x0F, head >> 4
            number = number + step if step else self._integer()
            fields[number] = Field(kind, self._value(kind, depth))
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return int.from_bytes(self._bytes(1), "little", signed=True)
        if kind in (I16, I32, I64):
            return self._integer()
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind == DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == STRUCT:
            return self._struct(depth + 1)
        raise Malformed(f"a field has the unknown type {kind}")

    def _list(self, depth: int) -> List:
        head = self._byte()
        kind, count = head & 0x0F, head >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._data):  # every element takes a byte at the least
            raise Truncated("a list is cut off")
        if kind in (TRUE, FALSE):
            return List(kind, [self._byte() == TRUE for _ in range(count)])
        return List(kind, [self._value(kind, depth) for _ in range(count)])


def _write_struct(out: bytearray, fields: dict[int, Field]) -> None:
    last = 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, _zigzag(number))
        if kind not in (TRUE, FALSE):
            _write_value(out, kind, value)
        last = number
    out.append(0)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind == BYTE:
        out += int(value).to_bytes(1, "little", signed=True)
    elif kind in (I16, I32, I64):
        _write_varint(out, _zigzag(value))
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == DOUBLE:
        out += struct.pack("<d", value)
    elif kind in (LIST, SET):
        _write_list(out, value)
    elif kind == STRUCT:
        _write_struct(out, value)
    else:
        raise Malformed(f"a field has the unknown type {kind}")


def _write_list(out: bytearray, found: List) -> None:
    count = len(found.values)
    if count < 15:
        out.append(count << 4 | found.type)
    else:
        out.append(0xF0 | found.type)
        _write_varint(out, count)
    for value in found.values:
        if found.type in (TRUE, FALSE):
            out.append(TRUE if value else FALSE)
        else:
            _write_value(out, found.type, value)


def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def _write_varint(out: bytearray, value: int) -> None:
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
