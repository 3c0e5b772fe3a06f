"""Small rasters with known pixels, for tests."""

import affine
import numpy as np
import rasterio

UTM = {"crs": "EPSG:32631", "transform": affine.Affine(10, 0, 500_000, 0, -10, 5_600_000)}


def textures(bands=4, height=96, width=112, seed=0):
    """Pixels (bands, height, width), uint16: quarters that differ in brightness, in stripes and in noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    stripes = np.where(y < height // 2, np.sin(x * 1.7), np.sin(y * 1.3)) * np.where(x < width // 2, 300, 60)
    base = 800 + 500 * (x > width // 2) + 300 * (y > height // 2)
    scale = rng.uniform(0.6, 1.6, size=(bands, 1, 1))
    pixels = (base + stripes) * scale + rng.normal(scale=40, size=(bands, height, width))
    return np.clip(np.rint(pixels), 1, 60_000).astype(np.uint16)


def write(path, pixels, nodata=None, mask=None, tags=None, colorinterp=None, **profile):
    """A GeoTIFF of pixels (bands, height, width); near Brussels in UTM by default."""
    pixels = np.asarray(pixels)
    count, height, width = pixels.shape
    known = {
        "driver": "GTiff",
        "count": count,
        "height": height,
        "width": width,
        "dtype": pixels.dtype,
        "nodata": nodata,
    }
    with rasterio.open(path, "w", **{**known, **UTM, **profile}) as dataset:
        dataset.write(pixels)
        if mask is not None:
            dataset.write_mask(mask)
        if tags:
            dataset.update_tags(**tags)
        if colorinterp:
            dataset.colorinterp = colorinterp
    return str(path)
