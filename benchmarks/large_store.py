"""A large made-up store: vectors with the spectrum and the clusters of real embeddings, written in pieces.

96 latent fields over the ground, rough to smooth, and 24 kinds of land cover go through a random layer with ReLU into
``dim`` channels; a common mean and a little noise are added. Rows lie on a square grid in Z-order. Of 1,000,000 x 768
the mean cosine is about 0.5, and 128 principal components hold about 86 % of the variance.

    .venv/engine/bin/python -m benchmarks.large_store FOLDER [rows] [dimensions]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely

from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
from cdse_qgis_plugin.engine.run import Run

_LATENT, _KINDS, _HIDDEN = 96, 24, 512
_NOISE = 0.25
_PIECE = 20_480
_STEP_DEG = 0.02


def make_large_store(path: Path, rows: int = 1_000_000, dim: int = 768, seed: int = 0) -> None:
    """Writes the store; the same seed gives the same vectors."""
    side = int(np.ceil(np.sqrt(rows)))
    order = _z_order(side)[:rows]
    vectors = _Vectors(side, dim, seed)
    about = {"encoder": {"name": "made up"}, "source": {"path": "made up"}, "dataset": "made up", "licence": "CC0"}
    with StoreWriter(path, Run(), dim, hilbert=False, expected_rows=rows) as writer:
        for start in range(0, rows, _PIECE):
            cells = order[start : start + _PIECE]
            writer.append(vectors.of(cells), _patches(cells, side))
        writer.finish({**about, "footprints": "exact", "notes": []})


class _Vectors:
    """Vectors of the cells of a square, a piece at a time."""

    def __init__(self, side: int, dim: int, seed: int):
        self._rng = np.random.default_rng(seed)
        self._latent = self._fields(_LATENT, side)
        kinds = self._fields(_KINDS, side)
        self._kind = kinds.argmax(axis=0)
        self._strength = np.linspace(1, 0.15, _LATENT, dtype=np.float32)
        self._kinds = self._normal(_KINDS, _KINDS) * 1.5
        self._first = self._normal(_LATENT + _KINDS, _HIDDEN) / np.sqrt(40)
        self._second = self._normal(_HIDDEN, dim) / np.sqrt(_HIDDEN)
        mean = self._normal(dim)
        self._mean = 1.1 * mean / np.linalg.norm(mean)
        some = self._signal(self._rng.choice(side * side, min(20_000, side * side), replace=False))
        self._middle = some.mean(axis=0)
        self._scale = np.linalg.norm(some - self._middle, axis=1).mean()

    def of(self, cells: np.ndarray) -> np.ndarray:
        """Vectors (n, dim) of some cells; the noise depends on the order of calls."""
        signal = (self._signal(cells) - self._middle) / self._scale
        return signal + self._mean + self._normal(*signal.shape) * (_NOISE / np.sqrt(signal.shape[1]))

    def _signal(self, cells: np.ndarray) -> np.ndarray:
        latent = self._latent[:, cells].T * self._strength
        return (
            np.maximum(np.concatenate([latent, self._kinds[self._kind[cells]]], axis=1) @ self._first, 0) @ self._second
        )

    def _fields(self, number: int, side: int) -> np.ndarray:
        """Gaussian fields (number, side²) whose spectra fall with powers between 0.8 and 2.4 of the frequency."""
        frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
        frequency[0, 0] = np.inf
        fields = np.empty((number, side * side), dtype=np.float32)
        for field in fields:
            amplitude = frequency ** -self._rng.uniform(0.4, 1.2)
            phase = np.exp(2j * np.pi * self._rng.random(frequency.shape))
            values = np.fft.irfft2(amplitude * phase, s=(side, side)).ravel()
            field[:] = (values - values.mean()) / values.std()
        return fields

    def _normal(self, *shape: int) -> np.ndarray:
        return self._rng.standard_normal(shape, dtype=np.float32)


def _z_order(side: int) -> np.ndarray:
    """Cells of a square along a Z-order curve, so that neighbours are near each other in the file."""
    row, column = np.divmod(np.arange(side * side), side)
    key = np.zeros(side * side, dtype=np.int64)
    for bit in range(side.bit_length()):
        key |= ((column >> bit) & 1) << (2 * bit) | ((row >> bit) & 1) << (2 * bit + 1)
    return np.argsort(key)


def _patches(cells: np.ndarray, side: int) -> pa.Table:
    row, column = np.divmod(cells, side)
    lon, lat = 5 + column * _STEP_DEG, 30 + row * _STEP_DEG
    half = _STEP_DEG / 2
    shapes = shapely.box(lon - half, lat - half, lon + half, lat + half)
    return pa.table(
        {"id": [f"p{cell}" for cell in cells], "lon": lon, "lat": lat, "geometry": pa.array(shapely.to_wkb(shapes))}
    )


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    make_large_store(Path(folder), *(int(number) for number in numbers))
