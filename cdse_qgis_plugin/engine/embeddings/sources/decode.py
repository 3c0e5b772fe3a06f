"""Pages to columns: some pages of a column chunk become a Parquet file of their own, in memory, that pyarrow reads.

So every encoding, compression and type that pyarrow knows is read as it reads it, checksums included; what is ours is
only which pages there are and which rows they hold.
"""

from __future__ import annotations

import base64

import pyarrow as pa
import pyarrow.parquet as pq

from .footer import Footer, damaged
from .thrift import BINARY, I32, I64, LIST, STRUCT, Field, List, write_struct

_MAGIC = b"PAR1"


class Chunk:
    """The pages of one leaf column that a small file is made of. ``pages`` begin with ``dictionary`` bytes of that;
    ``codec`` is their compression in Parquet's numbers, by default that of the file."""

    def __init__(self, leaf: int, pages: list[bytes], dictionary: int, entries: int, codec: int | None = None):
        self.leaf, self.pages, self.dictionary, self.entries, self.codec = leaf, pages, dictionary, entries, codec
        self.size = sum(map(len, pages))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without the extension or dictionary around it."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def decode(footer: Footer, group: int, column: int, chunks: list[Chunk], rows: int) -> pa.Array:
    """A top-level column from the pages of its leaves, which hold ``rows`` rows; lists of fixed size become lists.

    Raises EngineError ``source_damaged``.
    """
    leaves = [chunk.leaf for chunk in chunks]
    kind = _loose(plain_type(footer.schema.field(column).type))
    data = [_MAGIC]
    at = len(_MAGIC)
    columns = []
    for chunk in chunks:
        columns.append(_column(footer, group, chunk, at))
        data += chunk.pages
        at += chunk.size
    group_fields = {
        1: Field(LIST, List(STRUCT, columns)),
        2: Field(I64, at),
        3: Field(I64, rows),
    }
    fields = {
        1: Field(I32, 2),
        2: Field(LIST, List(STRUCT, subtree(footer, leaves))),
        3: Field(I64, rows),
        4: Field(LIST, List(STRUCT, [group_fields])),
        5: Field(LIST, List(STRUCT, [_arrow_schema(pa.field(footer.schema.field(column).name, kind))])),
    }
    if 6 in footer.tree:
        fields[6] = footer.tree[6]
    written = write_struct(fields)
    data += [written, len(written).to_bytes(4, "little"), _MAGIC]
    try:
        file = pq.ParquetFile(pa.BufferReader(b"".join(data)), page_checksum_verification=True)
        found = file.read(use_threads=False).column(0)
    except (pa.ArrowException, OSError) as error:
        raise damaged(footer.name, str(error)) from error
    if len(found) != rows:
        raise damaged(footer.name, f"{len(found)} rows were found in pages that should have {rows}")
    return found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)


def subtree(footer: Footer, leaves: list[int]) -> list[dict[int, Field]]:
    """The elements of the schema that lead to some leaves, depth first."""
    elements = footer.schema_elements
    at = leaf = 0

    def visit() -> list[dict[int, Field]]:
        nonlocal at, leaf
        element = elements[at]
        at += 1
        children = element[5].value if 5 in element else 0
        if not children:
            leaf += 1
            return [element] if leaf - 1 in leaves else []
        inside = [found for found in (visit() for _ in range(children)) if found]
        if not inside:
            return []
        return [{**element, 5: Field(I32, len(inside))}, *(part for found in inside for part in found)]

    return visit()


def _column(footer: Footer, group: int, chunk: Chunk, at: int) -> dict[int, Field]:
    """The description of a chunk whose pages begin at ``at``, from the one in the file."""
    said = footer.chunk(group, chunk.leaf)[3].value
    kept = {number: said[number] for number in (1, 2, 3, 4) if number in said}
    if chunk.codec is not None:
        kept[4] = Field(I32, chunk.codec)
    if chunk.dictionary:
        kept[11] = Field(I64, at)
    return {
        2: Field(I64, at),
        3: Field(
            STRUCT,
            {
                **kept,
                5: Field(I64, chunk.entries),
                6: Field(I64, chunk.size),
                7: Field(I64, chunk.size),
                9: Field(I64, at + chunk.dictionary),
            },
        ),
    }


def _loose(kind: pa.DataType) -> pa.DataType:
    """A type whose lists may have any length, since pages may cut the first and last row."""
    if pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_loose(plain_type(kind.value_type))))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_loose(plain_type(kind.value_type))))
    return kind


def _arrow_schema(field: pa.Field) -> dict[int, Field]:
    """The entry of a file's metadata that tells pyarrow the exact types."""
    text = base64.b64encode(pa.schema([field]).serialize().to_pybytes())
    return {1: Field(BINARY, b"ARROW:schema"), 2: Field(BINARY, text)}
