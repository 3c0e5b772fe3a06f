"""From examples to a direction: which patches the points take, and what they ask for together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..embeddings.store import Store
from ..errors import EngineError
from .index import Kind
from .operations import Examples


@dataclass(frozen=True)
class Query:
    """Example patches by row, the first point that took each, and the unit vector (dim,) they ask for."""

    like: np.ndarray
    unlike: np.ndarray
    points: dict[int, tuple[float, float]]
    direction: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """Rows of all examples, the liked ones first."""
        return np.concatenate([self.like, self.unlike])

    @property
    def kind(self) -> Kind:
        """What the direction is made of."""
        if len(self.unlike):
            return "contrast"
        return "place" if len(self.like) == 1 else "places"


def read_query(store: Store, request: Examples) -> Query:
    """The query that a request's points make in a store.

    With examples of both kinds the direction is 2 * mean(like) - mean(unlike), the Rocchio form with the weights that
    GeoVibes uses; every example counts as a unit vector.

    Raises EngineError ``outside_data`` for a point where the store has no patch, ``contradiction`` when one patch is
    marked both ways or the examples cancel out.
    """
    liked, unliked = _points_by_row(store, request.like), _points_by_row(store, request.unlike)
    like, unlike = (np.array(list(points), dtype=np.int64) for points in (liked, unliked))
    both = np.intersect1d(like, unlike)
    if len(both):
        raise EngineError(
            "contradiction",
            "The same patch is marked both like and unlike what you seek, so nothing can be learnt from it.",
            "Remove one of the two marks.",
        )
    direction = store.vectors[like].mean(axis=0, dtype=np.float64)
    if len(unlike):
        direction = 2 * direction - store.vectors[unlike].mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(direction)
    if not np.isfinite(length) or length < 1e-9:
        raise EngineError(
            "contradiction",
            "The examples say nothing together: their embeddings are empty or cancel each other out.",
            "Choose another place, or take away an example.",
        )
    return Query(like, unlike, {**liked, **unliked}, (direction / length).astype(np.float32))


def _points_by_row(store: Store, points: list[tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """The first point in each patch, by row, in the points' order."""
    rows: dict[int, tuple[float, float]] = {}
    for lon, lat in points:
        row = store.patch_at(lon, lat)
        if row is None:
            west, south, east, north = store.manifest["bbox"]
            raise EngineError(
                "outside_data",
                f"The store “{store.path.name}” has no patch at {lon:.5f}, {lat:.5f}. Its data lies between "
                f"{west:.4f} and {east:.4f} longitude and {south:.4f} and {north:.4f} latitude.",
                "Click inside the data, or choose a store that covers this place.",
            )
        rows.setdefault(row, (lon, lat))
    return rows
