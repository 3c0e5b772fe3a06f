"""Villages, the roads between them, and greenhouses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import kinds
from .noise import fractal, hashed, smooth, uniform
from .scene import Scene
from .water import Water

_LOT = (3.25, 3.4)
"""Depth and width of a building lot, px."""


class Settlements:
    """What people built; ``closeness`` shrinks a small landscape, ``water`` says where it is too wet."""

    def __init__(self, seed: int, closeness: float, water: Water):
        self._seed = seed
        self._closeness = closeness
        self._water = water
        self._gap = 300 * closeness

    def roads(self, scene: Scene) -> None:
        """Puts roads from each village to its neighbours in the east and south into a scene."""
        seats = {(row, col): (y, x) for row, col, y, x in self._villages(scene, 2 * self._gap)}
        for (row, col), start in seats.items():
            for other in ((row, col + 1), (row + 1, col)):
                if other in seats:
                    self._road(scene, start, seats[other], float(uniform(self._seed, row, col, *other)))

    def villages(self, scene: Scene) -> None:
        """Puts villages into a scene: streets at right angles, roofs along them, gardens behind."""
        seed = self._seed
        for row, col, centre_y, centre_x in self._villages(scene, 0.4 * self._gap):
            reach = self._gap * (0.10 + 0.10 * float(uniform(seed + 1, row, col)))
            part = scene.part(centre_y, centre_x, 1.5 * reach)
            if part is None:
                continue
            u, v = part.turned(centre_y, centre_x, np.pi * float(uniform(seed + 2, row, col)))
            ragged = 0.45 * fractal(seed + 3, 30, 2, part.y, part.x)
            built = np.hypot(u / 1.2, v / 0.9) < reach * (1 + ragged)
            u = u + 2.5 * smooth(seed + 4, 45, part.y, part.x)
            v = v + 2.5 * smooth(seed + 5, 45, part.y, part.x)
            self._build(part, built, u, v, hashed(seed, row, col))

    def greenhouses(self, scene: Scene) -> None:
        """Puts compounds of long plastic houses into a scene."""
        seed, shrunk = self._seed + 20, max(0.6, self._closeness)
        for row, col, centre_y, centre_x in scene.seats(seed, 285 * self._closeness, 80):
            half_u = (30 + 24 * float(uniform(seed + 1, row, col))) * shrunk
            half_v = (22 + 16 * float(uniform(seed + 2, row, col))) * shrunk
            reach = float(np.hypot(half_u, half_v))
            part = scene.part(centre_y, centre_x, reach)
            if part is None or not self._water.is_dry(centre_y, centre_x, reach):
                continue
            u, v = part.turned(centre_y, centre_x, np.pi * float(uniform(seed + 3, row, col)))
            inside = (np.abs(u) < half_u) & (np.abs(v) < half_v)
            house = hashed(seed + 4, np.floor(v / 11), np.floor(u / 37), row, col)
            tone = 0.7 + 0.5 * uniform(seed + 5, house)
            seam = np.clip(0.75 - 1.5 * np.sin(v * np.float32(2 * np.pi / 3.4)), 0, 1)
            part.put(inside, kinds.GREENHOUSES, "plastic", "lane", seam, tone)
            part.put(inside & ((v % 11 < 1.5) | (u % 37 < 2.0)), kinds.GREENHOUSES, "yard", "garden", 0.4)

    def _build(self, part: Scene, built: np.ndarray, u: np.ndarray, v: np.ndarray, village: np.ndarray) -> None:
        """Gardens, streets and roofs of one village."""
        street = (u % 13 < 1.3) | (v % 17 < 1.3)
        lot = hashed(self._seed + 6, np.floor(u / _LOT[0]), np.floor(v / _LOT[1]), village)
        chance, tone = uniform(self._seed + 7, lot), uniform(self._seed + 8, lot)
        roof = built & ~street & (u % _LOT[0] < 2.1) & (v % _LOT[1] < 2.2) & (chance < 0.70)
        lit = 0.72 + 0.5 * tone
        part.put(built, kinds.VILLAGE, "garden", "canopy", 0.8 * tone, 0.9)
        part.put(built & street, kinds.VILLAGE, "asphalt")
        part.put(roof, kinds.VILLAGE, "tile_roof", "slate_roof", 0.3 * tone, lit)
        part.put(roof & (chance < 0.22), kinds.VILLAGE, "slate_roof", "white_roof", 0.4 * tone, lit)
        part.put(roof & (chance < 0.05), kinds.VILLAGE, "white_roof", bright=lit)

    def _road(self, scene: Scene, start: tuple[float, float], end: tuple[float, float], chance: float) -> None:
        (y0, x0), (y1, x1) = start, end
        length = float(np.hypot(y1 - y0, x1 - x0))
        part = scene.part((y0 + y1) / 2, (x0 + x1) / 2, length / 2 + 30)
        if part is None:
            return
        u, v = part.turned(y0, x0, np.arctan2(y1 - y0, x1 - x0))
        bend = 9 * np.sin(np.pi * np.clip(u / length, 0, 1)) * np.sin(u / 34 + 6 * chance)
        part.put((np.abs(v - bend) < 1.0) & (u > 0) & (u < length), kinds.EDGE, "asphalt", "gravel", 0.3)

    def _villages(self, scene: Scene, margin: float) -> Iterator[tuple[int, int, float, float]]:
        """Villages near the scene: lattice row and column, and the centre in px."""
        for row, col, y, x in scene.seats(self._seed + 9, self._gap, margin):
            if uniform(self._seed + 10, row, col) < 0.85:
                yield row, col, y, x
