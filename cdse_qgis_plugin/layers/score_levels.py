"""Thresholds on the scores of many places: no Qt, no QGIS.

A threshold is chosen by how many places it keeps, on a logarithmic scale from all to the best one: that is how people
think of it, and it gives the few best as much room on a slider as the many others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

STEPS = 200
SHARES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
"""Classes of the legend: the best tenth of a per cent, the best half per cent, and so on."""


class ScoreLevels:
    """The scores of a layer in order, and the thresholds that a slider with STEPS steps moves along."""

    def __init__(self, scores: Sequence[float] | np.ndarray):
        self._ascending = np.sort(np.asarray(scores, dtype=np.float64))
        if not len(self._ascending):
            raise ValueError("there are no scores")

    @property
    def count(self) -> int:
        """Number of places."""
        return len(self._ascending)

    @property
    def best(self) -> float:
        """The highest score."""
        return float(self._ascending[-1])

    def threshold(self, step: int) -> float:
        """The score that a place needs at a step of the slider."""
        return self._score_of_rank(self.count ** (1 - step / STEPS))

    def kept(self, threshold: float) -> int:
        """How many places have at least this score."""
        return self.count - int(np.searchsorted(self._ascending, threshold, side="left"))

    def step_keeping(self, share: float) -> int:
        """The step that keeps about this share of the places."""
        if self.count == 1:
            return 0
        return round(STEPS * (1 - np.log(max(1.0, share * self.count)) / np.log(self.count)))

    def class_bounds(self) -> list[tuple[float, float]]:
        """For each class, best first, its share and the lowest score in it; classes without places are left out."""
        found: list[tuple[float, float]] = []
        for share in SHARES:
            lowest = self._score_of_rank(share * self.count)
            if share * self.count >= 1 and (not found or lowest < found[-1][1]):
                found.append((share, lowest))
        return found or [(1.0, float(self._ascending[0]))]

    def class_of_step(self, step: int) -> int:
        """The class that places between this step and the next belong to."""
        score = self.threshold(step)
        bounds = self.class_bounds()
        return next((i for i, (_, lowest) in enumerate(bounds) if score >= lowest), len(bounds) - 1)

    def _score_of_rank(self, rank: float) -> float:
        position = min(self.count, max(1, round(rank)))
        return float(self._ascending[-position])
