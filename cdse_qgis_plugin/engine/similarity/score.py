"""A score for every patch, as a vector layer or, for stores made from an image, a raster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import rasterio
from affine import Affine

from ..embeddings.store import Store, open_store
from ..errors import EngineError
from ..run import Run
from .index_choice import choose_index
from .operations import ScoreRequest, ScoreResult
from .output import lineage, whole_file, with_columns, write_patches
from .query import read_query

_NODATA = -9.0
"""Outside what a cosine can be."""


def score(request: ScoreRequest, run: Run) -> ScoreResult:
    """Scores every patch; see the operation ``similarity.score``."""
    store = open_store(request.store)
    query = read_query(store, request)
    scores = np.clip(choose_index(store)[0].scores(query.direction, run), -1, 1)
    wanted = request.within(store.lon, store.lat)
    if not wanted.any():
        raise EngineError("nothing_left", "No patch of the store lies in the chosen area.", "Choose a larger area.")
    metadata = lineage(store, "likeness score", request.model_dump(mode="json", exclude={"output", "store"}))
    with whole_file(request.output, (".gpkg", ".parquet", ".tif")) as (path, suffix):
        if suffix == ".tif":
            _write_raster(path, store, scores, wanted, metadata)
        else:
            pieces = _pieces(store, scores, wanted, run)
            first = next(pieces)
            write_patches(path, suffix, "likeness", first.schema, _all(first, pieces), metadata)
        run.check()
    told = scores[wanted]
    return ScoreResult(
        output=request.output,
        count=len(told),
        min=float(told.min()),
        max=float(told.max()),
        quantiles=np.quantile(told, np.linspace(0, 1, 101)).round(6).tolist(),
        format=suffix.lstrip("."),
    )


def _pieces(store: Store, scores: np.ndarray, wanted: np.ndarray, run: Run) -> Iterator[pa.Table]:
    """The wanted patches with their scores, a row group at a time."""
    columns = ["id", "lon", "lat", *(["time"] if store.time is not None else []), "geometry", "bbox"]
    if "position" in store.attributes:  # how it was arrived at belongs to every place
        columns.insert(-2, "position")
    for group in range(store.row_groups):
        rows = store.rows_of_group(group)
        run.progress(rows.start / store.count, f"Writing {rows.start:,} of {store.count:,} scores")
        part = wanted[rows]
        if part.any():
            table = store.read_row_group(group, columns).filter(pa.array(part))
            yield with_columns(table, {"score": scores[rows][part]})


def _all(first: pa.Table, others: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from others


def _write_raster(path: Path, store: Store, scores: np.ndarray, wanted: np.ndarray, metadata: dict) -> None:
    """A raster with a pixel for every step of the patch grid, georeferenced so that pixels lie on patch centres."""
    source = store.manifest.get("source", {})
    if "transform" not in source or "image_row" not in store.attributes:
        raise EngineError(
            "bad_format",
            f"The store “{store.path.name}” was not made from an image, so its scores have no pixel grid.",
            "End the name with .gpkg or .parquet.",
        )
    stride, patch = source["stride"], source["patch"]
    row, column = store.column("image_row") // stride, store.column("image_col") // stride
    shift = (patch - stride) / 2
    transform = Affine(*source["transform"]) * Affine.translation(shift, shift) * Affine.scale(stride)
    pixels = np.full((int(row.max()) + 1, int(column.max()) + 1), _NODATA, dtype=np.float32)
    pixels[row[wanted], column[wanted]] = scores[wanted]
    with rasterio.open(
        path,
        "w",
        driver="COG",
        height=pixels.shape[0],
        width=pixels.shape[1],
        count=1,
        dtype="float32",
        crs=source["crs"],
        transform=transform,
        nodata=_NODATA,
        compress="deflate",
    ) as file:
        file.write(pixels, 1)
        file.set_band_description(1, "likeness score (cosine)")
        file.update_tags(**{"cdse": str(metadata)})
