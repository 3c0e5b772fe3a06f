"""Which index answers a search: the one built for the store where it is good enough, the exact one otherwise."""

from __future__ import annotations

import functools

from ..embeddings.store import Store
from . import index_files
from .index import ExactIndex, Index


def choose_index(store: Store, recall: float = 1.0) -> tuple[Index, list[str]]:
    """An index that finds at least the share ``recall`` of the true best, and notes on one that was left aside."""
    exact = _exact(store)
    if recall >= 1:
        return exact, []
    stamp = index_files.stamp(store)
    if stamp is None:
        return exact, []
    loaded, note = _load(store, stamp)
    if loaded is None:
        return exact, [note] if note else []
    from .inverted import InvertedIndex

    return InvertedIndex(*loaded, exact, recall), []


@functools.lru_cache(maxsize=4)
def _exact(store: Store) -> ExactIndex:
    """The exact index of a store; stays as long as the store is open."""
    return ExactIndex(store.vectors)


@functools.lru_cache(maxsize=4)
def _load(store: Store, _stamp: tuple[int, int]):
    """The lists and recalls of a store, or None and why not; stays until the index is built again."""
    try:
        manifest = index_files.read_manifest(store)
        if manifest is None or manifest.file is None:
            return None, ""
        return (index_files.read_lists(store, manifest), manifest.recalls), ""
    except index_files.Unusable as problem:
        return None, str(problem)
