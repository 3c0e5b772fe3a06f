"""The seam test: do patches that face each other across the border of two cells look alike as declared, or transposed?

Neighbouring places look alike. If the declared places are right, so do the patches on both sides of a seam between two
cells; if patches are transposed within their cells, those that truly face each other are declared elsewhere. Every
seam gives one number: how much more alike patches face each other when transposed. Its mean over the seams, against
its scatter from seam to seam, tells; seams from west to east and from south to north are looked at separately as well,
because parallel ridges, dunes or valleys may mislead one of them but never both.

What neighbours within a cell tell is the same either way. It says whether the vectors know their neighbourhood at all:
how much more alike neighbours are than patches at opposite ends of the cell, in the very direction in which the wrong
hypothesis would compare.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import spatial, special

from . import patch_layout, places
from .declared_places import Declared

_REACH = 1.1
"""How far patches that face each other lie apart at most, in steps between patches."""

_PIECE = 4096
_LARGEST_Z = 37.0
"""Beyond this the probability is no longer a number."""


@dataclass(frozen=True)
class Evidence:
    """What the seams say.

    ``seams`` counts pairs of neighbouring cells, ``seam_pairs`` the pairs of patches that face each other as declared,
    ``gain`` is how much larger the mean cosine across a seam is when transposed than as declared. ``z`` values are
    gains in standard deviations; positive speaks for transposed. ``contrast`` is how much larger the mean cosine of
    neighbours within a cell is than that of patches at its opposite ends. Cosines are of standardised vectors.
    """

    cells: int = 0
    seams: int = 0
    seam_pairs: int = 0
    seams_east: int = 0
    seams_north: int = 0
    cosine_as_published: float = 0.0
    cosine_transposed: float = 0.0
    gain: float = 0.0
    z: float = 0.0
    z_east: float = 0.0
    z_north: float = 0.0
    contrast: float = 0.0
    z_contrast: float = 0.0
    off_diagonal: int = 0

    def as_dict(self) -> dict[str, float]:
        """The numbers, rounded for people."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def measure(declared: Declared, vectors: np.ndarray) -> Evidence:
    """What the seams between the cells of some rows say; ``vectors`` (n, dim), any length but not zero or NaN.

    Of several rows that are declared at the same patch, the first is taken.
    """
    rows = _one_a_patch(declared)
    if not len(rows):
        return Evidence()
    declared = declared.take(rows)
    known = Evidence(off_diagonal=int((declared.pixel[:, 0] != declared.pixel[:, 1]).sum()))
    cut = patch_layout.layout(int(declared.size[0]))
    cells, cell = np.unique(declared.cell, axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    if cut.side == 1 or len(cells) == 0:
        return known
    vectors = _standardised(vectors[rows])
    contrast, z_contrast = _contrast(declared, cell, len(cells), cut, vectors)
    as_declared, as_transposed = (_across(places_, cell, cut, vectors) for places_ in (declared, declared.transposed()))
    keys = np.intersect1d(as_declared.keys, as_transposed.keys)
    one, other = as_declared.of(keys), as_transposed.of(keys)
    first, second = keys // len(cells), keys % len(cells)
    east = cells[first, 0] == cells[second, 0]
    gains = other.mean - one.mean
    weights = one.count * other.count / (one.count + other.count)
    (gain, z), (_, z_east), (_, z_north) = (
        _tested(gains[some], weights[some]) for some in (np.ones(len(keys), dtype=bool), east, ~east)
    )
    return Evidence(
        cells=len(cells),
        seams=len(keys),
        seam_pairs=int(one.count.sum()),
        seams_east=int(east.sum()),
        seams_north=int((~east).sum()),
        cosine_as_published=_mean(one.mean, weights),
        cosine_transposed=_mean(other.mean, weights),
        gain=gain,
        z=z,
        z_east=z_east,
        z_north=z_north,
        contrast=contrast,
        z_contrast=z_contrast,
        off_diagonal=known.off_diagonal,
    )


@dataclass(frozen=True)
class _Cosines:
    """Mean cosines across seams, and of how many pairs, by the keys of the seams in ascending order."""

    keys: np.ndarray
    mean: np.ndarray
    count: np.ndarray

    def of(self, keys: np.ndarray) -> _Cosines:
        at = np.searchsorted(self.keys, keys)
        return _Cosines(keys, self.mean[at], self.count[at])


def _one_a_patch(declared: Declared) -> np.ndarray:
    """The first row of every patch that says where it lies; only those of the usual size."""
    rows = np.flatnonzero(declared.known)
    if len(rows):
        rows = rows[declared.size[rows] == np.bincount(declared.size[rows]).argmax()]
    what = np.column_stack([declared.cell[rows], declared.pixel[rows]])
    return rows[np.sort(np.unique(what, axis=0, return_index=True)[1])]


def _standardised(vectors: np.ndarray) -> np.ndarray:
    """Vectors of unit length whose dimensions have no common offset and equal weight: all vectors of a model have much
    in common, which says nothing about places."""
    vectors = _unit(np.asarray(vectors, dtype=np.float32))
    spread = vectors.std(axis=0)
    return _unit((vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms > 0, norms, 1)


def _across(declared: Declared, cell: np.ndarray, cut: patch_layout.Layout, vectors: np.ndarray) -> _Cosines:
    """Cosines of the patches that face each other across the seams of cells, by pair of cells."""
    lon, lat = declared.centres()
    spots = places.unit_vectors(lon, lat) * places.EARTH_RADIUS_M
    reach = _REACH * cut.stride * patch_layout.PIXEL_M
    pairs = spatial.KDTree(spots).query_pairs(reach, output_type="ndarray")
    pairs = pairs[cell[pairs[:, 0]] != cell[pairs[:, 1]]]
    ends = np.sort(cell[pairs], axis=1).reshape(-1, 2)
    cosines = _cosines(vectors, pairs)
    keys, seam = np.unique(ends[:, 0] * (cell.max() + 1) + ends[:, 1], return_inverse=True)
    count = np.bincount(seam, minlength=len(keys)).astype(np.float64)
    return _Cosines(keys, np.bincount(seam, cosines, minlength=len(keys)) / np.maximum(count, 1), count)


def _contrast(
    declared: Declared, cell: np.ndarray, cells: int, cut: patch_layout.Layout, vectors: np.ndarray
) -> tuple[float, float]:
    """How much more alike neighbours within a cell are than its ends on the diagonal that transposing keeps."""
    side = cut.side
    column, row = np.searchsorted(cut.offsets, declared.pixel).T
    at = np.full((cells, side, side), -1)
    at[cell, row, column] = np.arange(len(cell))
    near = [(at[:, 1:], at[:, :-1]), (at[:, :, 1:], at[:, :, :-1])]
    far = [(at[:, step:, :-step], at[:, :-step, step:]) for step in range(side // 2 + 1, side)]
    means = []
    for kind in (near, far):
        pairs = np.concatenate([np.stack(ends, axis=-1).reshape(cells, -1, 2) for ends in kind], axis=1)
        there = (pairs >= 0).all(axis=2)
        cosines = np.zeros(there.shape)
        cosines[there] = _cosines(vectors, pairs[there])
        with np.errstate(invalid="ignore"):
            means.append(cosines.sum(axis=1) / there.sum(axis=1))
    difference = means[0] - means[1]
    difference = difference[np.isfinite(difference)]
    return _tested(difference, np.ones(len(difference)))


def _cosines(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    found = np.empty(len(pairs))
    for start in range(0, len(pairs), _PIECE):
        one, other = pairs[start : start + _PIECE].T
        found[start : start + _PIECE] = np.einsum("ij,ij->i", vectors[one], vectors[other])
    return found


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float((values * weights).sum() / weights.sum()) if len(values) else 0.0


def _tested(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """The weighted mean of values, and by how many standard deviations it differs from 0.

    The scatter is estimated from the values themselves, so a few of them prove less than a normal distribution says:
    Student's, with as many degrees of freedom as the weights leave, put on the scale of the normal one.
    """
    if len(values) < 2:
        return _mean(values, weights), 0.0
    mean, number = _mean(values, weights), weights.sum() ** 2 / (weights**2).sum()
    variance = float((weights * (values - mean) ** 2).sum() / weights.sum())
    if number <= 1 or variance == 0:
        return mean, 0.0
    t = mean / np.sqrt(variance / (number - 1))
    z = -special.ndtri(special.stdtr(number - 1, -abs(t)))
    return mean, float(np.copysign(min(z, _LARGEST_Z), mean))
