"""Random convolutional filters: small pieces of the image itself, whitened, and the mean of their rectified responses.

Coates & Ng, "Learning feature representations with k-means" (2012) and Rolf et al., "A generalizable and accessible
approach to machine learning with global satellite imagery", Nature Communications 12:4392 (2021): MOSAIKS.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .base import ArrayImage
from .pooling import Piece

SIDE = 3
TURNS = 4
_WHITENING_SAMPLE = 5_000
_WHITENING_EPSILON = 0.1
"""Added to every eigenvalue, as a share of their mean, so that noise is not blown up."""

_AT_ONCE = 2048
"""Positions worked on together: few enough for their responses to stay in the processor's cache."""


class FilterBank:
    """Filters of 3 x 3 pixels, each in four quarter turns; sums over cells of max(r - t, 0) and max(-r - t, 0) of every
    response r; a Measure.

    ``weights`` is (bands x 9, filters) and ``offset`` (filters,): r = piece . weights + offset. All filters in one turn
    come before all in the next. Where cells have an even side, every second row and column is looked at, which costs
    nothing in quality (docs/default_encoder.md).
    """

    def __init__(self, weights: np.ndarray, offset: np.ndarray, threshold: float):
        self.weights = np.ascontiguousarray(weights, dtype=np.float32)
        self.offset = np.asarray(offset, dtype=np.float32)
        self.threshold = threshold
        self._above = threshold - self.offset
        self._below = -threshold - self.offset

    @classmethod
    def fit(cls, windows: list[ArrayImage], count: int, threshold: float, rng: np.random.Generator) -> FilterBank:
        """Takes up to ``count / 4`` pieces of scaled windows, whitens them and gives them unit length."""
        pieces = _sample_pieces(windows, rng)
        if not len(pieces):
            return cls(np.zeros((pieces.shape[1], 0)), np.zeros(0), threshold)
        # Turned sample, turned filters: the whitening is the same whichever way the land lies.
        turned = np.concatenate([_turned(pieces, turn) for turn in range(TURNS)])
        mean = turned.mean(axis=0)
        whitening = _whitening(turned - mean)
        whitened = (pieces - mean) @ whitening
        length = np.linalg.norm(whitened, axis=1)
        usable = np.flatnonzero(length > 1e-6)
        chosen = rng.choice(usable, size=min(count // TURNS, len(usable)), replace=False)
        filters = whitened[chosen] / length[chosen, None]
        weights = np.concatenate([whitening @ _turned(filters, turn).T for turn in range(TURNS)], axis=1)
        return cls(weights, -mean @ weights, threshold)

    @property
    def count(self) -> int:
        """Number of filters, every turn counted."""
        return self.weights.shape[1]

    def sums(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """See Measure.sums; n is twice the number of filters."""
        along = piece.cell // piece.step
        sums = np.zeros((piece.rows, piece.cols, 2 * self.count), dtype=np.float32)
        counts = np.full((piece.rows, piece.cols), along**2)
        positions = _positions(piece)
        visited = None
        if piece.valid is not None:
            visited = _grid(_whole(piece.valid), piece)
            counts = visited.sum(axis=(0, 1))
        for lines, rows in _runs(along, piece.rows, piece.cols):
            mask = None if visited is None else visited[lines, :, rows]
            self._add(sums[rows], positions[:, :, :, lines, :, rows], mask)
        sums[..., : self.count] -= along**2 * self._above
        sums[..., self.count :] += along**2 * self._below
        return sums, counts

    def _add(self, sums: np.ndarray, pieces: np.ndarray, valid: np.ndarray | None) -> None:
        """Adds the clipped responses of some positions (bands, 3, 3, lines, along, rows, cols) to ``sums`` (rows, cols,
        n)."""
        lines, along, rows, cols = pieces.shape[3:]
        if valid is not None and not valid.any():
            sums[..., : self.count] += lines * along * self._above
            sums[..., self.count :] -= lines * along * self._below
            return
        responses = pieces.reshape(len(self.weights), -1).T @ self.weights
        if valid is not None:
            # Between the two thresholds a response counts for nothing on either side.
            responses[~valid.ravel()] = self._above
        clipped = np.maximum(responses, self._above)
        sums[..., : self.count] += clipped.reshape(-1, rows, cols, self.count).sum(axis=0)
        np.minimum(responses, self._below, out=clipped)
        sums[..., self.count :] -= clipped.reshape(-1, rows, cols, self.count).sum(axis=0)


def whichever_way(features: np.ndarray) -> np.ndarray:
    """Features (n, 2 x filters) with the four turns of each filter put in ascending order, so that a place and the same
    place turned by a quarter look alike, while rows still differ from lattices."""
    turns = features.reshape(len(features), 2, TURNS, features.shape[1] // (2 * TURNS))
    out = np.empty_like(turns)
    # The smallest network that sorts four; numpy's own sort is slow on many short lists.
    low, high = np.minimum(turns[:, :, ::2], turns[:, :, 1::2]), np.maximum(turns[:, :, ::2], turns[:, :, 1::2])
    np.minimum(low[:, :, 0], low[:, :, 1], out=out[:, :, 0])
    np.maximum(high[:, :, 0], high[:, :, 1], out=out[:, :, 3])
    inner, other = np.maximum(low[:, :, 0], low[:, :, 1]), np.minimum(high[:, :, 0], high[:, :, 1])
    np.minimum(inner, other, out=out[:, :, 1])
    np.maximum(inner, other, out=out[:, :, 2])
    return out.reshape(len(features), -1)


def _runs(along: int, rows: int, cols: int) -> Iterator[tuple[slice, slice]]:
    """Lines of positions inside cells, and rows of cells, to work on together."""
    if along * along * cols <= _AT_ONCE:
        together = max(1, _AT_ONCE // (along * along * cols))
        for row in range(0, rows, together):
            yield slice(0, along), slice(row, min(rows, row + together))
    else:
        together = max(1, _AT_ONCE // (along * cols))
        for row in range(rows):
            for line in range(0, along, together):
                yield slice(line, min(along, line + together)), slice(row, row + 1)


def _whole(valid: np.ndarray) -> np.ndarray:
    """Which inner pixels have nine valid ones around and under them."""
    found = valid[1:-1, 1:-1].copy()
    height, width = found.shape
    for down in range(SIDE):
        for right in range(SIDE):
            found &= valid[down : down + height, right : right + width]
    return found


def _grid(inner: np.ndarray, piece: Piece) -> np.ndarray:
    """Inner pixels (rows x cell, cols x cell) at the visited positions, (along, along, rows, cols)."""
    first = piece.step - 1
    cells = inner.reshape(piece.rows, piece.cell, piece.cols, piece.cell)
    return cells[:, first :: piece.step, :, first :: piece.step].transpose(1, 3, 0, 2)


def _positions(piece: Piece) -> np.ndarray:
    """The 3 x 3 pixels around the visited positions, a view (bands, 3, 3, along, along, rows, cols)."""
    band, down, right = piece.pixels.strides
    along, first = piece.cell // piece.step, piece.step - 1
    return np.lib.stride_tricks.as_strided(
        piece.pixels[:, first:, first:],
        (len(piece.pixels), SIDE, SIDE, along, along, piece.rows, piece.cols),
        (band, down, right, piece.step * down, piece.step * right, piece.cell * down, piece.cell * right),
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
        found.append(views[:, rows, cols].swapaxes(0, 1).reshape(len(rows), window.bands * SIDE**2))
    return np.concatenate(found).astype(np.float64)


def _turned(pieces: np.ndarray, turn: int) -> np.ndarray:
    """Pieces (n, bands x 9) turned by quarters."""
    squares = pieces.reshape(len(pieces), -1, SIDE, SIDE)
    return np.rot90(squares, turn, axes=(2, 3)).reshape(len(pieces), -1)


def _whitening(centred: np.ndarray) -> np.ndarray:
    """The symmetric matrix that gives pieces about unit covariance (ZCA)."""
    values, vectors = np.linalg.eigh(centred.T @ centred / max(1, len(centred)))
    values = np.maximum(values, 0)
    scale = 1 / np.sqrt(values + _WHITENING_EPSILON * max(values.mean(), 1e-12))
    return (vectors * scale) @ vectors.T
