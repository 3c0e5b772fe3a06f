"""Making a store from an image: cut it into patches, encode each, write where it is."""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import threadpoolctl

from ..errors import EngineError
from ..run import Run
from . import encoders
from .operations import EncodeImageRequest, StoreMade, description
from .patch_grid import Footprints, PatchGrid, polygons_wkb
from .raster import RasterImage
from .sampling import draw_sample
from .store import open_store
from .store_writer import StoreWriter

_MOST_WORKERS = 4
"""Threads beyond these would wait for memory and for the writer."""


def encode_image(request: EncodeImageRequest, run: Run) -> StoreMade:
    """Makes a store from any raster with a place on Earth.

    Raises EngineError for every bad input, with a sentence; the store that was there before then stays.
    """
    started = time.monotonic()
    kind = encoders.find(request.encoder)
    # Every worker multiplies its own matrices; a second layer of threads inside would only get in their way.
    with (
        threadpoolctl.threadpool_limits(1, user_api="blas"),
        RasterImage(request.image, request.bands, run.check) as image,
    ):
        stride = request.stride or max(1, request.patch // 2)
        grid = PatchGrid(image.height, image.width, request.patch, stride)
        grid.check()
        footprints = Footprints(grid, image.transform, image.crs)
        sample = draw_sample(image, grid, request.seed, run)
        encoder = kind.fit(sample)
        expected = grid.rows * grid.cols
        with StoreWriter(request.store, run, encoder.dim, hilbert=False, expected_rows=expected) as writer:
            writer.write_encoder({"version": np.int64(encoder.version), **encoder.state()})
            _write_patches(_Work(image, grid, encoder, footprints, request.max_nodata), writer, run)
            skipped = expected - writer.count
            if not writer.count:
                raise EngineError(
                    "no_patches",
                    f"Not one of the {expected:,} patches has {1 - request.max_nodata:.0%} or more valid pixels "
                    "and a place on Earth.",
                    "Allow more nodata in a patch, choose a smaller patch, or another image.",
                )
            notes = _notes(image, sample, skipped)
            writer.finish(_manifest(request, image, grid, encoder, notes))
    store = open_store(request.store)
    return StoreMade(**description(store), skipped=skipped, seconds=round(time.monotonic() - started, 2))


class _Work:
    """What is done to every block of patches."""

    def __init__(
        self,
        image: RasterImage,
        grid: PatchGrid,
        encoder: encoders.Encoder,
        footprints: Footprints,
        max_nodata: float,
    ):
        self.image = image
        self.grid = grid
        self.encoder = encoder
        self.footprints = footprints
        self.max_nodata = max_nodata
        self.time = image.time

    def encode(self, block: encoders.PatchBlock) -> tuple[np.ndarray, pa.Table]:
        """Vectors and rows of the patches of a block that are worth keeping."""
        vectors, valid = self.encoder.encode(self.image, block)
        lon, lat, rings = self.footprints.of(block)
        keep = (valid > 0) & (valid >= 1 - self.max_nodata) & np.isfinite(lon)
        return vectors[keep], self.table(block, lon, lat, rings, keep)

    def table(self, block: encoders.PatchBlock, lon, lat, rings, keep: np.ndarray) -> pa.Table:
        """The rows of the kept patches of a block."""
        row, col = (pixel[keep].astype(np.int32) for pixel in self.grid.corners(block))
        columns: dict[str, Any] = {
            "id": pa.array(_names(row // self.grid.stride, col // self.grid.stride)),
            "lon": lon[keep],
            "lat": lat[keep],
            "geometry": _binary(polygons_wkb(rings[keep])),
            "image_row": row,
            "image_col": col,
        }
        if self.time is not None:
            columns["time"] = pa.array(np.full(len(row), self.time), pa.timestamp("ms", tz="UTC"))
        return pa.table(columns)


def _write_patches(work: _Work, writer: StoreWriter, run: Run) -> None:
    """Encodes blocks on a few threads and writes them in order."""
    started, total, done = time.monotonic(), work.grid.rows * work.grid.cols, 0
    workers = _worker_count()
    blocks = work.grid.blocks()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="encode")
    try:
        ahead = deque((block, pool.submit(work.encode, block)) for block in itertools.islice(blocks, 2 * workers))
        while ahead:
            block, future = ahead.popleft()
            run.progress(done / total, _progress(work.grid, done / total, time.monotonic() - started))
            vectors, patches = _result(future, run)
            ahead.extend((block, pool.submit(work.encode, block)) for block in itertools.islice(blocks, 1))
            if len(vectors):
                writer.append(vectors, patches)
            done += block.rows * block.cols
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future, run: Run) -> Any:
    """The result of a future, waited for with an ear for cancel."""
    while True:
        try:
            return future.result(timeout=0.2)
        except TimeoutError:
            run.check()


def _worker_count() -> int:
    """How many threads encode: the processors this process may use, up to a handful."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)


def _progress(grid: PatchGrid, share: float, seconds: float) -> str:
    """How far encoding is, in words."""
    left = f", about {seconds / share * (1 - share):.0f} s left" if share > 0.02 and seconds > 1 else ""
    return f"Encoding row {min(grid.rows, int(share * grid.rows) + 1):,} of {grid.rows:,}{left}"


def _notes(image: RasterImage, sample: encoders.Sample, skipped: int) -> list[str]:
    """What a person should know before trusting the store."""
    notes = []
    if image.bands == 1:
        notes.append("Only one band was used; it tells few kinds of places apart.")
    if image.is_paletted:
        notes.append("The pixels are codes of a colour table, not measurements; what looks alike here may be chance.")
    black = np.mean([(window.pixels == 0).all(axis=0).mean() for window in sample.windows])
    if black > 0.01 and image.bands > 1 and not image.declares_nodata:
        notes.append(
            f"About {black:.0%} of the pixels are 0 in every band, and the image does not call them nodata; "
            "if they hold nothing, give the image 0 as its nodata value and encode it again."
        )
    if skipped:
        notes.append(f"{skipped:,} patches were left out for lack of valid pixels.")
    return notes


def _manifest(
    request: EncodeImageRequest, image: RasterImage, grid: PatchGrid, encoder: encoders.Encoder, notes: list[str]
) -> dict[str, Any]:
    return {
        "encoder": {
            "name": encoder.name,
            "version": encoder.version,
            "parameters": {**encoder.parameters, "seed": request.seed, "max_nodata": request.max_nodata},
        },
        "dataset": image.name,
        "source": {**image.source, "patch": grid.patch, "stride": grid.stride},
        "licence": image.licence,
        "citation": encoder.citation,
        "footprints": "exact",
        "notes": notes,
    }


def _names(rows: np.ndarray, cols: np.ndarray) -> list[str]:
    return [f"r{row:05d}_c{col:05d}" for row, col in zip(rows.tolist(), cols.tolist(), strict=True)]


def _binary(records: np.ndarray) -> pa.Array:
    """Records of equal length, uint8 (n, bytes), as binary values."""
    offsets = np.arange(len(records) + 1, dtype=np.int32) * records.shape[1]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(records))]
    return pa.Array.from_buffers(pa.binary(), len(records), buffers)
