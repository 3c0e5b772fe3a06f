"""Making a store from an image: cut it into patches, encode each, write where it is."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pyarrow as pa

from ..run import Run
from . import encoders
from .operations import EncodeImageRequest, StoreMade, description
from .patch_grid import Footprints, PatchGrid, polygons_wkb
from .raster import RasterImage
from .sampling import draw_sample
from .store import open_store
from .store_writer import StoreWriter


def encode_image(request: EncodeImageRequest, run: Run) -> StoreMade:
    """Makes a store from any raster with a place on Earth.

    Raises EngineError for every bad input, with a sentence; the store that was there before then stays.
    """
    started = time.monotonic()
    kind = encoders.find(request.encoder)
    with RasterImage(request.image, request.bands) as image:
        stride = request.stride or max(1, request.patch // 2)
        grid = PatchGrid(image.height, image.width, request.patch, stride)
        grid.check()
        footprints = Footprints(grid, image.transform, image.crs)
        encoder = kind.fit(draw_sample(image, grid, request.seed, run))
        expected = grid.rows * grid.cols
        with StoreWriter(request.store, run, encoder.dim, hilbert=False, expected_rows=expected) as writer:
            writer.write_encoder({"version": np.int64(encoder.version), **encoder.state()})
            _write_patches(_Work(image, grid, encoder, footprints, request.max_nodata), writer, run)
            skipped = expected - writer.count
            writer.finish(_manifest(request, image, grid, encoder, skipped))
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

    def vectors(self, block: encoders.PatchBlock) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of a block's patches, and which patches to keep."""
        vectors, valid = self.encoder.encode(self.image, block)
        return vectors, (valid > 0) & (valid >= 1 - self.max_nodata)

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
    """Encodes and writes block after block."""
    started, total, done = time.monotonic(), work.grid.rows * work.grid.cols, 0
    for block in work.grid.blocks():
        run.progress(done / total, _progress(work.grid, block, done / total, time.monotonic() - started))
        vectors, keep = work.vectors(block)
        lon, lat, rings = work.footprints.of(block)
        keep &= np.isfinite(lon)
        if keep.any():
            writer.append(vectors[keep], work.table(block, lon, lat, rings, keep))
        done += block.rows * block.cols


def _progress(grid: PatchGrid, block: encoders.PatchBlock, share: float, seconds: float) -> str:
    row = block.row // grid.stride + 1
    left = f", about {seconds / share * (1 - share):.0f} s left" if share > 0.02 and seconds > 1 else ""
    return f"Encoding row {row:,} of {grid.rows:,} of patches{left}"


def _manifest(
    request: EncodeImageRequest, image: RasterImage, grid: PatchGrid, encoder: encoders.Encoder, skipped: int
) -> dict[str, Any]:
    notes = []
    if image.bands == 1:
        notes.append("Only one band was used; it tells few kinds of places apart.")
    if image.is_paletted:
        notes.append("The pixels are codes of a colour table, not measurements; what looks alike here may be chance.")
    if skipped:
        notes.append(f"{skipped:,} patches were left out for lack of valid pixels.")
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
