"""faiss's own index types as peers of the index, each set up as its documentation advises, at equal recall."""

from __future__ import annotations

import time
from collections.abc import Callable

import faiss
import numpy as np

Answer = Callable[[np.ndarray], np.ndarray]
_TRAINING_ROWS = 100_000
_ASKED = 0.99
_CANDIDATES = {"Flat": 1, "SQ8": 2, "RaBitQfs": 10}
"""Candidates for each place asked for, by the kind of codes."""


def build_peers(vectors: np.ndarray) -> dict[str, faiss.Index]:
    """Indexes by name; prints what they took."""
    dim, lists = vectors.shape[1], 1 << round(np.log2(2 * np.sqrt(len(vectors))))
    built = {}
    for recipe in ("Flat", "SQ8", "RaBitQfs", f"IVF{lists},SQ8", f"RR{dim},IVF{lists},RaBitQfs"):
        began = time.perf_counter()
        built[recipe] = _built(recipe, vectors)
        size = built[recipe].sa_code_size()
        print(f"faiss {recipe}: built in {time.perf_counter() - began:.1f} s, codes of {size} bytes a vector")
    return built


def peers(
    built: dict[str, faiss.Index], vectors: np.ndarray, queries: np.ndarray, k: int, exact: Answer
) -> dict[str, Answer]:
    """Contestants that answer a query (dim,) with k rows; candidates are compared exactly, as ours are."""
    true = [exact(query) for query in queries]
    found: dict[str, Answer] = {}
    for recipe, index in built.items():
        factor = next(factor for code, factor in _CANDIDATES.items() if recipe.endswith(code))
        answer, probes = _at_recall(index, vectors, queries, true, k, factor)
        found[f"faiss {recipe}" + (f", {probes} lists" if probes else "")] = answer
    return found


def _built(recipe: str, vectors: np.ndarray) -> faiss.Index:
    index = faiss.index_factory(vectors.shape[1], recipe, faiss.METRIC_INNER_PRODUCT)
    rng = np.random.default_rng(3)
    index.train(vectors[np.sort(rng.choice(len(vectors), min(len(vectors), _TRAINING_ROWS), replace=False))])
    for start in range(0, len(vectors), 65_536):
        index.add(vectors[start : start + 65_536])
    return index


def _at_recall(index, vectors, queries, true, k: int, factor: int) -> tuple[Answer, int]:
    """The index with the fewest lists that reach the recall asked for."""
    try:
        inverted = faiss.extract_index_ivf(index)
    except RuntimeError:
        inverted = None
    answer = _answer(index, vectors, k, factor)
    if inverted is None:
        return answer, 0
    for probes in (8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512):
        inverted.nprobe = probes
        recall = np.mean(
            [len(np.intersect1d(answer(query), rows)) / k for query, rows in zip(queries, true, strict=True)]
        )
        if recall >= _ASKED:
            break
    return answer, probes


def _answer(index, vectors: np.ndarray, k: int, factor: int) -> Answer:
    def answer(query: np.ndarray) -> np.ndarray:
        faiss.omp_set_num_threads(1)
        _, rows = index.search(query[None], k * factor)
        rows = rows[0][rows[0] >= 0]
        if factor == 1:
            return rows
        scores = vectors[rows] @ query
        return rows[np.argsort(-scores)[:k]]

    return answer
