"""Opening a raster, or saying why it cannot be encoded."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import rasterio
import rasterio.errors
from rasterio.enums import ColorInterp

from ..errors import EngineError

# A missing georeference is reported in our own words.
warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)


def open_raster(path: str) -> rasterio.DatasetReader:
    """The dataset at a path; raises EngineError ``no_image`` or ``image_unreadable``."""
    try:
        return rasterio.open(Path(path).expanduser() if path.startswith("~") else path)
    except (rasterio.errors.RasterioError, OSError, ValueError) as error:
        elsewhere = re.match(r"^(/vsi|[A-Za-z0-9_+]{2,}:)", path)
        if not elsewhere and not Path(path).expanduser().exists():
            raise EngineError(
                "no_image", f"There is no file “{path}”.", "Check the path; the file may have been moved or renamed."
            ) from None
        raise EngineError(
            "image_unreadable",
            f"“{Path(path).name}” cannot be opened as an image; it is damaged or in a format that GDAL cannot read.",
            "Choose a raster that QGIS can show, such as a GeoTIFF.",
            story(error),
        ) from error


def choose_bands(dataset: rasterio.DatasetReader, wanted: list[int] | None) -> list[int]:
    """The numbers of the bands to encode, from 1: those wanted, or all but alpha.

    Raises EngineError ``image_unreadable``, ``bad_band`` or ``bad_pixels``.
    """
    name = Path(dataset.name).name
    if dataset.count == 0:
        raise _without_pixels(name, dataset.subdatasets)
    kinds = zip(dataset.indexes, dataset.colorinterp, strict=True)
    bands = list(wanted or [number for number, kind in kinds if kind != ColorInterp.alpha])
    missing = [number for number in bands if number not in dataset.indexes]
    if missing:
        count = f"{dataset.count} bands, counted from 1" if dataset.count > 1 else "one band"
        raise EngineError(
            "bad_band", f"“{name}” has {count}; there is no band {missing[0]}.", "Choose among the bands that exist."
        )
    if not bands:
        raise EngineError(
            "bad_band", f"“{name}” holds nothing but transparency.", "Choose an image with something to see in it."
        )
    if len(set(bands)) < len(bands):
        raise EngineError("bad_band", "A band was named twice.", "Choose each band once.")
    if any(dataset.dtypes[number - 1].startswith("complex") for number in bands):
        raise EngineError(
            "bad_pixels",
            f"“{name}” holds complex numbers, such as radar before detection; they cannot be encoded.",
            "Make an image of amplitude or backscatter from it first, then encode that.",
        )
    return bands


def check_place(dataset: rasterio.DatasetReader) -> None:
    """Raises EngineError ``no_georeference`` or ``no_crs`` for an image without a place on Earth."""
    name = Path(dataset.name).name
    if dataset.transform.is_identity or dataset.transform.is_degenerate:
        if dataset.gcps[0]:
            said = " It has ground control points, but has not been warped to them yet."
            hint = "Warp it to a map projection (Raster › Projections › Warp in QGIS)."
        else:
            said, hint = "", "Georeference it first (Layer › Georeferencer in QGIS)."
        raise EngineError(
            "no_georeference",
            f"“{name}” does not say where on Earth its pixels lie, so no place could be found in it.{said}",
            hint,
        )
    if dataset.crs is None:
        raise EngineError(
            "no_crs",
            f"“{name}” has no coordinate reference system, so its pixels have no place on Earth.",
            "Give it one in QGIS (Raster › Projections › Assign projection), then try again.",
        )


def story(error: BaseException) -> str:
    """An exception with what led to it; GDAL's own words are often in the cause."""
    lines = []
    while error is not None:
        lines.append(f"{type(error).__name__}: {error}")
        error = error.__cause__ or error.__context__
    return "\n".join(lines)


def _without_pixels(name: str, parts: list[str]) -> EngineError:
    if parts:
        return EngineError(
            "image_unreadable",
            f"“{name}” is a container of {len(parts)} images, and none was chosen.",
            f"Give the name of one of them, such as {parts[0]}",
        )
    return EngineError("image_unreadable", f"“{name}” holds no image.", "Choose a raster that QGIS can show.")
