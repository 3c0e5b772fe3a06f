"""Any raster that GDAL reads, as windows of float32 pixels with a mask of what is valid."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import affine
import numpy as np
import rasterio
import rasterio.crs
import rasterio.errors
import rasterio.windows
from rasterio.enums import ColorInterp, MaskFlags

from ..errors import EngineError
from .raster_opening import check_place, choose_bands, open_raster, story

_CACHE_BYTES = 256 * 1024 * 1024
"""GDAL would take 5 % of the machine's memory for decoded blocks; a row of windows needs far less."""

_LICENCE_TAGS = ("licence", "license", "rights", "copyright", "tifftag_copyright")
_TIME_TAGS = ("acquisitiondatetime", "acquisition_datetime", "datetime", "tifftag_datetime")


class RasterImage:
    """An open raster with a place on Earth. Use as a context manager; ``read`` may be called from any thread.

    ``bands`` are counted from 1; by default all but alpha. ``on_read`` is called before each reading and may raise, to
    stop whoever reads. Raises EngineError ``no_image``, ``image_unreadable``,
    ``no_crs``, ``no_georeference``, ``bad_band`` or ``bad_pixels``, each with a sentence.
    """

    def __init__(self, path: str, bands: list[int] | None = None, on_read: Callable[[], None] | None = None):
        self.path = path
        self._on_read = on_read or (lambda: None)
        self._environment = rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES)
        self._environment.__enter__()
        self._of_thread = threading.local()
        self._opened: list[rasterio.DatasetReader] = []
        try:
            self._dataset = self._dataset_of_thread()
            self.band_numbers = choose_bands(self._dataset, bands)
            check_place(self._dataset)
            self._note_masks()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> RasterImage:
        return self

    def __exit__(self, *_: object) -> None:
        for dataset in self._opened:
            dataset.close()
        self._environment.__exit__(None, None, None)

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self._dataset.height

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self._dataset.width

    @property
    def bands(self) -> int:
        """Number of bands in use."""
        return len(self.band_numbers)

    @property
    def crs(self) -> rasterio.crs.CRS:
        """The coordinate reference system."""
        return self._dataset.crs

    @property
    def transform(self) -> affine.Affine:
        """From (column, row) to coordinates of the CRS."""
        return self._dataset.transform

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.path).name

    @property
    def band_names(self) -> list[str]:
        """What the file calls the bands in use, or their numbers."""
        names = self._dataset.descriptions
        return [names[number - 1] or str(number) for number in self.band_numbers]

    @property
    def declares_nodata(self) -> bool:
        """Whether the file says in any way which pixels hold nothing."""
        return bool(self._nodata or self._masked)

    @property
    def is_paletted(self) -> bool:
        """Whether a band holds codes of a colour table rather than measurements."""
        return any(self._dataset.colorinterp[number - 1] == ColorInterp.palette for number in self.band_numbers)

    def read(self, row: int, col: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels of a window inside the image, float32 (bands, height, width), and which of them are valid in every
        band, bool (height, width), or None when all are. Invalid pixels are 0.

        Raises EngineError ``image_unreadable`` where the file is damaged.
        """
        self._on_read()
        window = rasterio.windows.Window(col, row, width, height)
        try:
            dataset = self._dataset_of_thread()
            raw = dataset.read(self.band_numbers, window=window)
            valid = self._valid(dataset, raw, window)
        except (rasterio.errors.RasterioError, OSError) as error:
            raise EngineError(
                "image_unreadable",
                f"“{self.name}” cannot be read near row {row}, column {col}; the file seems to be damaged.",
                "Copy or download the file again, or open it in QGIS and export it to a new GeoTIFF.",
                story(error),
            ) from error
        pixels = raw.astype(np.float32, copy=False)
        if np.issubdtype(raw.dtype, np.floating):
            finite = np.isfinite(pixels).all(axis=0)
            if not finite.all():
                valid = finite if valid is None else valid & finite
        if valid is None or valid.all():
            return pixels, None
        pixels[:, ~valid] = 0
        return pixels, valid

    @property
    def time(self) -> np.datetime64 | None:
        """When the image was taken, UTC, where the file says so."""
        tags = {**_lower(self._dataset.tags()), **_lower(self._dataset.tags(ns="IMAGERY"))}
        for name in _TIME_TAGS:
            moment = _parse_time(tags.get(name, ""))
            if moment is not None:
                return moment
        return None

    @property
    def licence(self) -> str:
        """The licence the file states, or "unknown"."""
        tags = _lower(self._dataset.tags())
        return next((tags[name].strip() for name in _LICENCE_TAGS if tags.get(name, "").strip()), "unknown")

    @property
    def source(self) -> dict[str, Any]:
        """Where the pixels come from, for a store's manifest."""
        path = Path(self.path).expanduser()
        found: dict[str, Any] = {
            "path": str(path.absolute()) if path.exists() else self.path,
            "name": self.name,
            "crs": self._dataset.crs.to_string(),
            "transform": list(self.transform)[:6],
            "width": self.width,
            "height": self.height,
            "bands": self.band_numbers,
            "band_names": self.band_names,
        }
        if path.is_file():
            stat = path.stat()
            modified = datetime.fromtimestamp(stat.st_mtime, timezone.utc).isoformat(timespec="seconds")
            found |= {"size": stat.st_size, "modified": modified}
        return found

    def _dataset_of_thread(self) -> rasterio.DatasetReader:
        """This thread's own handle on the file, since GDAL's are not to be shared."""
        if not hasattr(self._of_thread, "dataset"):
            self._of_thread.dataset = open_raster(self.path)
            self._opened.append(self._of_thread.dataset)
        return self._of_thread.dataset

    def _valid(
        self, dataset: rasterio.DatasetReader, raw: np.ndarray, window: rasterio.windows.Window
    ) -> np.ndarray | None:
        """Which pixels are valid in every band, or None when all are."""
        valid = None
        for index, nodata in self._nodata.items():
            found = np.isfinite(raw[index]) if np.isnan(nodata) else raw[index] != nodata
            valid = found if valid is None else valid & found
        for number in self._masked:
            found = dataset.read_masks(number, window=window) > 0
            valid = found if valid is None else valid & found
        return valid

    def _note_masks(self) -> None:
        """Finds out how the file says which pixels hold nothing."""
        flags, nodata = self._dataset.mask_flag_enums, self._dataset.nodatavals
        self._nodata: dict[int, np.generic] = {}
        self._masked: list[int] = []
        shared = False
        for index, number in enumerate(self.band_numbers):
            if MaskFlags.nodata in flags[number - 1]:
                found = _as_pixel(nodata[number - 1], self._dataset.dtypes[number - 1])
                if found is not None:
                    self._nodata[index] = found
            elif MaskFlags.all_valid not in flags[number - 1] and not shared:
                self._masked.append(number)
                shared = MaskFlags.per_dataset in flags[number - 1]


def _as_pixel(value: float, kind: str) -> np.generic | None:
    """A nodata value in the type of the pixels, or None where no pixel can have it."""
    kind = np.dtype(kind)
    if kind.kind == "f":
        return kind.type(value)
    limits = np.iinfo(kind)
    fits = np.isfinite(value) and value == int(value) and limits.min <= value <= limits.max
    return kind.type(int(value)) if fits else None


def _lower(tags: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in tags.items()}


def _parse_time(text: str) -> np.datetime64 | None:
    """A moment from TIFF's "2016:01:12 15:45:00" or from ISO 8601; times without a zone are UTC."""
    text = re.sub(r"^(\d{4}):(\d\d):(\d\d)", r"\1-\2-\3", text.strip())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    if not datetime(1826, 1, 1) < moment < datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=366):
        return None  # a clock that was never set
    return np.datetime64(moment, "ms")
