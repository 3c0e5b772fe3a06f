"""Inverted lists of compressed codes: which rows are worth comparing with a direction.

Rows are gathered into lists around centroids, and each row keeps one bit a dimension of its difference from its
centroid (RaBitQ: Gao and Long, 2024). Vectors are rotated at random first: codes of one bit lose much where channels
differ in scale, as they do behind a ReLU, and a rotation evens that out. All of it is faiss.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import faiss
import numpy as np

_QUERY_BITS = 4
"""Bits of the rotated direction against which codes are compared; more change nothing that can be measured."""

_BITE = 4
"""Directions that a thread takes on at a time."""


class Lists:
    """Codes of a store's rows in lists, and the memory-mapped float32 rows (n, dim) themselves."""

    engine = f"faiss {faiss.__version__}, inverted lists with RaBitQ codes"

    def __init__(self, route: faiss.IndexPreTransform, index: faiss.IndexPreTransform, vectors: np.ndarray):
        """``route`` finds lists in few dimensions; ``index`` rotates vectors and holds the lists in all dimensions."""
        self._route = route
        self._index = index
        self._rotation = faiss.downcast_VectorTransform(index.chain.at(0))
        self._lists = faiss.downcast_index(index.index)
        self._vectors = np.asarray(vectors)
        self.count, self.dim, self.lists = index.ntotal, index.d, self._lists.nlist
        if route.ntotal != self.lists or (self.count, self.dim) != self._vectors.shape:
            raise ValueError("the lists do not fit the vectors")

    def candidates(
        self, directions: np.ndarray, number: int, probes: int, wanted: np.ndarray | None = None
    ) -> np.ndarray:
        """For each direction (m, dim) the rows whose codes promise most, best first, int64 (m, number).

        Looks into the ``probes`` nearest lists; -1 where these hold fewer rows. ``wanted`` as for Index.search.
        """
        directions = np.ascontiguousarray(directions, dtype=np.float32)
        probes = min(probes, self.lists)
        options = {"nprobe": probes}
        if wanted is not None:
            options["sel"] = faiss.IDSelectorBitmap(np.packbits(wanted, bitorder="little"))
        rows = np.empty((len(directions), number), dtype=np.int64)
        values = np.empty(rows.shape, dtype=np.float32)
        with _one_thread():
            nearness, lists = self._route.search(directions, probes)
            rotated = self._rotation.apply(directions)
            # The Python wrapper of this method takes no parameters, so it is called as C++ has it.
            self._lists.search_preassigned_c(
                len(directions),
                faiss.swig_ptr(rotated),
                number,
                faiss.swig_ptr(lists),
                faiss.swig_ptr(nearness),
                faiss.swig_ptr(values),
                faiss.swig_ptr(rows),
                False,
                faiss.SearchParametersIVF(**options),
            )
        return rows

    def scores(self, directions: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Exact scores of candidates, float32 like ``rows`` (m, number), and -inf where a row is -1.

        Reads each row where it lies in the memory map, without a copy, so memory stays as it is.
        """
        if rows.size and rows.max() >= len(self._vectors):
            raise IndexError("the index names rows that the store does not have")
        directions = np.ascontiguousarray(directions, dtype=np.float32)
        rows = np.ascontiguousarray(rows)
        scores = np.empty(rows.shape, dtype=np.float32)
        pointers = [faiss.swig_ptr(array) for array in (scores, directions, self._vectors, rows)]
        with _one_thread():
            faiss.fvec_inner_products_by_idx(*pointers, self.dim, *rows.shape)
        scores[rows < 0] = -np.inf
        return scores

    def ranks(self, directions: np.ndarray) -> np.ndarray:
        """For each direction (m, dim) and list the place of the list in the order of visits, (m, lists)."""
        _, order = self._route.search(np.ascontiguousarray(directions, dtype=np.float32), self.lists)
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(self.lists)[None], axis=1)
        return ranks

    def write(self, file: BinaryIO) -> None:
        """Writes everything but the vectors."""
        for part in (self._route, self._index):
            faiss.write_index(part, faiss.PyCallbackIOWriter(file.write))


class ListsBuilder:
    """Makes Lists from assigned rows, a piece at a time."""

    def __init__(self, centroids: np.ndarray, leading: np.ndarray, seed: int):
        """Takes the centroid of every list, float32 (lists, dim), and leading directions (dim, few) to route by.

        Centroids are means of many rows and lie close to the leading directions: lists are found as well there as in
        all dimensions, and far less is read.
        """
        count, dim = centroids.shape
        self._rotation = faiss.RandomRotationMatrix(dim, dim)
        self._rotation.init(seed)
        self._turn = np.ascontiguousarray(faiss.vector_to_array(self._rotation.A).reshape(dim, dim).T)
        quantizer = faiss.IndexFlatIP(dim)
        quantizer.add(self._rotation.apply(centroids))
        self._lists = faiss.IndexIVFRaBitQ(quantizer, dim, count, faiss.METRIC_INNER_PRODUCT)
        self._lists.qb = _QUERY_BITS
        self._lists.train(self._rotation.apply(centroids[:1]))
        project = faiss.LinearTransform(*leading.shape)
        faiss.copy_array_to_vector(np.ascontiguousarray(leading.T).ravel(), project.A)
        project.is_trained = True
        self._route = faiss.IndexPreTransform(project, faiss.IndexFlatIP(leading.shape[1]))
        self._route.add(centroids)
        self._count = 0

    def add(self, vectors: np.ndarray, lists: np.ndarray) -> None:
        """Adds the next rows (n, dim) to the given lists (n,)."""
        rotated = vectors @ self._turn  # the same as faiss's rotation, and numpy's product is faster
        lists = np.ascontiguousarray(lists, dtype=np.int64)
        rows = np.arange(self._count, self._count + len(lists), dtype=np.int64)
        self._lists.add_core(len(lists), *(faiss.swig_ptr(array) for array in (rotated, rows, lists)))
        self._count += len(lists)

    def finish(self, vectors: np.ndarray) -> Lists:
        """The lists, over the rows that were added."""
        index = faiss.IndexPreTransform(self._rotation, self._lists)
        index.ntotal = self._count
        return Lists(self._route, index, vectors)


def read_lists(path: Path, vectors: np.ndarray) -> Lists:
    """The lists in a file; raises RuntimeError or ValueError when it is not what Lists wrote for these vectors."""
    with open(path, "rb") as file:
        parts = [faiss.read_index(faiss.PyCallbackIOReader(file.read)) for _ in range(2)]
    if not all(isinstance(part, faiss.IndexPreTransform) for part in parts):
        raise ValueError("not an index of inverted lists")
    return Lists(*parts, vectors)


def on_all_cores(work: Callable[..., list], *arrays: np.ndarray) -> list:
    """``work`` on a few rows of the arrays at a time, on all cores; its lists, joined in order.

    Threads that share work out in bites do not wait for each other, as those inside faiss do, which is what counts on
    a machine that is busy with other things.
    """
    bites = [slice(start, start + _BITE) for start in range(0, len(arrays[0]), _BITE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(lambda bite: work(*(array[bite] for array in arrays)), bites)
        return [answer for answers in done for answer in answers]


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps faiss to one thread: a query is done sooner than a second one wakes."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
