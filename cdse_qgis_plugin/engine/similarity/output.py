"""Tables of patches written to GeoPackage or GeoParquet: in pieces, and whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from ..embeddings.store import ROW_GROUP, Store
from ..embeddings.store_writer import geo_metadata
from ..errors import EngineError


@contextlib.contextmanager
def whole_file(output: str, suffixes: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Gives a hidden path to write to and the format's suffix, and moves the file into place when all went well.

    Raises EngineError ``bad_format`` for a suffix that is not one of ``suffixes``.
    """
    path = Path(output).expanduser().absolute()
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise EngineError(
            "bad_format",
            f"“{path.name}” cannot be written: “{suffix or 'no ending'}” is not a format we write.",
            f"End the name with {' or '.join(suffixes)}.",
        )
    if path.is_dir():
        raise EngineError("bad_format", f"“{path}” is a folder, and a file is needed.", "Choose a file name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{suffix}")
    try:
        yield partial, suffix
        os.replace(partial, path)
    finally:
        for leftover in (partial, *partial.parent.glob(f"{partial.name}-*")):
            leftover.unlink(missing_ok=True)


def write_patches(
    path: Path, suffix: str, layer: str, schema: pa.Schema, pieces: Iterator[pa.Table], metadata: dict[str, Any]
) -> None:
    """Writes tables with a ``geometry`` column (WKB polygons, EPSG:4326) and, for GeoParquet, a ``bbox`` column.

    ``metadata`` goes into the file as JSON under the key ``cdse``, and with it where the data came from.
    """
    told = json.dumps(metadata, ensure_ascii=False, default=str)
    if suffix == ".parquet":
        keys = {b"geo": geo_metadata(), b"cdse": told.encode()}
        with pq.ParquetWriter(path, schema.with_metadata(keys), compression="zstd") as file:
            for piece in pieces:
                file.write_table(piece.cast(file.schema), row_group_size=ROW_GROUP)
        return
    keep = [name for name in schema.names if name != "bbox"]
    named = _names_in_geopackage(keep)
    schema = pa.schema([schema.field(name).with_name(named[name]) for name in keep])
    batches = (
        batch
        for piece in pieces
        for batch in piece.select(keep).rename_columns(list(named.values())).cast(schema).to_batches()
    )
    try:
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema, batches),
            path,
            layer=layer,
            driver="GPKG",
            geometry_name="geometry",
            geometry_type="Polygon",
            crs="EPSG:4326",
            VERSION="1.3",  # the newest that the GDAL of a QGIS on Debian 12 reads without a warning
            layer_metadata={"cdse": told},
        )
    except pyogrio.errors.DataSourceError as error:
        raise EngineError(
            "cannot_write",
            f"“{path.parent}” cannot be written to: {error}.",
            "Free some space, or choose a folder that you own.",
        ) from error


def _names_in_geopackage(columns: list[str]) -> dict[str, str]:
    """A name for every column that GeoPackage takes: it does not tell capitals apart and has columns of its own."""
    named, taken = {}, {"fid", "geom"}
    for column in columns:
        name = column
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        named[column] = name
    return named


def lineage(store: Store, what: str, request: dict[str, Any]) -> dict[str, Any]:
    """What a file says about itself: the store it came from, its licence, and the request that made it."""
    manifest = store.manifest
    kept = ("dataset", "source", "licence", "citation", "encoder", "created", "engine", "transposition")
    return {"what": what, "store": {key: manifest[key] for key in kept if key in manifest}, "request": request}


def with_columns(table: pa.Table, columns: dict[str, Any]) -> pa.Table:
    """A table with further columns in front."""
    for position, (name, values) in enumerate(columns.items()):
        table = table.add_column(position, name, [pa.array(values)])
    return table
