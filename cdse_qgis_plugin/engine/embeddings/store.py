"""The embedding store: a folder of patches with their vectors, ready to search.

* ``manifest.json``: what it is, where it came from, under which licence; written last.
* ``patches.parquet``: GeoParquet 1.1, one row a patch: ``id``, ``lon``, ``lat`` (centre), ``geometry`` (footprint,
  EPSG:4326, WKB), ``bbox`` (covering), ``time`` where known, and whatever attributes the source had.
* ``vectors.npy``: float32 (count, dim), unit length, C order, memory-mapped; row i belongs to patch i.
* ``encoder.npz``: what the encoder learnt from the source, where it learnt anything.

Rows are in space-filling order, so a map window is a few runs of rows.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from ..errors import EngineError
from . import places

FORMAT = 1
MANIFEST, PATCHES, VECTORS, ENCODER = "manifest.json", "patches.parquet", "vectors.npy", "encoder.npz"
BASE_COLUMNS = ("id", "lon", "lat", "time", "geometry", "bbox")
"""Columns every store has (``time`` may be missing); all others are attributes of the source."""

ROW_GROUP = 1024
"""Rows of patches read at a time. Answers lie scattered, so groups are small: this many decode in a millisecond."""

_GROUPS_KEPT = 512
_SAME_SIDE_M = places.EARTH_RADIUS_M * np.pi / 2


class Store:
    """An open store. Cheap to open: vectors are memory-mapped, patch columns are read when asked for.

    Raises EngineError ``no_store``, ``store_damaged`` or ``store_too_new``.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.manifest = _read_manifest(self.path)
        self._patches = self._open_patches()
        self._kept: dict[int, pa.Table] = {}
        self.vectors = self._map_vectors()
        if self._patches.metadata.num_rows != self.count:
            raise _damaged(self.path, f"{PATCHES} has {self._patches.metadata.num_rows} rows instead of {self.count}")
        missing = {"id", "lon", "lat", "geometry"} - set(self._patches.schema_arrow.names)
        if missing:
            raise _damaged(self.path, f"{PATCHES} lacks {', '.join(sorted(missing))}")

    @property
    def count(self) -> int:
        """Number of patches."""
        return self.manifest["count"]

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.manifest["dim"]

    @functools.cached_property
    def lon(self) -> np.ndarray:
        """Longitudes of the patch centres, float64 (count,)."""
        return self.column("lon")

    @functools.cached_property
    def lat(self) -> np.ndarray:
        """Latitudes of the patch centres, float64 (count,)."""
        return self.column("lat")

    @functools.cached_property
    def time(self) -> np.ndarray | None:
        """Times of the patches, datetime64[ms] UTC (count,) with NaT where unknown, or None without any."""
        if "time" not in self._patches.schema_arrow.names:
            return None
        return self.column("time").astype("datetime64[ms]")

    @functools.cached_property
    def directions(self) -> np.ndarray:
        """Patch centres as unit vectors, float64 (count, 3): near 1 a float32 cosine is blind below 2 km."""
        return places.unit_vectors(self.lon, self.lat)

    @property
    def attributes(self) -> list[str]:
        """Names of the attribute columns of the source."""
        return [name for name in self._patches.schema_arrow.names if name not in BASE_COLUMNS]

    @property
    def row_groups(self) -> int:
        """Number of row groups of patches, for reading everything piece by piece."""
        return self._patches.num_row_groups

    @functools.cached_property
    def _group_starts(self) -> np.ndarray:
        """The first row of every row group; their size is the writer's choice, and another version's may differ."""
        sizes = [self._patches.metadata.row_group(i).num_rows for i in range(self.row_groups)]
        return np.cumsum([0, *sizes[:-1]])

    def column(self, name: str) -> np.ndarray:
        """One whole column as an array."""
        return self._read(lambda: self._patches.read(columns=[name])).column(0).to_numpy()

    def rows_of_group(self, number: int) -> slice:
        """Which rows a row group holds."""
        ends = [*self._group_starts[1:].tolist(), self.count]
        return slice(int(self._group_starts[number]), ends[number])

    def read_row_group(self, number: int, columns: list[str] | None = None) -> pa.Table:
        """One row group as a table."""
        return self._read(lambda: self._patches.read_row_group(number, columns=columns))

    def rows(self, rows: np.ndarray, columns: list[str] | None = None) -> pa.Table:
        """The given rows, in the given order, as a table; reads only the row groups that hold them."""
        rows = np.asarray(rows, dtype=np.int64)
        if not len(rows):
            return self._patches.schema_arrow.empty_table().select(columns or self._patches.schema_arrow.names)
        groups = np.searchsorted(self._group_starts, rows, side="right") - 1
        within = rows - self._group_starts[groups]
        found = [self._row_group(g).slice(i, 1) for g, i in zip(groups.tolist(), within.tolist(), strict=True)]
        together = pa.concat_tables(found)
        return together.select(columns) if columns else together

    def footprints(self, rows: np.ndarray) -> np.ndarray:
        """Footprints of the given rows as shapely polygons in EPSG:4326."""
        return shapely.from_wkb(self.rows(rows, ["geometry"]).column("geometry").to_numpy(zero_copy_only=False))

    def patch_at(self, lon: float, lat: float) -> int | None:
        """The row of the patch that holds a point, or None; of several, the one with the nearest centre."""
        nearness = self.directions @ places.unit_vectors(lon, lat)[0]
        nearest = int(np.argmax(nearness))
        if self._holds(nearest, lon, lat):
            return nearest
        # The nearest centre need not be the holder's where footprints differ in size; look at a few.
        few = min(16, self.count)
        near = np.argpartition(-nearness, few - 1)[:few]
        near = near[np.argsort(-nearness[near], kind="stable")]
        return next((int(row) for row in near if self._holds(row, lon, lat)), None)

    def _holds(self, row: int, lon: float, lat: float) -> bool:
        """Whether the footprint of a row holds a point, seen in the tangent plane of the point."""
        x, y = places.to_tangent(lon, lat, *shapely.get_coordinates(self.footprints([row])[0]).T)
        if len(x) < 3 or np.hypot(x, y).min() > _SAME_SIDE_M:  # a patch at the antipode lies all around the point
            return False
        return bool(shapely.covers(shapely.polygons(np.column_stack([x, y])), shapely.Point(0, 0)))

    def _row_group(self, number: int) -> pa.Table:
        """One row group with all columns, kept while it is among those used last."""
        piece = self._kept.pop(number, None)
        if piece is None:
            piece = self.read_row_group(number)
        self._kept[number] = piece
        if len(self._kept) > _GROUPS_KEPT:
            del self._kept[next(iter(self._kept))]
        return piece

    def _read(self, read) -> pa.Table:
        try:
            return read()
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, f"{PATCHES} cannot be read: {error}") from error

    def _open_patches(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path / PATCHES)
        except FileNotFoundError:
            raise _damaged(self.path, f"{PATCHES} is missing") from None
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, f"{PATCHES} cannot be read: {error}") from error

    def _map_vectors(self) -> np.ndarray:
        try:
            vectors = np.load(self.path / VECTORS, mmap_mode="r")
        except FileNotFoundError:
            raise _damaged(self.path, f"{VECTORS} is missing") from None
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(self.path, f"{VECTORS} cannot be read: {error}") from error
        if vectors.shape != (self.count, self.dim) or vectors.dtype != np.float32:
            raise _damaged(self.path, f"{VECTORS} holds {vectors.shape} instead of {(self.count, self.dim)}")
        return vectors


