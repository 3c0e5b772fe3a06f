"""From materials to what a satellite records: light, haze, blur and noise."""

from __future__ import annotations

import numpy as np

from .kinds import BANDS, SPECTRA
from .layout import Geography
from .noise import fractal, hashed, smooth
from .scene import Scene

MARGIN = 1
"""Pixels around a window that its blur needs."""

_HAZE = np.array([420, 290, 190, 90, 40, 25], dtype=np.float32)
"""Reflectance x 10000 that thick haze adds in each band."""


def paint(geography: Geography, row: int, col: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A window of the landscape: reflectance x 10000, uint16 (bands, height, width), and kinds, uint8."""
    y = np.arange(row - MARGIN, row + height + MARGIN, dtype=np.float64)
    x = np.arange(col - MARGIN, col + width + MARGIN, dtype=np.float64)
    scene = geography.scene(y, x)
    light, haze = _light(geography, scene), _haze(geography, scene)
    pixels = np.empty((len(BANDS), height, width), dtype=np.uint16)
    for band in range(len(BANDS)):
        values = SPECTRA[:, band][scene.first]
        values += (SPECTRA[:, band][scene.second] - values) * scene.mix
        values *= scene.bright * light
        values += _HAZE[band] * haze
        values = _blurred(values)
        grain = _grain(geography.seed * 1000 + 500 + band, y[1:-1], x[1:-1])
        values += grain * (np.float32(10) + np.float32(0.012) * values)
        pixels[band] = np.clip(np.rint(values), 1, 10_000)  # 0 stays free for nodata
    return pixels, scene.kind[1:-1, 1:-1].copy()


def _light(geography: Geography, scene: Scene) -> np.ndarray:
    """Brightness from gentle slopes facing towards and away from the sun."""
    slope = smooth(geography.seed * 1000 + 510, 330, scene.y, scene.x) + 0.4 * smooth(
        geography.seed * 1000 + 511, 120, scene.y, scene.x
    )
    return 1 + np.float32(0.16) * slope


def _haze(geography: Geography, scene: Scene) -> np.ndarray:
    """Haze, 0 to 1: thicker towards one corner, uneven."""
    across = (scene.x[None, :] + scene.y[:, None]) / (2 * geography.size)
    uneven = fractal(geography.seed * 1000 + 512, 0.6 * geography.size, 2, scene.y, scene.x)
    return np.clip(0.1 + 0.6 * (1 - across) + 0.6 * uneven, 0, 1.2).astype(np.float32)


def _blurred(values: np.ndarray) -> np.ndarray:
    """What a sensor makes of sharp edges; loses the margin."""
    side = np.float32(0.14)
    values = values[1:-1] * (1 - 2 * side) + side * (values[:-2] + values[2:])
    return values[:, 1:-1] * (1 - 2 * side) + side * (values[:, :-2] + values[:, 2:])


def _grain(seed: int, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Sensor noise, about normal with deviation 1."""
    bits = hashed(seed, y.astype(np.int64)[:, None], x.astype(np.int64)[None, :])
    total = (bits & np.uint32(255)).astype(np.float32)
    for shift in (8, 16, 24):
        total += ((bits >> np.uint32(shift)) & np.uint32(255)).astype(np.float32)
    return (total - 510) * np.float32(1 / 147.8)
