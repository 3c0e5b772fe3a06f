"""Directions to measure an index with: what people ask for, made from rows that the index did not learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from .index import Kind

_CONTEXT_ROWS = 4096
_ALIKE = 0.02
"""Share of the context that counts as alike."""

_POSITIVE, _NEGATIVE = 8, 32


class HeldOut:
    """A supply of unit directions of every kind, for vectors (n, dim), from the given rows only."""

    def __init__(self, vectors: np.ndarray, rows: np.ndarray, seed: int):
        self._rng = np.random.default_rng(seed)
        self._vectors = vectors
        self._rows = rows
        chosen = self._rng.choice(rows, min(_CONTEXT_ROWS, len(rows)), replace=False)
        self._context = vectors[np.sort(chosen)]

    def directions(self, kind: Kind, number: int) -> np.ndarray:
        """Directions of a kind, float32 (number, dim)."""
        makers: dict[Kind, Callable[[], np.ndarray]] = {
            "place": self._place,
            "places": self._places,
            "contrast": self._contrast,
            "head": self._head,
        }
        return np.array([self._unit(makers[kind]) for _ in range(number)], dtype=np.float32)

    def _unit(self, make: Callable[[], np.ndarray]) -> np.ndarray:
        for _ in range(10):
            direction = make()
            length = np.linalg.norm(direction)
            if length > 1e-6:
                return direction / length
        return np.eye(self._vectors.shape[1])[0]  # a store of zero vectors: any direction is as good

    def _any(self, number: int) -> np.ndarray:
        return self._vectors[self._rng.choice(self._rows, number)]

    def _near(self, vector: np.ndarray, number: int, share: float) -> np.ndarray:
        """Some of the share of the context that is most like a vector."""
        nearness = self._context @ vector
        most = max(number, int(share * len(nearness)))
        return self._context[self._rng.choice(np.argpartition(nearness, -most)[-most:], number)]

    def _place(self) -> np.ndarray:
        return self._any(1)[0]

    def _places(self) -> np.ndarray:
        """Places that need not be alike, which is harder than any that are."""
        return self._any(self._rng.integers(2, 6)).sum(axis=0)

    def _contrast(self) -> np.ndarray:
        like = self._any(self._rng.integers(1, 4)).mean(axis=0)
        number = self._rng.integers(1, 4)
        unlike = self._near(like, number, _ALIKE) if self._rng.random() < 0.5 else self._any(number)
        return 2 * like - unlike.mean(axis=0)

    def _head(self) -> np.ndarray:
        """The weights of a classifier taught with a place's neighbours as positives and any places as negatives."""
        positive = self._near(self._place(), _POSITIVE, _ALIKE)
        labels = np.repeat([1, 0], [_POSITIVE, _NEGATIVE])
        vectors = np.concatenate([positive, self._any(_NEGATIVE)])
        return LogisticRegression(solver="liblinear").fit(vectors, labels).coef_[0]