def open_store(path: str | Path) -> Store:
    """The store at ``path``; kept open between calls, and opened again when it was rebuilt in between."""
    path = Path(path).expanduser()
    try:
        stamp = (path / MANIFEST).stat()
    except OSError:
        return Store(path)  # says why
    return _open_store(path.resolve(), stamp.st_mtime_ns, stamp.st_ino)


@functools.lru_cache(maxsize=4)
def _open_store(path: Path, _modified: int, _inode: int) -> Store:
    return Store(path)


def is_store(path: Path) -> bool:
    """Whether a folder is, or once was, a store."""
    return (path / MANIFEST).is_file()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise EngineError(
            "no_store",
            f"There is no embedding store at “{path}”.",
            "Choose the folder of a store, or make one from an image or an embedding file.",
        ) from None
    except ValueError as error:
        raise _damaged(path, f"{MANIFEST} is not JSON: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise _damaged(path, f"{MANIFEST} is not a store's manifest")
    if manifest["format"] > FORMAT:
        raise EngineError(
            "store_too_new",
            f"The store “{path.name}” was made by a newer version (format {manifest['format']}; "
            f"this one reads up to {FORMAT}).",
            "Update the plugin and its engine, or make the store again with this version.",
        )
    if not all(isinstance(manifest.get(field), int) and manifest[field] > 0 for field in ("count", "dim")):
        raise _damaged(path, f"{MANIFEST} lacks count or dim")
    return manifest


def _damaged(path: Path, what: str) -> EngineError:
    return EngineError(
        "store_damaged",
        f"The store “{path.name}” is damaged: {what}. It cannot be searched.",
        "Make it again from its source; nothing else is affected.",
    )
