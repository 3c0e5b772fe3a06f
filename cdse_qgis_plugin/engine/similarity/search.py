"""Search by example: filter, compare, spread out, tell."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import numpy as np
import pyproj

from ..embeddings.operations import patches
from ..embeddings.store import Store, open_store
from ..errors import EngineError
from ..run import Run
from .index import Index, Promise
from .index_choice import choose_index
from .operations import Example, Match, SearchRequest, SearchResult
from .query import Query, read_query
from .spread import Spread

_GEOD = pyproj.Geod(ellps="WGS84")


def search(request: SearchRequest, run: Run) -> SearchResult:
    """Finds the k best places; see the operation ``similarity.search``."""
    began = time.perf_counter()
    store = open_store(request.store)
    query = read_query(store, request)
    wanted = _wanted(store, request)
    scanned = store.count if wanted is None else int(np.count_nonzero(wanted))
    index, notes = choose_index(store, 1 if request.exact else request.recall)
    rows, scores, promise = _spread_best(store, index, query, request, wanted, scanned, run)
    notes += _notes(request, len(rows), scanned)
    matches = _matches(store, query, rows, scores)
    examples = _examples(store, query)
    seconds = time.perf_counter() - began
    return SearchResult(
        matches=matches,
        scanned=scanned,
        **promise._asdict(),
        examples=examples,
        notes=notes,
        seconds=round(seconds, 4),
    )


def _wanted(store: Store, request: SearchRequest) -> np.ndarray | None:
    """The rows that the area and the dates leave, as a mask, or None for all.

    Raises EngineError ``no_dates`` or ``nothing_left``.
    """
    area = request.bbox is not None or request.polygon is not None
    dates = request.start is not None or request.end is not None
    if not area and not dates:
        return None
    wanted = request.within(store.lon, store.lat)
    if not wanted.any():
        west, south, east, north = store.manifest["bbox"]
        raise EngineError(
            "nothing_left",
            "No patch of the store lies in the chosen area.",
            f"Choose an area that meets {west:.4f}, {south:.4f}, {east:.4f}, {north:.4f} (west, south, east, north).",
        )
    if dates:
        wanted &= _in_dates(store, request.start, request.end)
        if not wanted.any():
            raise EngineError(
                "nothing_left",
                "No patch in the chosen area has a date in the chosen range.",
                f"The store's dates run from {store.manifest['start']} to {store.manifest['end']}.",
            )
    return wanted


def _in_dates(store: Store, start: datetime | None, end: datetime | None) -> np.ndarray:
    times = store.time
    if times is None or store.manifest.get("start") is None:
        raise EngineError(
            "no_dates",
            f"The store “{store.path.name}” does not say when its patches were seen, so it cannot be filtered by date.",
            "Clear the dates.",
        )
    found = ~np.isnat(times)
    if start is not None:
        found &= times >= np.datetime64(start.replace(tzinfo=None), "ms")
    if end is not None:
        found &= times <= np.datetime64(end.replace(tzinfo=None), "ms")
    return found


def _spread_best(
    store: Store, index: Index, query: Query, request: SearchRequest, wanted: np.ndarray | None, scanned: int, run: Run
) -> tuple[np.ndarray, np.ndarray, Promise]:
    """The best k rows that do not cover each other or an example, with their scores and what the search promised."""
    asked = min(scanned, 16 * request.k + 64)
    few = min(scanned, 2 * request.k)
    if not index.promise(few, scanned, query.kind).exact:
        asked = few  # an index finds few sooner than many; where patches hardly overlap, few are enough
    while True:
        run.check()
        candidates, scores = index.search(query.direction, asked, run, wanted, query.kind)
        spread = Spread(store, request.min_distance_m)
        spread.take(query.like)
        spread.take(query.unlike, keep_away=False)
        kept = spread.choose(candidates, request.k, run)
        if len(kept) == request.k or asked >= scanned:
            return candidates[kept], scores[kept], index.promise(asked, scanned, query.kind)
        asked = min(scanned, asked * 8)


def _notes(request: SearchRequest, found: int, scanned: int) -> list[str]:
    """What a person should know about an answer that is shorter than asked for."""
    if found >= request.k:
        return []
    if request.k >= scanned:
        return [f"{request.k:,} places were asked for; only {scanned:,} patches were there to choose from."]
    return [f"{found:,} places is all there is: the other patches overlap these, or lie too close to them."]


def _matches(store: Store, query: Query, rows: np.ndarray, scores: np.ndarray) -> list[Match]:
    attributes = store.attributes
    found = patches(store, rows, (*(["time"] if store.time is not None else []), *attributes))
    distances = _distances_m(store, query, rows)
    return [
        Match(
            **{name: patch[name] for name in ("row", "id", "lon", "lat", "footprint")},
            score=min(1.0, float(scores[i])),
            rank=i + 1,
            distance_m=round(float(distances[i]), 1),
            time=_plain(patch.get("time")),
            attributes={name: _plain(patch[name]) for name in attributes},
        )
        for i, patch in enumerate(found)
    ]


def _distances_m(store: Store, query: Query, rows: np.ndarray) -> np.ndarray:
    """Distances on the ellipsoid from each row to its nearest liked example, in metres."""
    lon, lat = store.lon[rows], store.lat[rows]
    nearest = np.full(len(rows), np.inf)
    for example in query.like:
        here = np.full(len(rows), store.lon[example]), np.full(len(rows), store.lat[example])
        nearest = np.minimum(nearest, _GEOD.inv(*here, lon, lat)[2])
    return nearest


def _examples(store: Store, query: Query) -> list[Example]:
    """The patches that the points took, each with the first point that took it."""
    told = []
    scores = np.clip(store.vectors[query.rows] @ query.direction, -1, 1)
    for (row, point), patch, score in zip(query.points.items(), patches(store, query.rows), scores, strict=True):
        patch.pop("row")
        kind = "like" if row in query.like else "unlike"
        told.append(Example(kind=kind, point=point, score=round(float(score), 6), **patch))
    return told


def _plain(value: Any) -> Any:
    """A table's value as JSON can hold it."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
