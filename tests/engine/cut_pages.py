"""A Parquet file whose pages are cut at any entry, also within a row, as some writers do; pyarrow does it no more."""

import itertools
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdse_qgis_plugin.engine.embeddings.sources import thrift
from cdse_qgis_plugin.engine.embeddings.sources.thrift import I32, I64, STRUCT, Field

from .ranged import written

_CODECS = {"none": 0, "snappy": 1, "gzip": 2, "zstd": 6}


def cut_file(values: np.ndarray, cuts, compression: str = "snappy", packed: bool = False, crc: bool = True) -> bytes:
    """A file with one list column ``v`` of a matrix, one data page (version 1, plain) between any two of ``cuts``."""
    dim = values.shape[1]
    offsets = np.arange(0, values.size + 1, dim, dtype=np.int32)
    like = written(
        pa.table({"v": pa.ListArray.from_arrays(offsets, pa.array(values.ravel()))}), compression=compression,
        use_dictionary=False, write_statistics=False,
    )  # fmt: skip
    length = int.from_bytes(like[-8:-4], "little")
    tree, _ = thrift.read_struct(like[-8 - length : -8])
    repetition = (np.arange(values.size) % dim != 0).astype(np.uint8)
    most = pq.read_metadata(pa.BufferReader(like)).schema.column(0).max_definition_level
    pages = []
    for start, stop in zip([0, *cuts], [*cuts, values.size], strict=True):
        body = _levels(repetition[start:stop], 1, packed) + _levels(np.full(stop - start, most), 2, packed)
        body += values.ravel()[start:stop].tobytes()
        pages.append(_page(body, stop - start, compression, crc))
    chunk = tree[4].value.values[0][1].value.values[0]
    about = chunk[3].value
    size = sum(map(len, pages))
    about |= {6: Field(I64, size), 7: Field(I64, size), 9: Field(I64, 4)}
    for unused in (8, 10, 11, 12, 13, 16):
        about.pop(unused, None)
    footer = thrift.write_struct(tree)
    return b"PAR1" + b"".join(pages) + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _page(body: bytes, entries: int, compression: str, crc: bool) -> bytes:
    squeezed = pa.compress(body, compression, asbytes=True) if _CODECS[compression] else body
    header = {
        1: Field(I32, 0),
        2: Field(I32, len(body)),
        3: Field(I32, len(squeezed)),
        5: Field(STRUCT, {1: Field(I32, entries), 2: Field(I32, 0), 3: Field(I32, 3), 4: Field(I32, 3)}),
    }
    if crc:
        unsigned = zlib.crc32(squeezed)
        header[4] = Field(I32, unsigned - (1 << 32) if unsigned >= 1 << 31 else unsigned)
    return thrift.write_struct(header) + squeezed


def _levels(levels: np.ndarray, bits: int, packed: bool) -> bytes:
    """Levels with their length in front, as runs or as packed bits."""
    out = bytearray()
    if packed:
        padded = np.concatenate([levels, np.zeros(-len(levels) % 8, dtype=levels.dtype)])
        thrift._write_varint(out, len(padded) // 8 << 1 | 1)
        shifts = (padded[:, None] >> np.arange(bits)) & 1
        out += np.packbits(shifts.astype(np.uint8).ravel(), bitorder="little").tobytes()
    else:
        edges = np.concatenate([[0], np.flatnonzero(np.diff(levels)) + 1, [len(levels)]])
        for start, stop in itertools.pairwise(edges):
            thrift._write_varint(out, int(stop - start) << 1)
            out.append(int(levels[start]))
    return len(out).to_bytes(4, "little") + bytes(out)
