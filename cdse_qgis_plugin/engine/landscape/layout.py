"""The geography of the landscape: what lies where, for any window of it."""

from __future__ import annotations

import numpy as np

from . import kinds
from .fields import Fields
from .noise import fractal, smooth
from .scene import Scene
from .settlements import Settlements
from .water import Water


class Geography:
    """A landscape of ``size`` px side: a coast in the west, rivers running to it, and land with all that is on it."""

    def __init__(self, size: int, seed: int):
        self.size = size
        self.seed = seed
        # A small landscape is the same country at closer quarters, so that it still has some of everything.
        closeness = float(np.clip(size / 1024, 0.42, 1))
        self._woods_gap = 210 * closeness
        self._water = Water(size, seed * 1000, closeness)
        self._fields = Fields(seed * 1000 + 200, closeness)
        self._settlements = Settlements(seed * 1000 + 300, closeness, self._water)

    def scene(self, y: np.ndarray, x: np.ndarray) -> Scene:
        """The window of rows ``y`` and columns ``x`` (1-D pixel coordinates); the same wherever the window starts."""
        scene = Scene.empty(y, x)
        canopy = self._canopy(y, x)
        self._fields.fill(scene)
        woods = fractal(self.seed * 1000 + 400, self._woods_gap, 4, y, x) > 0.2
        scene.put(woods, kinds.FOREST, "canopy", "canopy_shadow", canopy)
        self._settlements.roads(scene)
        self._settlements.greenhouses(scene)
        self._settlements.villages(scene)
        self._water.fill(scene, canopy)
        return scene

    def _canopy(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Share of shadow in a canopy: crowns of some pixels, stands of some tens."""
        crowns = smooth(self.seed * 1000 + 401, 2.6, y, x)
        stands = fractal(self.seed * 1000 + 402, 28, 2, y, x)
        return np.clip(0.45 + 0.75 * crowns + 0.35 * stands, 0, 1)
