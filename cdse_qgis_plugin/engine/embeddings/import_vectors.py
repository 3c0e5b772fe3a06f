"""The embedding of a table: which column or columns hold it, and its values as a matrix."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EngineError
from .parquet_source import SourceFile

_NAMES = ("embedding", "embeddings", "emb", "vector", "vectors", "features", "feature")
_NUMBERED = re.compile(r"^(.*?)(\d+)$")
_LEAST_UNNAMED = 8
"""A list shorter than this is taken as an embedding only by its name: boxes and the like are lists too."""

_PEEK = 512


@dataclass
class Vectors:
    """Where a file keeps its vectors. ``packed``: the type of numbers in a column of raw bytes."""

    columns: list[str]
    type: str
    packed: np.dtype | None = None
    scale: np.ndarray | None = None
    offset: np.ndarray | None = None
    signed_square: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def wide(self) -> bool:
        """Whether there is one column a dimension."""
        return len(self.columns) > 1

    def lengths(self, batch: pa.RecordBatch) -> np.ndarray:
        """Numbers in the vector of every row, int64 (n,); 0 where there is none."""
        if self.wide:
            return np.full(batch.num_rows, len(self.columns), dtype=np.int64)
        column = batch.column(self.columns[0])
        if self.packed is not None:
            return pc.fill_null(pc.binary_length(column), 0).to_numpy().astype(np.int64) // self.packed.itemsize
        return _leaf_counts(column)

    def matrix(self, batch: pa.RecordBatch, dim: int) -> np.ndarray:
        """The vectors of a batch whose rows all have length ``dim``, float32 (n, dim), with NaN for nulls."""
        if self.wide:
            values = np.stack([_numbers(batch.column(name)) for name in self.columns], axis=1)
        elif self.packed is not None:
            column = batch.column(self.columns[0])
            values = np.frombuffer(b"".join(column.to_pylist()), dtype=self.packed)
        else:
            values = batch.column(self.columns[0])
            while _is_list(values.type):
                values = values.flatten()
            values = _numbers(values)
        return self._dequantised(values.reshape(batch.num_rows, dim))

    def _dequantised(self, values: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinite and is counted as such
            if self.signed_square:
                nodata = values == -128
                values = values.astype(np.float32) / np.float32(127.5)
                values = values * np.abs(values)
                values[nodata] = np.nan
            values = values.astype(np.float32, copy=False)
            if self.scale is not None:
                values = values * self.scale
            if self.offset is not None:
                values = values + self.offset
        return values


def find_vectors(file: SourceFile, wanted: str | None, quantization: Any = None, dim: int | None = None) -> Vectors:
    """The vectors of a file: of the ``wanted`` column, or of the one that looks most like an embedding.

    ``quantization`` and ``dim`` are what the file's header says. Raises EngineError ``no_embedding``.
    """
    kinds = {field.name: unwrapped(field.type) for field in file.schema}
    columns = _wanted(file, kinds, wanted) if wanted else _guess(file, kinds)
    kind = kinds[columns[0]]
    found = Vectors(columns, str(_leaf(kind)) if _is_list(kind) else str(kind))
    if _is_bytes(kind):
        found.packed = _packed_type(file, columns[0], quantization, dim)
        found.type = str(found.packed)
        found.notes.append(f"The vectors are raw bytes in “{columns[0]}” and were read as {found.packed}.")
    _quantised(found, quantization)
    return found


def usual_length(file: SourceFile, vectors: Vectors) -> int:
    """The most common length of a vector among the first rows that have one; 0 when none has."""
    for _, batch in file.batches(vectors.columns, _PEEK):
        lengths = vectors.lengths(batch)
        lengths = lengths[lengths > 0]
        if len(lengths):
            values, counts = np.unique(lengths, return_counts=True)
            return int(values[np.argmax(counts)])
    return 0


def _wanted(file: SourceFile, kinds: dict[str, pa.DataType], wanted: str) -> list[str]:
    """The column that was asked for, or the numbered columns that begin with it."""
    if wanted in kinds:
        if _is_vector(kinds[wanted]):
            return [wanted]
        raise EngineError(
            "no_embedding",
            f"The column “{wanted}” of “{file.name}” holds {kinds[wanted]}, not vectors.",
            _columns_hint(file),
        )
    numbered = _numbered(kinds).get(wanted, [])
    if len(numbered) > 1:
        return numbered
    near = difflib.get_close_matches(wanted, kinds, n=1)
    guess = f"Did you mean “{near[0]}”? " if near else ""
    raise EngineError("no_embedding", f"“{file.name}” has no column “{wanted}”.", guess + _columns_hint(file))


def _guess(file: SourceFile, kinds: dict[str, pa.DataType]) -> list[str]:
    """The column with an embedding's name, else the longest list, else columns numbered one by one."""
    lists = [name for name, kind in kinds.items() if _is_list(kind) and _is_vector(kind)]
    by_name = {name.lower(): name for name in kinds if _is_vector(kinds[name])}
    for name in _NAMES:
        if name in by_name:
            return [by_name[name]]
    named = [name for name in lists if "emb" in name.lower() or "feature" in name.lower()]
    longest = max(named or lists, key=lambda name: usual_length(file, Vectors([name], "")), default=None)
    if longest and (named or usual_length(file, Vectors([longest], "")) >= _LEAST_UNNAMED):
        return [longest]
    numbered = max(_numbered(kinds).values(), key=len, default=[])
    if len(numbered) >= _LEAST_UNNAMED:
        return numbered
    raise EngineError(
        "no_embedding",
        f"“{file.name}” has no column that could be an embedding: neither a list of numbers nor numbered columns.",
        _columns_hint(file),
    )


