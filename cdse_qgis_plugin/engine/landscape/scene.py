"""A window of the landscape while it is being laid out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .kinds import MATERIALS
from .noise import uniform


@dataclass
class Scene:
    """Rows ``y`` and columns ``x`` (1-D, px) of the landscape, and what lies there, all arrays (rows, columns).

    Every pixel is a mixture of two materials, (1 - ``mix``) of ``first`` and ``mix`` of ``second``, ``bright`` times.
    """

    y: np.ndarray
    x: np.ndarray
    kind: np.ndarray
    first: np.ndarray
    second: np.ndarray
    mix: np.ndarray
    bright: np.ndarray

    @classmethod
    def empty(cls, y: np.ndarray, x: np.ndarray) -> Scene:
        """A scene where nothing lies yet."""
        shape = (len(y), len(x))
        numbers = [np.zeros(shape, np.uint8) for _ in range(3)]
        return cls(y, x, *numbers, np.zeros(shape, np.float32), np.ones(shape, np.float32))

    def put(self, where: np.ndarray, kind: int, first: str, second: str | None = None, mix=0.0, bright=1.0) -> None:
        """Makes the pixels ``where`` (a mask) of a kind, of two materials; ``mix`` and ``bright`` are numbers or
        arrays of the whole scene."""
        self.kind[where] = kind
        self.first[where] = MATERIALS[first]
        self.second[where] = MATERIALS[second or first]
        self.mix[where] = mix[where] if isinstance(mix, np.ndarray) else mix
        self.bright[where] = bright[where] if isinstance(bright, np.ndarray) else bright

    def part(self, centre_y: float, centre_x: float, reach: float) -> Scene | None:
        """The view of what lies within ``reach`` of a place, or None when nothing does."""
        rows = slice(*np.searchsorted(self.y, [centre_y - reach, centre_y + reach]))
        cols = slice(*np.searchsorted(self.x, [centre_x - reach, centre_x + reach]))
        if rows.start == rows.stop or cols.start == cols.stop:
            return None
        arrays = (self.kind, self.first, self.second, self.mix, self.bright)
        return Scene(self.y[rows], self.x[cols], *(array[rows, cols] for array in arrays))

    def turned(self, centre_y: float, centre_x: float, angle: float) -> tuple[np.ndarray, np.ndarray]:
        """Pixels' places along and across a direction, from a centre, px."""
        dy = (self.y - centre_y).astype(np.float32)[:, None]
        dx = (self.x - centre_x).astype(np.float32)[None, :]
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        return dx * cos + dy * sin, dy * cos - dx * sin

    def seats(self, seed: int, gap: float, margin: float) -> Iterator[tuple[int, int, float, float]]:
        """Places on a jittered lattice in and near the scene: lattice row and column, and the place in px."""
        rows = range(int((self.y[0] - margin) // gap), int((self.y[-1] + margin) // gap) + 1)
        cols = range(int((self.x[0] - margin) // gap), int((self.x[-1] + margin) // gap) + 1)
        for row in rows:
            for col in cols:
                down = 0.2 + 0.6 * float(uniform(seed, row, col, 0))
                right = 0.2 + 0.6 * float(uniform(seed, row, col, 1))
                yield row, col, (row + down) * gap, (col + right) * gap
