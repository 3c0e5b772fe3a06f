"""Matches written to a file with their labels and everything the store knows about them."""

from __future__ import annotations

import numpy as np

from ..embeddings.store import Store, open_store
from ..errors import EngineError
from ..run import Run
from .operations import ExportRequest, ExportResult
from .output import lineage, whole_file, with_columns, write_patches


def export(request: ExportRequest, run: Run) -> ExportResult:
    """Writes matches; see the operation ``similarity.export``."""
    store = open_store(request.store)
    rows = _rows_of(store, [match.id for match in request.matches])
    table = with_columns(
        store.rows(rows),
        {
            "rank": np.array([match.rank for match in request.matches], dtype=np.int32),
            "score": np.array([match.score for match in request.matches], dtype=np.float64),
            "label": [match.label for match in request.matches],
            "source": [store.manifest.get("dataset", "")] * len(rows),
        },
    )
    run.progress(None, f"Writing {len(rows):,} places")
    with whole_file(request.output, (".gpkg", ".parquet")) as (path, suffix):
        metadata = lineage(store, "similar places", request.query)
        write_patches(path, suffix, "similar places", table.schema, iter([table]), metadata)
    return ExportResult(output=request.output, count=len(rows))


def _rows_of(store: Store, ids: list[str]) -> np.ndarray:
    """Rows of the patches with the given ids; raises EngineError ``unknown_patch``."""
    every = store.column("id")
    order = np.argsort(every, kind="stable")
    places = np.searchsorted(every, ids, sorter=order)
    rows = order[np.minimum(places, store.count - 1)]
    missing = [id_ for id_, row in zip(ids, rows, strict=True) if every[row] != id_]
    if missing:
        raise EngineError(
            "unknown_patch",
            f"The store “{store.path.name}” has no patch “{missing[0]}”; it may have been made anew since the search.",
            "Search again, then export.",
        )
    return rows
