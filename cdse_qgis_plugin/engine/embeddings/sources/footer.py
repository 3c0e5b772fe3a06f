"""The footer of a Parquet file: read with one or two requests, parsed by pyarrow, and by us for what that hides."""

from __future__ import annotations

import functools

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import EngineError
from . import thrift
from .ranges import RangedBytes

TAIL = 64 << 10
"""Bytes read from the end: usually the whole footer, and the page index that lies before it."""

_MAGIC = b"PAR1"


class Footer:
    """The footer of one file. Raises EngineError ``source_damaged`` or ``not_parquet``."""

    def __init__(self, data: RangedBytes):
        self.name = data.item.name
        self._footer = _read(data)
        try:
            file = pq.ParquetFile(pa.BufferReader(_MAGIC + self._footer + _end(self._footer)))
            self.schema: pa.Schema = file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise damaged(self.name, f"its footer makes no sense: {error}") from error
        self.parquet: pq.FileMetaData = file.metadata

    @functools.cached_property
    def tree(self) -> dict[int, thrift.Field]:
        """The footer as it was written, for what pyarrow does not tell: page indexes, and the schema's own words."""
        try:
            return thrift.read_struct(self._footer)[0]
        except ValueError as error:
            raise damaged(self.name, f"its footer makes no sense: {error}") from error

    @property
    def schema_elements(self) -> list[dict[int, thrift.Field]]:
        """The elements of the schema, depth first."""
        return self.tree[2].value.values

    @functools.cached_property
    def leaves(self) -> list[list[int]]:
        """The numbers of the leaf columns below every top-level column."""
        elements = iter(self.schema_elements)
        found, number = [], 0
        for _ in range(next(elements)[5].value):
            below, left = [], 1
            while left:
                children = _children(next(elements))
                left += children - 1
                if not children:
                    below.append(number)
                    number += 1
            found.append(below)
        return found

    @functools.cached_property
    def column_of(self) -> list[int]:
        """The number of the top-level column above every leaf."""
        return [column for column, leaves in enumerate(self.leaves) for _ in leaves]

    def chunk(self, group: int, leaf: int) -> dict[int, thrift.Field]:
        """A column chunk as it was written."""
        return self.tree[4].value.values[group][1].value.values[leaf]


def _children(element: dict[int, thrift.Field]) -> int:
    return element[5].value if 5 in element else 0


def damaged(name: str, details: str) -> EngineError:
    """The error of a file that is not what it should be."""
    return EngineError(
        "source_damaged",
        f"“{name}” cannot be read: it is damaged or not whole.",
        "Try once more; if it stays so, tell whoever publishes the file.",
        details[:2000],
    )


def start(data: RangedBytes) -> None:
    """Has the end of a file brought, where its footer is."""
    if data.item.size > 0:
        data.start([_tail(data)])


def _tail(data: RangedBytes) -> tuple[int, int]:
    return max(0, data.item.size - TAIL), data.item.size


def _end(footer: bytes) -> bytes:
    return len(footer).to_bytes(4, "little") + _MAGIC


def _read(data: RangedBytes) -> bytes:
    size, name = data.item.size, data.item.name
    if size == 0:
        raise EngineError("source_damaged", f"“{name}” is empty (0 bytes).", "Choose another file.")
    (tail,) = data.read([_tail(data)])
    if tail[-4:] == b"PARE":
        raise EngineError("not_parquet", f"“{name}” is encrypted.", "Ask its owner for one that is not.")
    if tail[-4:] != _MAGIC:
        raise _no_footer(data)
    length = int.from_bytes(tail[-8:-4], "little")
    if not 0 < length <= size - 12:
        raise damaged(name, f"its footer would have {length} bytes in a file of {size}")
    if length + 8 > len(tail):
        (footer,) = data.read([(size - 8 - length, size - 8)])
        return footer
    return tail[-8 - length : -8]


def _no_footer(data: RangedBytes) -> EngineError:
    """Whether a file without a footer is half a Parquet file or none at all."""
    (start,) = data.read([(0, min(4, data.item.size))], keep=False)
    if start == _MAGIC:
        return EngineError(
            "source_damaged",
            f"“{data.item.name}” is a Parquet file that is not whole: its end is missing ({data.item.size:,} bytes are "
            "there).",
            "Wait until it is uploaded completely, or tell whoever publishes it.",
        )
    return EngineError(
        "not_parquet",
        f"“{data.item.name}” is not a Parquet file.",
        "Choose a Parquet or GeoParquet file with an embedding column, or a list of such files.",
    )
