"""Parquet files that a person brings: found, opened, and read a piece at a time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import EngineError
from .store import MANIFEST, is_store

_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_MAGIC = b"PAR1"
_READ_AHEAD = {"buffer_size": 1 << 20, "pre_buffer": False}
"""Reads a column a megabyte at a time; either option alone reads a whole column chunk, and one may be gigabytes."""

_HINTS = {
    (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".kml"): "Open it in QGIS and export it as GeoParquet with the "
    "embedding in a list column, or write it with geopandas' to_parquet.",
    (".csv", ".tsv", ".txt", ".xlsx"): "Read it with pandas, put the vector into one list column (or keep columns "
    "dim_0 … dim_n), keep latitude and longitude columns, and write it with to_parquet.",
    (".npy", ".npz", ".pt", ".pth", ".safetensors", ".h5", ".hdf5"): "An array does not say where its rows lie. Put "
    "it into a table with a list column and latitude and longitude columns, and write that as Parquet.",
    (".tif", ".tiff", ".jp2", ".vrt", ".png", ".nc", ".zarr"): "For an image, use “embeddings.encode_image” instead.",
    (".arrow", ".feather", ".ipc"): "Read it with pyarrow.feather.read_table and write it with "
    "pyarrow.parquet.write_table.",
    (".zip", ".gz", ".tar", ".7z"): "Unpack it first.",
}


class SourceFile:
    """One open Parquet file of a source.

    Raises EngineError ``not_parquet`` or ``source_damaged``.
    """

    def __init__(self, path: Path):
        self.path = path
        self.name = path.name
        _check_magic(path)
        try:
            self._file = pq.ParquetFile(path, **_READ_AHEAD)
            self.schema = self._file.schema_arrow
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error
        self.parquet = self._file.metadata
        self.rows = self.parquet.num_rows
        self.group_rows = [self.parquet.row_group(i).num_rows for i in range(self.parquet.num_row_groups)]

    def metadata(self, key: str) -> dict[str, Any]:
        """A JSON object of the file's own metadata; empty when there is none that can be read."""
        try:
            found = json.loads((self.schema.metadata or {}).get(key.encode(), b"{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, name: str, data: bytes) -> None:
        """Keeps what was found out about this very version of the file, where finding it out again would cost much."""

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name, or None."""
        return None

    @contextlib.contextmanager
    def with_beside(self, columns: Iterable[str]) -> Iterator[None]:
        """Until the end of the block, batches also hold rows that were not asked for but come at no cost when these
        columns are read; of a file on this disk they hold all rows anyway."""
        yield

    @contextlib.contextmanager
    def with_known(self, columns: Iterable[str]) -> Iterator[None]:
        """Until the end of the block, batches also hold rows that were not asked for, if these columns were read of
        them already; of a file on this disk they hold all rows anyway."""
        yield

    def count(self, group: int) -> int:
        """Rows of a row group that the batches hold."""
        return self.group_rows[group]

    def batches(
        self, columns: Iterable[str], size: int, groups: Iterable[int] | None = None
    ) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
        """Batches of at most ``size`` rows with the numbers of their rows in the file, int64 (n,)."""
        columns = list(dict.fromkeys(columns))
        starts = np.concatenate([[0], np.cumsum(self.group_rows)]).astype(np.int64)
        groups = range(len(self.group_rows)) if groups is None else groups
        for some in _runs(groups, self.group_rows, size):
            numbers = np.concatenate([np.arange(starts[group], starts[group + 1]) for group in some])
            done = 0
            try:
                for batch in self._file.iter_batches(size, row_groups=some, columns=columns):
                    yield numbers[done : done + batch.num_rows], plain(batch)
                    done += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                raise _damaged(self.path, error) from error

    def box(self, group: int, paths: tuple[str, str, str, str]) -> tuple[float, float, float, float] | None:
        """The least of the first two columns and the greatest of the last two in a row group, from its statistics."""
        chunks = self.parquet.row_group(group)
        by_path = {chunks.column(i).path_in_schema: chunks.column(i) for i in range(chunks.num_columns)}
        found = []
        for path, edge in zip(paths, ("min", "min", "max", "max"), strict=True):
            chunk = by_path.get(path)
            if chunk is None or not chunk.is_stats_set or not chunk.statistics.has_min_max:
                return None
            found.append(float(getattr(chunk.statistics, edge)))
        return tuple(found) if np.isfinite(found).all() else None

    def native_box(self, group: int, column: str) -> tuple[float, float, float, float] | None:
        """The extent of a native geometry column in a row group, from its geospatial statistics."""
        chunks = self.parquet.row_group(group)
        for i in range(chunks.num_columns):
            chunk = chunks.column(i)
            if chunk.path_in_schema == column and chunk.is_geo_stats_set:
                said = chunk.geo_statistics
                found = (said.xmin, said.ymin, said.xmax, said.ymax)
                return found if None not in found and np.isfinite(found).all() else None
        return None


def open_source(source: str, store: str) -> list[SourceFile]:
    """The Parquet files at ``source``, a file or a folder, in the order of their names.

    Raises EngineError ``no_source``, ``not_parquet``, ``source_damaged``, ``empty_source`` or ``source_in_store``.
    """
    if source.startswith(("gs://", "az://", "ftp://")):
        raise EngineError("no_source", f"“{source}” is an address that cannot be read.", "Download it first.")
    path, target = Path(source).expanduser(), Path(store).expanduser().resolve()
    if path.exists() and (target == path.resolve() or target in path.resolve().parents):
        raise EngineError(
            "source_in_store",
            f"The source “{path.name}” lies inside the store's folder “{target}”, which is replaced as a whole.",
            "Choose another folder for the store.",
        )
    files = [SourceFile(found) for found in find_files(path)]
    files = [file for file in files if file.rows] if len(files) > 1 else files
    if not any(file.rows for file in files):
        raise EngineError("empty_source", f"“{path.name}” has no rows.", "Choose a file that holds embeddings.")
    return files


def find_files(path: Path) -> list[Path]:
    """The file at a path, or the Parquet files in the folder there.

    Raises EngineError ``no_source`` when there is none, ``not_parquet`` when the folder is a store.
    """
    if not path.exists():
        raise EngineError("no_source", f"There is no file or folder “{path}”.", "Check the path, or choose the file.")
    return _find(path) if path.is_dir() else [path]


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch without extension types and dictionaries: what they wrap instead."""
    columns = []
    for column in batch.columns:
        if isinstance(column.type, pa.BaseExtensionType):
            column = column.storage
        columns.append(column.dictionary_decode() if pa.types.is_dictionary(column.type) else column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _find(folder: Path) -> list[Path]:
    """The Parquet files below a folder; hidden files and finished stores are not looked into."""
    if is_store(folder):
        raise EngineError(
            "not_parquet",
            f"“{folder.name}” is an embedding store already.",
            "Open it as it is; there is nothing to import.",
        )
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and not (path.parent / MANIFEST).is_file()
    ]
    if not found:
        raise EngineError(
            "no_source",
            f"There is no Parquet file in the folder “{folder}”.",
            f"Choose a folder with files that end in {', '.join(_SUFFIXES)}.",
        )
    return found


def _check_magic(path: Path) -> None:
    """Says in words when a file is not Parquet or not whole."""
    with open(path, "rb") as file:
        start = file.read(4)
        size = file.seek(0, 2)
        file.seek(max(0, size - 4))
        end = file.read(4)
    if size == 0:
        raise EngineError("source_damaged", f"“{path.name}” is empty (0 bytes).", "Download or copy it again.")
    if start == _MAGIC and end != _MAGIC:
        raise EngineError(
            "source_damaged",
            f"“{path.name}” is a Parquet file that is not whole: its end is missing ({size:,} bytes are here).",
            "Download or copy it again.",
        )
    if start == end == b"PARE":
        raise EngineError("not_parquet", f"“{path.name}” is encrypted.", "Ask its owner for one that is not.")
    if start != _MAGIC:
        hint = next((hint for suffixes, hint in _HINTS.items() if path.suffix.lower() in suffixes), None)
        raise EngineError(
            "not_parquet",
            f"“{path.name}” is not a Parquet file.",
            hint or "Choose a Parquet or GeoParquet file with an embedding column.",
        )


def _damaged(path: Path, error: Exception) -> EngineError:
    return EngineError(
        "source_damaged",
        f"“{path.name}” cannot be read: it is damaged or not whole.",
        "Download or copy it again.",
        str(error),
    )


def _runs(groups: Iterable[int], rows: list[int], size: int) -> Iterator[list[int]]:
    """Row groups put together until they fill a batch, since some writers make very small ones."""
    some, total = [], 0
    for group in groups:
        some.append(group)
        total += rows[group]
        if total >= size:
            yield some
            some, total = [], 0
    if some:
        yield some