def _numbered(kinds: dict[str, pa.DataType]) -> dict[str, list[str]]:
    """Runs of columns of numbers such as dim_0 … dim_n, by what they begin with."""
    found: dict[str, dict[int, str]] = {}
    for name, kind in kinds.items():
        match = _NUMBERED.match(name)
        if match and _is_number(kind):
            found.setdefault(match[1], {})[int(match[2])] = name
    runs = {}
    for stem, members in found.items():
        numbers = sorted(members)
        if numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            runs[stem] = [members[number] for number in numbers]
    return runs


def _packed_type(file: SourceFile, column: str, quantization: Any, dim: int | None) -> np.dtype:
    """The type of the numbers in a column of bytes: from the header, else the one that makes sense of them."""
    batch = next((batch for _, batch in file.batches([column], _PEEK)), None)
    rows = [row for row in batch.column(0).to_pylist() if row] if batch else []
    size = len(rows[0]) if rows else 0
    if dim and size and size % dim == 0 and size // dim in (1, 2, 4, 8):
        said = quantization.get("quantized_dtype") if isinstance(quantization, dict) else None
        small = np.dtype(np.uint8 if said == "uint8" else np.int8)
        return {1: small, 2: np.dtype("<f2"), 4: np.dtype("<f4"), 8: np.dtype("<f8")}[size // dim]
    for dtype in ("<f2", "<f4", "<f8"):
        if size and size % np.dtype(dtype).itemsize == 0:
            # The mantissa of a wider type read as half precision has infinities and NaN all over.
            values = np.frombuffer(b"".join(rows), dtype=dtype).astype(np.float64)
            if np.isfinite(values).all() and np.abs(values).max(initial=0) < 1e6:
                return np.dtype(dtype)
    raise EngineError(
        "no_embedding",
        f"The column “{column}” of “{file.name}” holds raw bytes that make no sense as numbers.",
        "Write the vectors as a list column.",
    )


def _quantised(found: Vectors, quantization: Any) -> None:
    """Takes over how to turn stored integers back into numbers, where the header says so."""
    small = found.type in ("int8", "uint8", "int16", "uint16")
    said = quantization if isinstance(quantization, dict) else {}
    method = str(said.get("method", "")).lower()
    scale, offset = said.get("scale"), said.get("offset")
    if isinstance(scale, dict):
        scale, offset = scale.get("scale"), scale.get("offset", offset)
    aef = [f"A{number:02}" for number in range(64)]
    if small and (method in ("signed_square", "signed_power") or (found.columns == aef and found.type == "int8")):
        found.signed_square = True
        found.notes.append("The vectors were turned back from int8 as sign(v)·(v/127.5)², with −128 for no data.")
    elif small and (_is_factor(scale) or _is_factor(offset)):
        found.scale = np.asarray(scale, dtype=np.float32) if _is_factor(scale) else None
        found.offset = np.asarray(offset, dtype=np.float32) if _is_factor(offset) else None
        found.notes.append(f"The vectors were turned back from {found.type} with the scale and offset of the header.")
    elif small:
        found.notes.append(
            f"The vectors are {found.type} and the file does not say how to turn them back into real numbers; "
            "they were taken as they are, so scores may differ from those of the original model."
        )


def _is_factor(value: Any) -> bool:
    try:
        return value is not None and np.asarray(value, dtype=np.float64).size > 0
    except (TypeError, ValueError):
        return False


def _leaf_counts(column: pa.Array) -> np.ndarray:
    """Numbers below every row of a list column, int64 (n,)."""
    counts = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int64)
    inner = column.flatten()
    if not _is_list(inner.type):
        return counts
    ends = np.concatenate([[0], np.cumsum(_leaf_counts(inner))])
    stops = np.cumsum(counts)
    return ends[stops] - ends[stops - counts]


def _numbers(column: pa.Array) -> np.ndarray:
    """Numbers as an array with NaN for nulls."""
    if pa.types.is_fixed_size_binary(column.type):  # half precision as written before Parquet had a name for it
        column = pa.Array.from_buffers(pa.float16(), len(column), column.buffers(), offset=column.offset)
    if column.null_count and pa.types.is_integer(column.type):
        column = column.cast(pa.float64())
    return column.to_numpy(zero_copy_only=False)


def unwrapped(kind: pa.DataType) -> pa.DataType:
    """A type without the extension or dictionary around it."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _leaf(kind: pa.DataType) -> pa.DataType:
    while _is_list(kind):
        kind = kind.value_type
    return kind


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    return pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_vector(kind: pa.DataType) -> bool:
    if _is_list(kind):
        leaf = _leaf(kind)
        return _is_number(leaf) or (pa.types.is_fixed_size_binary(leaf) and leaf.byte_width == 2)
    return _is_bytes(kind)


def _columns_hint(file: SourceFile) -> str:
    shown = [f"{field.name} ({str(field.type)[:40]})" for field in file.schema][:30]
    more = f" and {len(file.schema) - 30} more" if len(file.schema) > 30 else ""
    return f"Choose the column with vector_column. Its columns are: {', '.join(shown)}{more}."
