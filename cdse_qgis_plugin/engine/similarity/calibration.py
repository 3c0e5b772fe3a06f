"""Calibration: how many lists and candidates an index needs on its own store, measured against the exact answer.

For every kind of search, directions that the index has not seen are answered exactly. One generous search of the lists
then tells for every smaller number of lists and candidates what it would have found, so whole grids are measured at
the price of one. What is told is what the mean recall exceeds with 95 % confidence, rather than what happened to be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..run import Run
from .held_out import HeldOut
from .index import Kind
from .inverted import EXACT_ROWS
from .lists import Lists, on_all_cores
from .part_of_run import PartOfRun
from .recalls import Cell, Point, Recalls

LEVELS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
"""Recalls to look for ways to."""

_DEPTHS = (100, 1000)
_DEEP = 10_000
_STEP = 3.0
"""Filters are measured for shares of the rows in these steps, up from the least that is not compared exactly, as runs
of neighbouring rows: the hardest filters, since the nearest lists may have nothing there."""

_RUNS = 4
_DIRECTIONS = 32
_DEEP_DIRECTIONS = 8
_PIECE = 16_384
_CONFIDENCE = 1.64
"""Standard errors of a mean to stay on the safe side by: one-sided, 95 %."""

_SAME = 1e-6
"""Scores this close are the same answer, as those of duplicates are."""

_KINDS: tuple[Kind, ...] = get_args(Kind)

# Microseconds, as a + b * dimensions / 768, measured on one core; only their ratios matter, to tell cheap from dear.
_LIST, _CODE, _SKIPPED, _CANDIDATE, _ROW = (0.6, 1.0), (0.006, 0.012), (0.003, 0.0), (0.3, 0.5), (0.01, 0.2)


@dataclass(frozen=True)
class _Grid:
    """Numbers of lists and of candidates to tell the recall for."""

    probes: np.ndarray
    candidates: np.ndarray

    @classmethod
    def of(cls, lists: Lists, depth: int, share: float, limit: int) -> _Grid:
        most = np.log2(lists.lists) - (2 if share == 1 and depth < _DEEP else 1)
        probes = np.unique(np.round(2 ** np.arange(2, most + 0.1, 0.5)).astype(int))
        candidates = np.unique(np.round(depth * 2 ** np.arange(0, 6.5, 0.25)).astype(int))
        return cls(probes, candidates[candidates <= limit])


def calibrate(lists: Lists, vectors: np.ndarray, assigned: np.ndarray, held_out: HeldOut, levels, run: Run) -> Recalls:
    """Measures every kind of search; ``assigned`` (n,) is the list of every row."""
    shares = [1.0]
    least = EXACT_ROWS / len(vectors)
    while least < 0.5:
        shares.append(least)
        least *= _STEP
    plans = [(share, _DEPTHS, _DIRECTIONS) for share in shares]
    if len(vectors) >= 20 * _DEEP:
        plans.append((1.0, (_DEEP,), _DEEP_DIRECTIONS))
    measure = _Measure(lists, vectors, assigned, held_out, levels)
    cells: list[Cell] = []
    for i, (share, depths, number) in enumerate(plans):
        cells += measure.cells(share, depths, number, PartOfRun(run, i / len(plans), 1 / len(plans)))
    return Recalls(cells=cells)


class _Measure:
    def __init__(self, lists: Lists, vectors: np.ndarray, assigned: np.ndarray, held_out: HeldOut, levels):
        self._lists = lists
        self._vectors = vectors
        self._assigned = assigned
        self._held_out = held_out
        self._levels = sorted(levels)

    def cells(self, share: float, depths: tuple[int, ...], number: int, run: Run) -> list[Cell]:
        """The cells of one share of the rows."""
        count = len(self._vectors)
        starts = [0] if share == 1 else np.linspace(0, count - int(share * count), _RUNS).astype(int)
        limit = min(count // 3, max(4 * max(depths), 6000))
        grids = [_Grid.of(self._lists, depth, share, limit) for depth in depths]
        found: list[list[np.ndarray]] = [[] for _ in depths]
        number //= len(starts)
        for i, start in enumerate(starts):
            part = PartOfRun(run, i / len(starts), 1 / len(starts))
            directions = np.concatenate([self._held_out.directions(kind, number) for kind in _KINDS])
            span = slice(start, start + int(share * count))
            for into, shares in zip(found, self._found(directions, span, depths, grids, part), strict=True):
                into.append(shares.reshape(len(_KINDS), number, *shares.shape[1:]))
        return [
            Cell(kind=kind, k=depth, share=share, points=self._points(grid, by_kind, depth, share))
            for depth, grid, parts in zip(depths, grids, found, strict=True)
            for kind, by_kind in zip(_KINDS, np.concatenate(parts, axis=1), strict=True)
        ]

    def _found(
        self, directions: np.ndarray, span: slice, depths: tuple[int, ...], grids: list[_Grid], run: Run
    ) -> list[np.ndarray]:
        """For each depth the share found (directions, probes, candidates) within a run of rows."""
        least = _least(self._vectors[span], directions, depths, run)
        wanted = None
        if span.stop - span.start < len(self._vectors):
            wanted = np.zeros(len(self._vectors), dtype=bool)
            wanted[span] = True
        most = max(int(grid.candidates[-1]) for grid in grids)

        def search(directions: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
            run.progress(0.5, "Measuring the recall of the index")
            rows = self._lists.candidates(directions, most, int(grids[0].probes[-1]), wanted)
            return list(zip(rows, self._lists.scores(directions, rows), strict=True))

        rows, scores = (np.array(column) for column in zip(*on_all_cores(search, directions), strict=True))
        visited = np.take_along_axis(self._lists.ranks(directions), self._assigned[rows].astype(np.int64), axis=1)
        visited[rows < 0] = self._lists.lists
        return [
            np.array([_shares(scores[i], visited[i], least[depth][i], depth, grid) for i in range(len(rows))])
            for depth, grid in zip(depths, grids, strict=True)
        ]

    def _points(self, grid: _Grid, found: np.ndarray, depth: int, share: float) -> list[Point]:
        """The cheapest points that reach each level with confidence, by rising cost."""
        recall = found.mean(axis=0) - _CONFIDENCE * found.std(axis=0, ddof=1) / math.sqrt(len(found))
        recall = np.minimum(recall, 1 - 3 / (len(found) * depth))  # the rule of three, where none was missed
        cost = self._cost(grid, share)
        points: dict[tuple, Point] = {}
        for level in self._levels:
            enough = (recall >= level) & (cost <= self._cost_of_exact(share) / 2)
            if not enough.any():
                continue
            i, j = np.unravel_index(np.argmin(np.where(enough, cost, np.inf)), cost.shape)
            told = math.floor(recall[i, j] * 1e4) / 1e4
            points[i, j] = Point(probes=int(grid.probes[i]), candidates=int(grid.candidates[j]), recall=told)
        return list(points.values())

    def _cost(self, grid: _Grid, share: float) -> np.ndarray:
        """About the time of a search for every (probes, candidates)."""
        code = self._time(_CODE) if share == 1 else self._time(_SKIPPED) + share * self._time(_CODE)
        lists = grid.probes * (self._time(_LIST) + code * len(self._vectors) / self._lists.lists)
        return lists[:, None] + grid.candidates * self._time(_CANDIDATE)

    def _cost_of_exact(self, share: float) -> float:
        return share * len(self._vectors) * self._time(_ROW)

    def _time(self, terms: tuple[float, float]) -> float:
        return terms[0] + terms[1] * self._lists.dim / 768


def _least(vectors: np.ndarray, directions: np.ndarray, depths: tuple[int, ...], run: Run) -> dict[int, np.ndarray]:
    """For each depth the score of the last among that many best rows, for every direction."""
    most = max(depths)
    kept = [np.empty(0, dtype=np.float32)] * len(directions)
    for start in range(0, len(vectors), _PIECE):
        run.progress(0.5 * start / len(vectors), "Finding the true best, to measure the index by")
        for i, scores in enumerate(directions @ vectors[start : start + _PIECE].T):
            if len(kept[i]) == most:
                scores = scores[scores > kept[i][0]]
            scores = np.concatenate([kept[i], scores])
            kept[i] = np.partition(scores, -most)[-most:] if len(scores) > most else scores
    ordered = np.sort(kept, axis=1)
    return {depth: ordered[:, -depth] for depth in depths}


def _shares(scores: np.ndarray, visited: np.ndarray, least: float, depth: int, grid: _Grid) -> np.ndarray:
    """The share of the true best found, for every (probes, candidates), by one direction.

    ``scores`` and ``visited``, the place of its list in the order of visits, are of all candidates, most promising
    first; true best are those with at least the score ``least``.
    """
    good = scores >= least - _SAME
    shares = np.zeros((len(grid.probes), len(grid.candidates)))
    for i, probes in enumerate(grid.probes):
        among = np.cumsum(good[visited < probes])
        if len(among):
            shares[i] = among[np.minimum(grid.candidates, len(among)) - 1]
    return np.minimum(shares / depth, 1)
