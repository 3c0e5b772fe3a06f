"""Principal components: many correlated features to a few numbers."""

from __future__ import annotations

import numpy as np


class Projection:
    """Features minus their mean, on their principal components, at unit length."""

    def __init__(self, mean: np.ndarray, components: np.ndarray):
        self.mean = np.asarray(mean, dtype=np.float32)
        self.components = np.asarray(components, dtype=np.float32)

    @classmethod
    def fit(cls, features: np.ndarray, dim: int) -> Projection:
        """Learns from features (n, m); fewer than ``dim`` components where the features do not have as many."""
        features = np.asarray(features, dtype=np.float64)
        mean = features.mean(axis=0)
        centred = features - mean
        values, vectors = np.linalg.eigh(centred.T @ centred)
        telling = np.flatnonzero(values > 1e-10 * max(values[-1], 1e-30))[::-1][:dim]
        if not len(telling):
            # One patch, or patches all alike: nothing to centre on.
            return cls(np.zeros_like(mean), (mean / max(np.linalg.norm(mean), 1e-30))[:, None])
        components = vectors[:, telling]
        # The sign of an eigenvector is chance; fix it so that the same image gives the same vectors everywhere.
        largest = np.abs(components).argmax(axis=0)
        components = components * np.sign(components[largest, np.arange(len(telling))])
        return cls(mean, components)

    @property
    def dim(self) -> int:
        """Number of components."""
        return self.components.shape[1]

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Vectors float32 (n, dim) of unit length."""
        vectors = (np.asarray(features, dtype=np.float32) - self.mean) @ self.components
        return unit_length(vectors)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors at unit length; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
