"""The index: which rows of a store point most nearly in a direction. Faster ones will fit the same interface."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..run import Run

_BLOCK_BYTES = 256 * 2**20
"""Vectors are read in blocks of this size, so that a cancel is heard and gathered rows stay bounded."""

_GATHER_SHARE = 0.25
"""Up to this share of wanted rows, reading just those beats scanning all and masking."""


class Index(Protocol):
    """What search asks of an index. Directions are unit vectors, so an inner product is a cosine."""

    exact: bool
    """Whether every wanted row is compared."""

    def search(
        self, direction: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The k best rows for a direction (dim,), best first, as (rows int64, scores float32), each (≤ k,).

        ``wanted`` is a boolean mask (count,) of the rows to consider; None means all.
        """
        ...

    def scores(self, direction: np.ndarray, run: Run) -> np.ndarray:
        """The score of every row, float32 (count,)."""
        ...


class ExactIndex:
    """Compares the direction with every row: a matrix-vector product over the memory-mapped vectors, float32 (n, dim).

    At one query a time this runs at the speed of the memory, so no other engine beats it on plain float32 rows.
    """

    exact = True

    def __init__(self, vectors: np.ndarray):
        self._vectors = np.asarray(vectors)
        self._block = max(1, _BLOCK_BYTES // max(1, vectors.shape[1] * 4))

    def search(
        self, direction: np.ndarray, k: int, run: Run, wanted: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """See Index."""
        if wanted is None:
            return best(self.scores(direction, run), k)
        rows = np.flatnonzero(wanted)
        if len(rows) > _GATHER_SHARE * len(self._vectors):
            scores = self.scores(direction, run)[rows]
        else:
            scores = np.empty(len(rows), dtype=np.float32)
            for start in range(0, len(rows), self._block):
                run.check()
                part = slice(start, start + self._block)
                scores[part] = self._vectors[rows[part]] @ direction
        found, scores = best(scores, k)
        return rows[found], scores

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


def best(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and values of the k largest scores, best first; ties in row order, so answers are repeatable."""
    found = np.argpartition(scores, -k)[-k:] if k < len(scores) else np.arange(len(scores))
    found = found[np.lexsort((found, -scores[found]))]
    return found.astype(np.int64), scores[found]
