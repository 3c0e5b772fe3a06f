"""The index of inverted lists: looks where it was measured to suffice, and exactly everywhere else."""

from __future__ import annotations

import numpy as np

from ..run import Run
from .index import ExactIndex, Found, Kind, Promise, best
from .lists import Lists, on_all_cores
from .recalls import Point, Recalls

EXACT_ROWS = 30_000
"""Up to this many wanted rows are compared exactly: that takes a few milliseconds and misses nothing."""


class InvertedIndex:
    """Inverted lists with exact comparison of what they bring up, for searches that need to find a share ``recall``.

    A search that no measurement covers, or that leaves few rows to compare, is exact.
    """

    def __init__(self, lists: Lists, recalls: Recalls, exact: ExactIndex, recall: float):
        self._lists = lists
        self._recalls = recalls
        self._exact = exact
        self._recall = recall

    def search(
        self, direction: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> Found:
        """See Index."""
        wanted_rows = self._count(wanted)
        point = self._point(k, wanted_rows, kind)
        if point is None:
            return self._exact.search(direction, k, run, wanted, kind)
        return self._search(direction[None], min(k, wanted_rows), run, wanted, point)[0]

    def search_many(
        self, directions: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> list[Found]:
        """See Index."""
        wanted_rows = self._count(wanted)
        point = self._point(k, wanted_rows, kind)
        if point is None:
            return self._exact.search_many(directions, k, run, wanted, kind)
        few = min(k, wanted_rows)
        return on_all_cores(lambda bite: self._search(bite, few, run, wanted, point), directions)

    def promise(self, k: int, wanted_rows: int, kind: Kind = "places") -> Promise:
        """See Index."""
        point = self._point(k, wanted_rows, kind)
        if point is None:
            return self._exact.promise(k, wanted_rows, kind)
        return Promise(exact=False, recall=point.recall, engine=self._lists.engine)

    def scores(self, direction: np.ndarray, run: Run) -> np.ndarray:
        """See Index."""
        return self._exact.scores(direction, run)

    def _count(self, wanted: np.ndarray | None) -> int:
        return self._lists.count if wanted is None else int(np.count_nonzero(wanted))

    def _point(self, k: int, wanted_rows: int, kind: Kind) -> Point | None:
        if wanted_rows <= EXACT_ROWS:
            return None
        return self._recalls.point(self._recall, k, wanted_rows / self._lists.count, kind)

    def _search(self, directions: np.ndarray, k: int, run: Run, wanted: np.ndarray | None, point: Point) -> list[Found]:
        probes = point.probes
        while True:
            run.check()
            rows = self._lists.candidates(directions, point.candidates, probes, wanted)
            if (rows[:, k - 1] >= 0).all():
                break
            if probes >= self._lists.lists:
                return self._exact.search_many(directions, k, run, wanted)
            probes *= 4  # the lists nearest to a direction lie outside the filter
        rows.sort(axis=1)  # ties come out in row order, and the memory is read in one direction
        scores = self._lists.scores(directions, rows)
        found = []
        for row, score in zip(rows, scores, strict=True):
            places, values = best(score, k)
            found.append((row[places], values))
        return found
