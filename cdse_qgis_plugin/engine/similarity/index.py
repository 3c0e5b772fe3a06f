"""The index: which rows of a store point most nearly in a direction. Faster ones fit the same interface."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import numpy as np

from ..run import Run

Kind = Literal["place", "places", "contrast", "head"]
"""What a direction is made of: one place, several, places like and unlike, or a trained classifier. An index needs to
look further for some than for others."""

_BLOCK_BYTES = 256 * 2**20
"""Vectors are read in blocks of this size, so that a cancel is heard and gathered rows stay bounded."""

_GATHER_SHARE = 0.25
"""Up to this share of wanted rows, reading just those beats scanning all and masking."""

_RUN_ROWS = 16
"""From this many neighbouring rows a run, products over runs beat gathering rows: nothing is copied."""

Found = tuple[np.ndarray, np.ndarray]
"""Rows int64 and scores float32, best first, each (≤ k,)."""


class Promise(NamedTuple):
    """What a search is known to find before it runs.

    ``exact``: every wanted row is compared; ``recall``: the share of the true best, as measured; ``engine``: what does
    the work, in a few words.
    """

    exact: bool
    recall: float
    engine: str


class Index(Protocol):
    """What search asks of an index. Directions are unit vectors, so an inner product is a cosine."""

    def search(
        self, direction: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> Found:
        """The k best rows for a direction (dim,).

        ``wanted`` is a boolean mask (count,) of the rows to consider; None means all.
        """
        ...

    def search_many(
        self, directions: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> list[Found]:
        """The k best rows for each of several directions (m, dim), for less than m searches cost."""
        ...

    def promise(self, k: int, wanted_rows: int, kind: Kind = "places") -> Promise:
        """What such a search over a number of wanted rows will find."""
        ...

    def scores(self, direction: np.ndarray, run: Run) -> np.ndarray:
        """The score of every row, float32 (count,)."""
        ...


class ExactIndex:
    """Compares the direction with every row: a matrix-vector product over the memory-mapped vectors, float32 (n, dim).

    At one query a time this runs at the speed of the memory, so no other engine beats it on plain float32 rows.
    """

    engine = "numpy"

    def __init__(self, vectors: np.ndarray):
        self._vectors = np.asarray(vectors)
        self._block = max(1, _BLOCK_BYTES // max(1, vectors.shape[1] * 4))

    def search(
        self, direction: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> Found:
        """See Index."""
        if wanted is None:
            return best(self.scores(direction, run), k)
        rows = np.flatnonzero(wanted)
        if len(rows) > _GATHER_SHARE * len(self._vectors):
            scores = self.scores(direction, run)[rows]
        else:
            scores = self._scores_of(rows, direction.astype(np.float32), run)
        found, scores = best(scores, k)
        return rows[found], scores

    def search_many(
        self, directions: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None, kind: Kind = "places"
    ) -> list[Found]:
        """See Index."""
        directions = directions.astype(np.float32)
        rows = None if wanted is None else np.flatnonzero(wanted)
        count = len(self._vectors) if rows is None else len(rows)
        kept: list[list[Found]] = [[] for _ in directions]
        step = max(1, min(self._block, _BLOCK_BYTES // (4 * len(directions))))
        for start in range(0, count, step):
            run.progress(start / count, f"Comparing {start:,} of {count:,} places")
            stop = min(start + step, count)
            part = slice(start, stop) if rows is None else rows[start:stop]
            for found, scores in zip(kept, directions @ self._vectors[part].T, strict=True):
                places, values = best(scores, k)
                found.append((places + start if rows is None else part[places], values))
        return [_merged(found, k) for found in kept]

    def promise(self, k: int, wanted_rows: int, kind: Kind = "places") -> Promise:
        """See Index."""
        return Promise(exact=True, recall=1.0, engine=self.engine)

    def scores(self, direction: np.ndarray, run: Run) -> np.ndarray:
        """See Index."""
        direction = direction.astype(np.float32)
        if len(self._vectors) <= self._block:
            return self._vectors @ direction
        scores = np.empty(len(self._vectors), dtype=np.float32)
        for start in range(0, len(scores), self._block):
            run.progress(start / len(scores), f"Comparing {start:,} of {len(scores):,} places")
            part = slice(start, start + self._block)
            np.dot(self._vectors[part], direction, out=scores[part])
        return scores

    def _scores_of(self, rows: np.ndarray, direction: np.ndarray, run: Run) -> np.ndarray:
        """Scores of some rows, ascending. Rows of an area come in runs, since stores are in space-filling order."""
        scores = np.empty(len(rows), dtype=np.float32)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        if len(rows) < _RUN_ROWS * len(starts):
            for start in range(0, len(rows), self._block):
                run.check()
                part = slice(start, start + self._block)
                scores[part] = self._vectors[rows[part]] @ direction
            return scores
        stops = np.append(starts[1:], len(rows))
        for first, start, stop in zip(rows[starts].tolist(), starts.tolist(), stops.tolist(), strict=True):
            run.check()
            np.dot(self._vectors[first : first + stop - start], direction, out=scores[start:stop])
        return scores


def best(scores: np.ndarray, k: int) -> Found:
    """Positions and values of the k largest scores, best first; ties in row order, so answers are repeatable."""
    found = np.argpartition(scores, -k)[-k:] if k < len(scores) else np.arange(len(scores))
    found = found[np.lexsort((found, -scores[found]))]
    return found.astype(np.int64), scores[found]


def _merged(parts: list[Found], k: int) -> Found:
    """The k best of several answers about different rows, in ascending order of the parts' rows."""
    rows, scores = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]
