"""The other columns of a source: ids, times, and attributes that a store keeps."""

from __future__ import annotations

import re

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EngineError
from .import_vectors import unwrapped
from .parquet_source import SourceFile
from .store import BASE_COLUMNS

TIME = pa.timestamp("ms", tz="UTC")
_IDS = ("unique_id", "id", "tile_id", "chip_id", "patch_id", "uuid")
_TIMES = (
    "time", "timestamp", "datetime", "date", "acquisition_time", "acquisition_date", "acquired", "sensing_time",
    "start_datetime", "datetime_start", "start_time", "start_date", "year",
)  # fmt: skip
_PANDAS_INDEX = re.compile(r"^__index_level_\d+__$")


class Ids:
    """The ids of patches: a column of the source, or file and row number where it has none; each given once."""

    def __init__(self, files: list[SourceFile]):
        shared = set.intersection(*({field.name for field in file.schema if _is_id(field.type)} for file in files))
        by_name = {name.lower(): name for name in sorted(shared)}
        self.candidates = [by_name[name] for name in _IDS if name in by_name]
        self.column: str | None = None
        self.repeated = 0
        self._many = len(files) > 1
        self._known = self._doubtful = np.empty(0, dtype=np.uint64)
        self._seen: dict[str, int] = {}

    def accept(self, column: str, hashes: np.ndarray) -> bool:
        """Takes a column for the ids, given the hashes of all its values, unless most occur more than once.

        Only the ids that do need watching afterwards, so that memory does not grow with their text.
        """
        values, counts = np.unique(hashes, return_counts=True)
        if len(values) * 2 < len(hashes):
            return False
        self.column, self._known, self._doubtful = column, values, values[counts > 1]
        return True

    @staticmethod
    def hashes(column: pa.Array) -> np.ndarray:
        """A 64-bit number for every id."""
        return _hashes(_strings(column))

    def read(self, file: SourceFile, numbers: np.ndarray, batch: pa.RecordBatch) -> pa.Array:
        """The ids of the rows of a batch, whose numbers in the file are given."""
        rows = np.char.add(f"{file.path.stem}/" if self._many else "", numbers.astype(str)).astype(object)
        if self.column is None:
            return pa.array(rows, pa.string())
        column = batch.column(self.column)
        found, missing = _strings(column), np.asarray(column.is_null())
        for i in np.flatnonzero(missing | np.isin(_hashes(found), self._doubtful)):
            found[i] = self._free(rows[i]) if missing[i] else self._once(found[i])
        return pa.array(found, pa.string())

    def _once(self, name: str) -> str:
        """The name the first time it comes, and one of its own afterwards."""
        if name not in self._seen:
            self._seen[name] = 1
            return name
        self.repeated += 1
        return self._free(name, self._seen[name] + 1)

    def _free(self, name: str, number: int = 1) -> str:
        """The name with the first number that gives one nobody has."""
        made = name if number == 1 else f"{name}#{number}"
        while made in self._seen or np.isin(_hashes(np.array([made], dtype=object)), self._known)[0]:
            number += 1
            made = f"{name}#{number}"
        self._seen[name] = number
        self._seen.setdefault(made, 1)
        return made


class Times:
    """The time of patches: the first column that by name and content is one."""

    def __init__(self, file: SourceFile):
        self.column: str | None = None
        self.unread = 0
        by_name = {field.name.lower(): field for field in file.schema}
        for name in _TIMES:
            if name in by_name and self._fits(file, by_name[name]):
                self.column = by_name[name].name
                return

    def read(self, batch: pa.RecordBatch) -> pa.Array:
        """The times of a batch, timestamp(ms, UTC), null where there is none or it cannot be read."""
        if self.column not in batch.schema.names:
            return pa.nulls(batch.num_rows, TIME)
        column = batch.column(self.column)
        found = _times(column)
        self.unread += found.null_count - column.null_count
        return found

    @staticmethod
    def _fits(file: SourceFile, field: pa.Field) -> bool:
        kind = unwrapped(field.type)
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return True
        if not (_is_text(kind) or (field.name.lower() == "year" and pa.types.is_integer(kind))):
            return False
        for _, batch in file.batches([field.name], 1024):
            column = batch.column(0)
            if column.null_count < len(column):
                return len(column) - _times(column).null_count > (len(column) - column.null_count) / 2
        return False


