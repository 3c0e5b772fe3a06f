"""Sums over patches by way of cells that overlapping patches share, so that every pixel is looked at once.

A cell is a square whose side divides both patch and stride; a patch's sum is the sum of its cells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .base import Image, PatchBlock
from .spectrum import Spectrum

_PIECE_PX = 512
"""Side of what is read at a time."""

_GOOD_CELL_PX = 32
"""Cells much larger than this fall out of the processor's cache; much smaller ones take memory."""


@dataclass(frozen=True)
class Piece:
    """Scaled pixels of ``rows`` x ``cols`` cells with a margin of one pixel on every side: (bands, rows * cell + 2,
    cols * cell + 2). ``valid`` has the same height and width, or is None when every pixel is valid; pixels that are
    not, and those beyond the image's edge, are 0. ``step`` is from one position to look at to the next, px."""

    pixels: np.ndarray
    valid: np.ndarray | None
    rows: int
    cols: int
    cell: int
    step: int

    @property
    def inner(self) -> np.ndarray:
        """The pixels without the margin."""
        return self.pixels[:, 1:-1, 1:-1]

    @property
    def inner_valid(self) -> np.ndarray | None:
        """The mask without the margin."""
        return None if self.valid is None else self.valid[1:-1, 1:-1]


MOST_CELLS = 160
"""Cells along one side of what is summed together; more would take too much memory."""


class Measure(Protocol):
    """Something that is summed over cells."""

    def sums(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """Sums (rows, cols, n) over each cell, and how many valid things were summed, (rows, cols)."""


def lattice(block: PatchBlock) -> tuple[int, int]:
    """The side of a block's cells, px, and the step from one looked-at position to the next, px.

    The step follows from patch and stride alone, so that a patch looks the same in whichever block it is encoded; the
    cell is the divisor of both nearest to a good size that does not cut a patch into too many.
    """
    step = 2 if block.patch % 2 == 0 and block.stride % 2 == 0 else 1
    alone = block.rows == block.cols == 1
    common = block.patch if alone else math.gcd(block.patch, block.stride)
    divisors = [side for side in range(step, common + 1, step) if common % side == 0]
    good = [side for side in divisors if block.patch // side <= MOST_CELLS] or [common]
    return min(good, key=lambda side: abs(math.log2(side / _GOOD_CELL_PX))), step


def patch_sums(
    image: Image, block: PatchBlock, spectrum: Spectrum, measures: list[Measure]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each measure the sums (patches, n) and counts (patches,) over a block's patches, in row order."""
    cell, step = lattice(block)
    rows, cols = block.height // cell, block.width // cell
    totals: list[tuple[np.ndarray, np.ndarray] | None] = [None] * len(measures)
    for top, left, piece in _pieces(image, block, spectrum, cell, step):
        at = np.s_[top : top + piece.rows, left : left + piece.cols]
        for number, measure in enumerate(measures):
            sums, counts = measure.sums(piece)
            if totals[number] is None:
                totals[number] = (np.empty((rows, cols, sums.shape[2]), sums.dtype), np.empty((rows, cols)))
            totals[number][0][at] = sums
            totals[number][1][at] = counts
    side, apart = block.patch // cell, block.stride // cell
    found = []
    for sums, counts in totals:
        sums = _box(_box(sums, 0, block.rows, side, apart), 1, block.cols, side, apart)
        counts = _box(_box(counts, 0, block.rows, side, apart), 1, block.cols, side, apart)
        found.append((sums.reshape(block.rows * block.cols, sums.shape[2]), counts.ravel()))
    return found


def _pieces(
    image: Image, block: PatchBlock, spectrum: Spectrum, cell: int, step: int
) -> Iterator[tuple[int, int, Piece]]:
    """The block's cells in pieces that fit in memory, each with the cell row and column where it starts."""
    rows, cols, most = block.height // cell, block.width // cell, max(1, _PIECE_PX // cell)
    for top in range(0, rows, most):
        for left in range(0, cols, most):
            down, right = min(most, rows - top), min(most, cols - left)
            row, col = block.row + top * cell, block.col + left * cell
            pixels, valid = _read_with_margin(image, row, col, down * cell, right * cell)
            pixels = spectrum.apply(pixels)
            if valid is not None:
                pixels[:, ~valid] = 0
            yield top, left, Piece(pixels, valid, down, right, cell, step)


def _read_with_margin(
    image: Image, row: int, col: int, height: int, width: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """A window with one more pixel on every side; beyond the image's edge nothing is valid."""
    top, left = max(0, row - 1), max(0, col - 1)
    bottom, right = min(image.height, row + height + 1), min(image.width, col + width + 1)
    pixels, valid = image.read(top, left, bottom - top, right - left)
    if pixels.shape[1:] == (height + 2, width + 2):
        return pixels, valid
    margins = ((top - row + 1, row + height + 1 - bottom), (left - col + 1, col + width + 1 - right))
    if valid is None:
        valid = np.ones(pixels.shape[1:], dtype=bool)
    return np.pad(pixels, ((0, 0), *margins)), np.pad(valid, margins)


def _box(cells: np.ndarray, axis: int, count: int, side: int, step: int) -> np.ndarray:
    """Sums of ``side`` neighbours along an axis, ``count`` of them, ``step`` apart."""
    cells = np.moveaxis(cells, axis, 0)
    step = max(1, step)  # a block of one patch has cells larger than its stride, and nothing to step to
    last = (count - 1) * step + 1
    if side == 1:
        return np.moveaxis(cells[:last:step], 0, axis)
    total = cells[:last:step] + cells[1 : 1 + last : step]
    for offset in range(2, side):
        total += cells[offset : offset + last : step]
    return np.moveaxis(total, 0, axis)
