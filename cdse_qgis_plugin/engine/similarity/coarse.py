"""The coarse step of an index: which list every row belongs to, found cheaply in few dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np

from ..run import Run

_DIMENSIONS = 64
"""Lists are made in this many leading dimensions: twelve times less work than in 768, and the recall is the same."""

_ROUNDS = 8
_SAMPLE_ROWS = 40_960
_SAMPLE_A_LIST = 20
_MEMBERS = 200
"""Rows whose mean becomes the centroid of their list in all dimensions."""

_PIECE = 16_384


def list_count(count: int) -> int:
    """How many lists suit a number of rows: about 2 √n, as a power of two."""
    return 1 << round(np.log2(2 * np.sqrt(count)))


def sample_rows(count: int, seed: int) -> np.ndarray:
    """The rows to learn lists from, ascending; others stay unseen, to measure on."""
    number = min(count // 2, max(_SAMPLE_ROWS, _SAMPLE_A_LIST * list_count(count)))
    return np.sort(np.random.default_rng(seed).choice(count, number, replace=False))


@dataclass(frozen=True)
class Coarse:
    """Leading directions (dim, few) of a store's vectors, and the middles (lists, few) of its lists there."""

    leading: np.ndarray
    middles: np.ndarray


def learn(vectors: np.ndarray, seed: int, run: Run) -> Coarse:
    """Learns leading directions and lists from a sample of the vectors (n, dim)."""
    run.progress(0, "Reading a sample of the vectors")
    sample = vectors[sample_rows(len(vectors), seed)]
    run.progress(0.2, "Looking for the directions in which the vectors differ")
    # Not centred: what matters is the inner product, and the common mean is a part of it.
    _, axes = np.linalg.eigh(sample.T @ sample)
    leading = np.ascontiguousarray(axes[:, ::-1][:, :_DIMENSIONS])
    few = sample @ leading
    lists, middles = list_count(len(vectors)), None
    for done in range(_ROUNDS):
        run.progress(0.4 + 0.6 * done / _ROUNDS, f"Gathering vectors into {lists:,} lists")
        means = faiss.Kmeans(
            few.shape[1],
            lists,
            niter=1,
            spherical=True,
            seed=seed + 1,
            min_points_per_centroid=1,
            max_points_per_centroid=len(few),
        )
        means.train(few, init_centroids=middles)
        middles = means.centroids
    return Coarse(leading, middles)


def assign(vectors: np.ndarray, coarse: Coarse, run: Run) -> np.ndarray:
    """The list of every row, int32 (n,)."""
    lists = np.empty(len(vectors), dtype=np.int32)
    middles = np.ascontiguousarray(coarse.middles.T)
    nearness = np.empty((_PIECE, middles.shape[1]), dtype=np.float32)  # large: made once, not for every piece
    for start in range(0, len(lists), _PIECE):
        run.progress(start / len(lists), f"Assigning {start:,} of {len(lists):,} places to lists")
        few = vectors[start : start + _PIECE] @ coarse.leading
        here = np.matmul(few, middles, out=nearness[: len(few)])
        lists[start : start + _PIECE] = here.argmax(axis=1)
    return lists


def centroids(vectors: np.ndarray, lists: np.ndarray, number: int, run: Run) -> np.ndarray:
    """The mean of some rows of every list, float32 (number, dim); zeros where a list is empty.

    The means keep their length: a direction's inner product with one is then what to expect of the list's rows, and
    the rows' differences from it, which the codes hold, are as short as can be.
    """
    order = np.argsort(lists, kind="stable")
    bounds = np.searchsorted(lists[order], np.arange(number + 1))
    means = np.zeros((number, vectors.shape[1]), dtype=np.float32)
    for i in range(number):
        run.check()
        members = order[bounds[i] : bounds[i + 1]]
        if len(members) > _MEMBERS:
            members = members[:: len(members) // _MEMBERS][:_MEMBERS]
        if len(members):
            means[i] = vectors[members].mean(axis=0)
    return means
