"""Principal components: many correlated features to a few numbers."""

from __future__ import annotations

import numpy as np


class Projection:
    """Features on their principal components, as vectors of unit length: features . components - offset."""

    def __init__(self, components: np.ndarray, offset: np.ndarray):
        self.components = np.asarray(components, dtype=np.float32)
        self.offset = np.asarray(offset, dtype=np.float32)

    @classmethod
    def fit(cls, features: np.ndarray, scales: np.ndarray, dim: int) -> Projection:
        """Learns from features (n, m), each of which counts ``scales`` (m,) times; fewer than ``dim`` components where
        the features do not have as many."""
        scaled = np.asarray(features, dtype=np.float32) * scales.astype(np.float32)
        mean = scaled.mean(axis=0, dtype=np.float64)
        centred = scaled - mean.astype(np.float32)
        values, vectors = np.linalg.eigh(centred.T @ centred)
        telling = np.flatnonzero(values > 1e-6 * max(values[-1], 1e-30))[::-1][:dim]
        if not len(telling):
            # One patch, or patches all alike: nothing to centre on.
            return cls((scales * mean / max(np.linalg.norm(mean), 1e-30))[:, None], np.zeros(1))
        components = vectors[:, telling].astype(np.float64)
        # The sign of an eigenvector is chance; fix it so that the same image gives the same vectors everywhere.
        largest = np.abs(components).argmax(axis=0)
        components *= np.sign(components[largest, np.arange(len(telling))])
        return cls(scales[:, None] * components, mean @ components)

    @property
    def dim(self) -> int:
        """Number of components."""
        return self.components.shape[1]

    def apply(self, *parts: np.ndarray) -> np.ndarray:
        """Vectors float32 (n, dim) of unit length from features in parts that lie side by side."""
        vectors, first = -self.offset, 0
        for part in parts:
            vectors = vectors + part @ self.components[first : first + part.shape[1]]
            first += part.shape[1]
        return unit_length(vectors)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors at unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