class Attributes:
    """The scalar columns of a source that a store keeps; ``dropped`` names those it cannot."""

    def __init__(self, file: SourceFile, used: set[str]):
        self.fields: dict[str, pa.Field] = {}
        self.dropped: list[str] = []
        taken = {name.lower() for name in BASE_COLUMNS}
        for field in file.schema:
            if field.name in used or _PANDAS_INDEX.match(field.name):
                continue
            kind = _kept(unwrapped(field.type))
            if kind is None:
                self.dropped.append(field.name)
                continue
            # GeoPackage, one of the ways out of a store, does not tell Name from name.
            name = field.name if field.name.lower() not in taken else f"source_{field.name}"
            while name.lower() in taken:
                name += "_"
            taken.add(name.lower())
            self.fields[field.name] = pa.field(name, kind)

    def columns(self, file: SourceFile) -> list[str]:
        """Those that a file has."""
        return [name for name in self.fields if name in file.schema.names]

    def read(self, file: SourceFile, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """The attributes of a batch by their names in the store; null where this file lacks one."""
        found = {}
        for name, field in self.fields.items():
            if name not in batch.schema.names:
                found[field.name] = pa.nulls(batch.num_rows, field.type)
                continue
            try:
                found[field.name] = batch.column(name).cast(field.type, safe=False)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise EngineError(
                    "mixed_columns",
                    f"The column “{name}” holds {batch.column(name).type} in “{file.name}” and {field.type} in the "
                    "first file, and one cannot be turned into the other.",
                    "Give the column the same type in all files, or import the files one by one.",
                    str(error)[:1000],
                ) from None
        return found


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()


def _is_id(kind: pa.DataType) -> bool:
    return _is_text(unwrapped(kind)) or pa.types.is_integer(unwrapped(kind))


def _strings(column: pa.Array) -> np.ndarray:
    """A column as Python strings, object (n,); null becomes the empty string."""
    return pc.fill_null(column.cast(pa.string()), "").to_numpy(zero_copy_only=False).astype(object)


def _hashes(texts: np.ndarray) -> np.ndarray:
    return pandas.util.hash_array(texts, categorize=False)


def _times(column: pa.Array) -> pa.Array:
    if pa.types.is_integer(column.type):
        years = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        plain = np.isfinite(years) & (years >= 1900) & (years < 2200)
        found = (np.where(plain, years, 1970) - 1970).astype("datetime64[Y]").astype("datetime64[ms]")
        return pa.array(found, mask=~plain).cast(TIME)
    if _is_text(column.type):
        # Thousands of patches share a product and its time: parse each text once.
        coded = column.dictionary_encode()
        texts = pandas.Series(coded.dictionary.to_pylist(), dtype=object)
        parsed = pandas.to_datetime(texts, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        values = pa.array(parsed.to_numpy().astype("datetime64[ms]")).cast(TIME)
        return values.take(coded.indices)
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("ms")).cast(TIME)
    if column.type.tz is None:
        return column.cast(pa.timestamp("ms"), safe=False).cast(TIME)
    return column.cast(TIME, safe=False)


def _kept(kind: pa.DataType) -> pa.DataType | None:
    """The type in which a store keeps a column, or None when it cannot."""
    if _is_text(kind):
        return pa.string()
    if kind == pa.float16():
        return pa.float32()
    if pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return pa.string() if pa.types.is_time(kind) else pa.int64()
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return kind
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return kind
    return None
