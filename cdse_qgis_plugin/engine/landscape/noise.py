"""Chance that depends on nothing but a seed and a place, so that any window of a landscape can be made by itself."""

from __future__ import annotations

import numpy as np


def hashed(seed: int, *keys) -> np.ndarray:
    """Well-mixed uint32 from integers, broadcast against each other."""
    mixed = np.uint32((seed * 0x9E3779B1 + 0x7F4A7C15) & 0xFFFFFFFF)
    with np.errstate(over="ignore"):  # wrapping round is what mixes
        for key in keys:
            mixed = np.bitwise_xor(mixed, np.asarray(key).astype(np.int64).astype(np.uint32))
            mixed = mixed * np.uint32(0x85EBCA6B)
            mixed = mixed ^ (mixed >> np.uint32(15))
            mixed = mixed * np.uint32(0xC2B2AE35)
            mixed = mixed ^ (mixed >> np.uint32(13))
    return mixed


def uniform(seed: int, *keys) -> np.ndarray:
    """Numbers in [0, 1), float32, from integers."""
    return (hashed(seed, *keys) >> np.uint32(8)).astype(np.float32) * np.float32(1 / (1 << 24))


def smooth(seed: int, wavelength: float, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Smooth noise in [-1, 1] on the grid of rows ``y`` and columns ``x`` (both 1-D), float32 (len(y), len(x))."""
    row, down = _cells(y, wavelength)
    col, right = _cells(x, wavelength)
    rows, cols = np.arange(row[0], row[-1] + 2), np.arange(col[0], col[-1] + 2)
    lattice = 2 * uniform(seed, rows[:, None], cols[None, :]) - 1
    row, col = row - row[0], col - col[0]
    bands = lattice[row] * (1 - down)[:, None] + lattice[row + 1] * down[:, None]
    return bands[:, col] * (1 - right) + bands[:, col + 1] * right


def fractal(seed: int, wavelength: float, octaves: int, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Smooth noise with ever finer detail, about in [-1, 1], float32 (len(y), len(x))."""
    total = smooth(seed, wavelength, y, x)
    for octave in range(1, octaves):
        total += smooth(seed + 7919 * octave, wavelength / 2.1**octave, y, x) * np.float32(0.5**octave)
    return total * np.float32(1 / (2 - 0.5 ** (octaves - 1)))


def along(seed: int, wavelength: float, octaves: int, t: np.ndarray) -> np.ndarray:
    """Smooth noise in one dimension, about in [-1, 1], at 1-D places ``t``."""
    return fractal(seed, wavelength, octaves, np.zeros(1), np.asarray(t, dtype=np.float64))[0]


def _cells(places: np.ndarray, wavelength: float) -> tuple[np.ndarray, np.ndarray]:
    """Lattice cells of sorted places, and how far into its cell each is, eased (0 to 1)."""
    places = np.asarray(places, dtype=np.float64) / wavelength
    cell = np.floor(places)
    share = places - cell
    return cell.astype(np.int64), (share * share * (3 - 2 * share)).astype(np.float32)
