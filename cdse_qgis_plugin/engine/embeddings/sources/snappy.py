"""The beginning of a Snappy stream; the libraries at hand decompress whole ones only."""

from __future__ import annotations

from .thrift import Malformed


def decompress_start(data: bytes) -> bytes:
    """What a stream holds as far as its bytes go. Raises Malformed when it refers to what is not there."""
    at = 0
    while at < len(data) and data[at] >= 0x80:
        at += 1
    at += 1  # the length of the whole, which is of no use here
    out = bytearray()
    while at < len(data):
        tag = data[at]
        kind, length = tag & 3, (tag >> 2) + 1
        at += 1
        if kind == 0:
            if length > 60:
                width = length - 60
                length = int.from_bytes(data[at : at + width], "little") + 1
                at += width
            out += data[at : at + length]
            at += length
            continue
        width = (1, 2, 4)[kind - 1]
        if at + width > len(data):
            break
        back = int.from_bytes(data[at : at + width], "little")
        at += width
        if kind == 1:
            back, length = back | (tag >> 5) << 8, (tag >> 2 & 7) + 4
        if not 0 < back <= len(out):
            raise Malformed("a compressed page refers to what is not in it")
        start = len(out) - back
        if back >= length:
            out += out[start : start + length]
        else:
            out += (out[start:] * (length // back + 1))[:length]
    return bytes(out)
