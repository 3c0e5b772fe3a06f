"""The coast in the west and the rivers that run to it."""

from __future__ import annotations

import numpy as np

from . import kinds
from .noise import along, fractal, smooth, uniform
from .scene import Scene

_RIVER_BED = 13
"""Half the width of a river inland, px."""


class Water:
    """Sea, surf, beach, salt marsh and rivers of a landscape of ``size`` px; ``closeness`` shrinks a small one."""

    def __init__(self, size: int, seed: int, closeness: float):
        self._size = size
        self._seed = seed
        self._closeness = closeness
        self._gap = 620 * closeness

    def inland(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """How far inland the places of rows ``y`` and columns ``x`` are, px; negative at sea."""
        ragged = 5 * fractal(self._seed + 1, 40, 3, y, x) + 16 * self._closeness * smooth(self._seed + 2, 140, y, x)
        return (x[None, :] - self._coast(y)[:, None]).astype(np.float32) + ragged

    def is_dry(self, y: float, x: float, reach: float) -> bool:
        """Whether neither the sea nor a river comes within ``reach`` of a place."""
        rows = np.linspace(y - reach, y + reach, 9)
        if (x - self._coast(rows) < reach + 60 * self._closeness).any():
            return False
        cols = np.linspace(x - reach, x + reach, 9)
        return all((np.abs(self._course(number, cols) - y) > reach + 40).all() for number in self._rivers())

    def fill(self, scene: Scene, canopy: np.ndarray) -> None:
        """Puts all water and what lines it into a scene; trees along rivers have the shade ``canopy``."""
        inland = self.inland(scene.y, scene.x)
        for number in self._rivers():
            self._river(scene, inland, number, canopy)
        self._shore(scene, inland)

    def _coast(self, y: np.ndarray) -> np.ndarray:
        """The column of the coast at rows ``y``."""
        base = self._size * (0.12 + 0.06 * (y / self._size))
        reach = 0.105 * min(self._size, 2048)
        return base + reach * along(self._seed + 3, 460 * self._closeness, 3, y)

    def _rivers(self) -> range:
        return range(int(np.ceil(self._size / self._gap)) + 1)

    def _course(self, number: int, x: np.ndarray) -> np.ndarray:
        """The row of a river's middle at columns ``x``."""
        middle = (number + 0.25 + 0.5 * float(uniform(self._seed + 20, number))) * self._gap
        return middle + 95 * self._closeness * along(self._seed + 21 + 13 * number, 250 * self._closeness, 2, x)

    def _river(self, scene: Scene, inland: np.ndarray, number: int, canopy: np.ndarray) -> None:
        """One river, wider at its mouth, with trees along it."""
        course = self._course(number, scene.x)
        if course.max() < scene.y[0] - 90 or course.min() > scene.y[-1] + 90:
            return
        seed = self._seed + 23 + 13 * number
        slope = np.gradient(course) if len(course) > 1 else np.zeros(1)
        away = np.abs(scene.y[:, None] - course[None, :]) / np.sqrt(1 + slope**2)[None, :]
        away = away.astype(np.float32) + 2 * smooth(seed, 13, scene.y, scene.x)
        half = _RIVER_BED + 22 * self._closeness * np.exp(-np.maximum(inland, 0) / (90 * self._closeness))
        trees = half + 3 + 9 * smooth(seed + 1, 42, scene.y, scene.x)
        scene.put((away < trees) & (inland > 30), kinds.FOREST, "canopy", "canopy_shadow", canopy)
        ripple = 1 + 0.05 * smooth(seed + 2, 9, scene.y, scene.x)
        scene.put((away < half) & (inland > -6), kinds.RIVER, "river_water", "shallow_water", 0.2, ripple)

    def _shore(self, scene: Scene, inland: np.ndarray) -> None:
        """Marsh behind a beach, the beach, the surf and the sea."""
        y, x, seed = scene.y, scene.x, self._seed
        ashore = scene.kind != kinds.RIVER
        sand = max(0.8, self._closeness) * (25 + 15 * along(seed + 4, 170, 2, y)[:, None]) + 2
        sheltered = np.clip(2.4 * along(seed + 5, 300 * self._closeness, 2, y)[:, None] + 0.4, 0, 1)
        marsh = sand + 110 * self._closeness * sheltered + 14 * fractal(seed + 6, 60, 4, y, x)
        self._marsh(scene, (inland < marsh) & (inland >= sand) & (marsh > sand + 14) & ashore)
        damp = np.clip(1 - inland / 8 + 0.18 * smooth(seed + 7, 5, y, x) + 0.1 * fractal(seed + 8, 26, 2, y, x), 0, 1)
        scene.put((inland < sand) & (inland >= 0) & ashore, kinds.BEACH, "dry_sand", "wet_sand", damp)
        self._sea(scene, inland)

    def _marsh(self, scene: Scene, where: np.ndarray) -> None:
        """Tussocks and mud, with creeks and pools between them."""
        y, x, seed = scene.y, scene.x, self._seed
        tussocks = 0.5 + 0.9 * fractal(seed + 9, 34, 3, y, x) + 0.35 * smooth(seed + 10, 3.4, y, x)
        scene.put(where, kinds.MARSH, "marsh_grass", "marsh_mud", np.clip(tussocks, 0, 1))
        creek = np.abs(fractal(seed + 11, 46, 3, y, x))
        scene.put(where & (creek < 0.045), kinds.MARSH, "shallow_water", "marsh_mud", np.clip(creek * 20, 0, 1))
        pool = smooth(seed + 12, 8, y, x) > 0.74
        scene.put(where & pool, kinds.MARSH, "shallow_water", "marsh_mud", 0.2)

    def _sea(self, scene: Scene, inland: np.ndarray) -> None:
        """Water that gets deeper and rougher outwards, with surf along the beach."""
        y, x, seed = scene.y, scene.x, self._seed
        depth = np.clip(-inland / (120 * self._closeness), 0, 1) ** np.float32(0.6)
        phase = (x[None, :] * 0.8 + y[:, None] * 0.45).astype(np.float32) * np.float32(0.75)
        swell = np.sin(phase + 6 * fractal(seed + 13, 90, 2, y, x)) * (0.6 + 0.6 * smooth(seed + 14, 70, y, x))
        bright = 1 + 0.045 * swell + 0.07 * fractal(seed + 15, 60, 3, y, x)
        at_sea = inland < 0
        scene.put(at_sea, kinds.SEA, "shallow_water", "deep_water", depth, bright)
        breaker = (inland > -11) & at_sea & (smooth(seed + 16, 8, y, x) + 0.4 * np.sin(inland * 1.1) > 0.3)
        scene.put(breaker, kinds.SEA, "shallow_water", "foam", 0.6)
