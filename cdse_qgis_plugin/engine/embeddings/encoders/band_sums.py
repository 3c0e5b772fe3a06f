"""Band means and standard deviations over patches."""

from __future__ import annotations

import numpy as np

from .pooling import Piece


class BandSums:
    """Sums of values and of squares over cells, for means and standard deviations; a Measure."""

    def sums(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """See Measure.sums; n is twice the number of bands."""
        pixels = piece.inner
        sums = [_cell_sums(values, piece) for values in (pixels, np.square(pixels))]
        if piece.inner_valid is None:
            counts = np.full((piece.rows, piece.cols), piece.cell**2)
        else:
            counts = _cell_sums(piece.inner_valid[None].astype(np.float32), piece)[0]
        return np.moveaxis(np.concatenate(sums), 0, -1), counts


def moments(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Band means, then standard deviations, float32 (n, 2 x bands), from the sums over patches."""
    mean, square = np.split(sums / np.maximum(counts, 1)[:, None], 2, axis=1)
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return np.concatenate([mean, deviation], axis=1).astype(np.float32)


def _cell_sums(values: np.ndarray, piece: Piece) -> np.ndarray:
    """Sums over cells, float64 (bands, rows, cols)."""
    bands, cell = len(values), piece.cell
    columns = values.reshape(bands, piece.rows, cell, piece.cols * cell).sum(axis=2)
    return columns.reshape(bands, piece.rows, piece.cols, cell).sum(axis=3, dtype=np.float64)
