"""Building a store: piece by piece, one builder at a time, and all or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import filelock
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from .. import __version__
from ..errors import EngineError
from ..run import Run
from . import places
from .store import BASE_COLUMNS, ENCODER, FORMAT, MANIFEST, PATCHES, ROW_GROUP, VECTORS, is_store

_BYTES_A_PATCH = 220
"""About what a row of patches.parquet takes, for the check of free space."""


class StoreWriter:
    """Writes a store into a hidden folder beside its final place and moves it there when it is whole.

    Use as a context manager; leave it without ``finish`` and nothing remains. A store already at ``path`` stays usable
    until the new one takes its place. With ``hilbert`` rows are put in Hilbert order at the end; without, the caller
    hands them over in an order that keeps neighbours together.

    Raises EngineError ``store_busy`` when another process builds the same store, ``not_a_store`` when ``path`` is a
    file or folder that is not one, ``disk_full`` when ``expected_rows`` cannot fit.
    """

    def __init__(self, path: str | Path, run: Run, dim: int, *, hilbert: bool = True, expected_rows: int = 0):
        self.path = Path(path).expanduser().absolute()
        self.dim = dim
        self.count = 0
        self._run = run
        self._hilbert = hilbert
        self._expected_rows = expected_rows
        self._lon: list[np.ndarray] = []
        self._lat: list[np.ndarray] = []
        self._size: list[np.ndarray] = []
        self._times: list[np.datetime64] = []
        self._table: pq.ParquetWriter | None = None
        self._waiting: pa.Table | None = None

    def __enter__(self) -> StoreWriter:
        _check_target(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        key = hashlib.sha256(str(self.path.resolve()).encode()).hexdigest()[:24]
        self._lock = filelock.FileLock(Path(tempfile.gettempdir()) / f"cdse-store-{key}.lock")
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout:
            raise EngineError(
                "store_busy",
                f"Another QGIS or process is building the store “{self.path.name}” right now.",
                "Wait until it is done, or choose another folder.",
            ) from None
        try:
            self._remove_leftovers()
            self._check_space()
            self._folder = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.partial")
            self._folder.mkdir()
            self._vectors = open(self._folder / VECTORS, "wb")
            _write_header(self._vectors, 0, self.dim)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._vectors.close()
            if self._table is not None:
                self._table.close()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._lock.release()

    def append(self, vectors: np.ndarray, patches: pa.Table) -> None:
        """Adds rows: vectors (n, dim), any real type, and a table with ``id``, ``lon``, ``lat``, ``geometry`` (WKB
        polygons, EPSG:4326) and optionally ``time`` (timestamp, UTC) and attributes. Vectors get unit length."""
        vectors = np.asarray(vectors, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = vectors / np.where(norms > 0, norms, 1)
        self._vectors.write(np.ascontiguousarray(vectors).data)
        patches = self._with_covering(patches)
        if self._table is None:
            schema = patches.schema.with_metadata({b"geo": geo_metadata()})
            self._table = pq.ParquetWriter(self._folder / PATCHES, schema, compression="zstd")
        patches = patches.cast(self._table.schema)
        self._waiting = pa.concat_tables([self._waiting, patches]) if self._waiting else patches
        self._write_whole_groups()
        self.count += len(vectors)

    def write_encoder(self, arrays: dict[str, np.ndarray]) -> None:
        """Keeps what the encoder learnt, so that other images can be encoded comparably."""
        np.savez(self._folder / ENCODER, **arrays)

    def finish(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Orders the rows, writes the manifest, moves the store into place; returns the whole manifest.

        ``manifest`` gives at least ``encoder``, ``source``, ``dataset``, ``licence`` and ``footprints``.
        """
        if not self.count:
            raise EngineError(
                "no_patches", "Nothing was found to put into the store.", "Check the source and the area."
            )
        self._vectors.seek(0)
        _write_header(self._vectors, self.count, self.dim)
        self._vectors.close()
        if self._waiting.num_rows:
            self._table.write_table(self._waiting)
        self._table.close()
        names = self._table.schema.names
        lon, lat, size = (np.concatenate(part) for part in (self._lon, self._lat, self._size))
        if self._hilbert:
            self._reorder(_hilbert_order(lon, lat))
        west, east = places.lon_range(lon)
        manifest = {
            "format": FORMAT,
            "count": self.count,
            "dim": self.dim,
            "dtype": "float32",
            "metric": "cosine",
            **manifest,
            "patch_size_m": round(float(np.median(size)), 1),
            "bbox": [west, float(lat.min()), east, float(lat.max())],
            "start": str(min(self._times)) + "Z" if self._times else None,
            "end": str(max(self._times)) + "Z" if self._times else None,
            "attributes": [name for name in names if name not in BASE_COLUMNS],
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "engine": __version__,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=2, allow_nan=False)
        (self._folder / MANIFEST).write_text(text, encoding="utf-8")
        self._run.check()
        self._take_place()
        return manifest

    def _with_covering(self, patches: pa.Table) -> pa.Table:
        """The rows with their bounding boxes, noting place, size and time for the manifest."""
        polygons = shapely.from_wkb(patches.column("geometry").to_numpy(zero_copy_only=False))
        bounds = shapely.bounds(polygons)
        lon, lat = (patches.column(name).to_numpy() for name in ("lon", "lat"))
        self._lon.append(lon)
        self._lat.append(lat)
        metres = np.radians(bounds[:, 3] - bounds[:, 1]) * places.EARTH_RADIUS_M
        self._size.append(metres.astype(np.float32))
        if "time" in patches.column_names:
            times = patches.column("time").to_numpy().astype("datetime64[s]")
            times = times[~np.isnat(times)]
            if len(times):
                self._times += [times.min(), times.max()]
        bbox = pa.StructArray.from_arrays(
            [pa.array(bounds[:, i]) for i in range(4)], names=["xmin", "ymin", "xmax", "ymax"]
        )
        return patches.append_column("bbox", bbox)

    def _write_whole_groups(self) -> None:
        """Writes rows in whole row groups only, since Store.rows finds a row's group by division."""
        whole = self._waiting.num_rows // ROW_GROUP * ROW_GROUP
        if whole:
            self._table.write_table(self._waiting.slice(0, whole), row_group_size=ROW_GROUP)
            self._waiting = self._waiting.slice(whole)

    def _reorder(self, order: np.ndarray) -> None:
        """Rewrites both files in the given order, a piece at a time."""
        patches = pq.read_table(self._folder / PATCHES, memory_map=True)
        piece = ROW_GROUP * 16
        new_vectors, new_patches = self._folder / "vectors.new", self._folder / "patches.new"
        with open(new_vectors, "wb") as out:
            _write_header(out, self.count, self.dim)
            for start in range(0, self.count, ROW_GROUP):
                said = f"Put {start:,} of {self.count:,} patches beside their neighbours"
                self._run.progress(start / self.count, said)
                # Mapped anew each time, so that what one piece touched does not stay in memory for the next.
                raw = np.load(self._folder / VECTORS, mmap_mode="r")
                out.write(np.ascontiguousarray(raw[order[start : start + ROW_GROUP]]).data)
                del raw
        os.replace(new_vectors, self._folder / VECTORS)
        with pq.ParquetWriter(new_patches, patches.schema, compression="zstd") as out:
            for start in range(0, self.count, piece):
                self._run.check()
                out.write_table(patches.take(order[start : start + piece]), row_group_size=ROW_GROUP)
        del patches
        os.replace(new_patches, self._folder / PATCHES)

    def _take_place(self) -> None:
        """Moves the finished folder into place; the old store, if any, goes only then."""
        _check_target(self.path)
        old = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.partial")
        if self.path.exists():
            os.replace(self.path, old)
        try:
            os.replace(self._folder, self.path)
        except OSError:
            if old.exists():
                os.replace(old, self.path)
            raise
        shutil.rmtree(old, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Removes what killed builds of this store left behind; the lock says that none is alive.

        A kill between the two moves of _take_place leaves the old store under a hidden name only: it is put back.
        """
        hidden = sorted(self.path.parent.glob(f".{_escape(self.path.name)}.*.partial"))
        if not self.path.exists():
            for folder in hidden:
                if is_store(folder):
                    os.replace(folder, self.path)
                    break
        for folder in hidden:
            shutil.rmtree(folder, ignore_errors=True)

    def _check_space(self) -> None:
        needed = self._expected_rows * (self.dim * 4 + _BYTES_A_PATCH) * (2 if self._hilbert else 1)
        free = shutil.disk_usage(self.path.parent).free
        if needed > free:
            raise EngineError(
                "disk_full",
                f"The store would need about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.",
                "Free some space, choose another folder, a smaller area or a larger stride.",
            )


def _check_target(path: Path) -> None:
    if path.exists() and not is_store(path) and not (path.is_dir() and not any(path.iterdir())):
        raise EngineError(
            "not_a_store",
            f"“{path}” exists and is not an embedding store, so it is left alone.",
            "Choose a new folder, or the folder of a store to replace.",
        )


def _write_header(file, count: int, dim: int) -> None:
    """The .npy header. numpy pads it so that the first axis may grow without the header becoming longer."""
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (count, dim)})


def _hilbert_order(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The order of points along a Hilbert curve over their own extent."""
    west, _ = places.lon_range(lon)
    lon = (lon - west) % 360  # continuous, so that the antimeridian does not tear the curve
    distance = geopandas.GeoSeries(shapely.points(lon, lat)).hilbert_distance(level=16)
    return np.argsort(distance.to_numpy(), kind="stable")


def geo_metadata() -> bytes:
    """GeoParquet 1.1 metadata of patches.parquet."""
    covering = {"bbox": {edge: ["bbox", edge] for edge in ("xmin", "ymin", "xmax", "ymax")}}
    column = {"encoding": "WKB", "geometry_types": ["Polygon"], "covering": covering}
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}).encode()


def _escape(name: str) -> str:
    """A file name as a pattern that matches just itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)
