"""Random convolutional filters: small pieces of the image itself, whitened, and the mean of their rectified responses.

Coates & Ng, "Learning feature representations with k-means" (2012) and Rolf et al., "A generalizable and accessible
approach to machine learning with global satellite imagery", Nature Communications 12:4392 (2021): MOSAIKS.
"""

from __future__ import annotations

import numpy as np

from .base import ArrayImage
from .pooling import Piece

SIDE = 3
_WHITENING_SAMPLE = 20_000
_WHITENING_EPSILON = 0.1
"""Added to every eigenvalue, as a share of their mean, so that noise is not blown up."""

_ROWS_AT_ONCE = 2048
"""Positions worked on together: few enough for their responses to stay in the processor's cache."""


class FilterBank:
    """Filters of 3 x 3 pixels; sums over cells of max(r - t, 0) and max(-r - t, 0) of every response r; a Measure.

    ``weights`` is (bands x 9, filters) and ``offset`` (filters,): r = piece . weights + offset. Where cells have an
    even side, every second row and column is looked at, which costs nothing in quality (docs/default_encoder.md).
    """

    def __init__(self, weights: np.ndarray, offset: np.ndarray, threshold: float):
        self.weights = np.ascontiguousarray(weights, dtype=np.float32)
        self.offset = np.asarray(offset, dtype=np.float32)
        self.threshold = threshold
        self._above = threshold - self.offset
        self._below = -threshold - self.offset

    @classmethod
    def fit(cls, windows: list[ArrayImage], count: int, threshold: float, rng: np.random.Generator) -> FilterBank:
        """Takes up to ``count`` filters from scaled windows, whitens them and gives them unit length."""
        sample = _sample_pieces(windows, rng)
        mean = sample.mean(axis=0)
        whitening = _whitening(sample - mean)
        whitened = (sample - mean) @ whitening
        length = np.linalg.norm(whitened, axis=1)
        usable = np.flatnonzero(length > 1e-6)
        chosen = rng.choice(usable, size=min(count, len(usable)), replace=False)
        filters = whitened[chosen] / length[chosen, None]
        weights = whitening @ filters.T
        return cls(weights, -mean @ weights, threshold)

    @property
    def count(self) -> int:
        """Number of filters."""
        return self.weights.shape[1]

    def sums(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """See Measure.sums; n is twice the number of filters."""
        step = 2 if piece.cell % 2 == 0 else 1
        along = piece.cell // step
        sums = np.zeros((piece.rows, piece.cols, 2 * self.count), dtype=np.float32)
        counts = np.full((piece.rows, piece.cols), along**2)
        valid = None if piece.valid is None else _whole(piece.valid)
        rows_at_once = max(1, min(along, _ROWS_AT_ONCE // (along * piece.cols)))
        view = _positions(piece.pixels, piece.cell, step, piece.rows, piece.cols)
        valid_view = None if valid is None else _grid(valid, piece.cell, step, piece.rows, piece.cols)
        if valid_view is not None:
            counts = valid_view.sum(axis=(1, 2))
        for row in range(piece.rows):
            for first in range(0, along, rows_at_once):
                last = min(along, first + rows_at_once)
                mask = None if valid_view is None else valid_view[row, first:last]
                self._add(sums[row], view[:, :, :, row, first:last], mask)
        sums[..., : self.count] -= along**2 * self._above
        sums[..., self.count :] += along**2 * self._below
        return sums, counts

    def _add(self, sums: np.ndarray, pieces: np.ndarray, valid: np.ndarray | None) -> None:
        """Adds the clipped responses of one run of positions (bands, 3, 3, rows, along, cols) to ``sums`` (cols, n)."""
        cols = pieces.shape[-1]
        if valid is not None and not valid.any():
            sums[:, : self.count] += pieces.shape[3] * pieces.shape[4] * self._above
            sums[:, self.count :] -= pieces.shape[3] * pieces.shape[4] * self._below
            return
        responses = np.ascontiguousarray(pieces).reshape(len(self.weights), -1).T @ self.weights
        if valid is not None:
            # Between the two thresholds a response counts for nothing on either side.
            responses[~valid.ravel()] = self._above
        clipped = np.maximum(responses, self._above)
        sums[:, : self.count] += clipped.reshape(-1, cols, self.count).sum(axis=0)
        np.minimum(responses, self._below, out=clipped)
        sums[:, self.count :] -= clipped.reshape(-1, cols, self.count).sum(axis=0)


def _whole(valid: np.ndarray) -> np.ndarray:
    """Which inner pixels have nine valid ones around and under them."""
    found = valid[1:-1, 1:-1].copy()
    height, width = found.shape
    for down in range(SIDE):
        for right in range(SIDE):
            found &= valid[down : down + height, right : right + width]
    return found


def _grid(inner: np.ndarray, cell: int, step: int, rows: int, cols: int) -> np.ndarray:
    """Inner pixels (rows x cell, cols x cell) at the visited positions, (rows, along, along, cols)."""
    visited = inner.reshape(rows, cell, cols, cell)[:, step - 1 :: step, :, step - 1 :: step]
    return visited.transpose(0, 1, 3, 2)


def _positions(pixels: np.ndarray, cell: int, step: int, rows: int, cols: int) -> np.ndarray:
    """The 3 x 3 pieces around the visited positions, a view (bands, 3, 3, rows, along, along, cols)."""
    band, down, right = pixels.strides
    along = cell // step
    start = pixels[:, step - 1 :, step - 1 :]
    return np.lib.stride_tricks.as_strided(
        start,
        (len(pixels), SIDE, SIDE, rows, along, along, cols),
        (band, down, right, cell * down, step * down, step * right, cell * right),
        writeable=False,
    )


def _sample_pieces(windows: list[ArrayImage], rng: np.random.Generator) -> np.ndarray:
    """Up to some thousands of valid 3 x 3 pieces spread over the windows, (n, bands x 9)."""
    share = -(-_WHITENING_SAMPLE // len(windows))
    found = []
    for window in windows:
        inner = np.ones((window.height - 2, window.width - 2), dtype=bool)
        if window.valid is not None:
            inner = _whole(window.valid)
        rows, cols = np.nonzero(inner)
        if len(rows) > share:
            chosen = rng.choice(len(rows), size=share, replace=False)
            rows, cols = rows[chosen], cols[chosen]
        views = np.lib.stride_tricks.sliding_window_view(window.pixels, (SIDE, SIDE), axis=(1, 2))
        found.append(views[:, rows, cols].swapaxes(0, 1).reshape(len(rows), -1))
    return np.concatenate(found).astype(np.float64)


def _whitening(centred: np.ndarray) -> np.ndarray:
    """The symmetric matrix that gives pieces about unit covariance (ZCA)."""
    values, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(centred)))
    values = np.maximum(values, 0)
    scale = 1 / np.sqrt(values + _WHITENING_EPSILON * max(values.mean(), 1e-12))
    return (vectors * scale) @ vectors.T
