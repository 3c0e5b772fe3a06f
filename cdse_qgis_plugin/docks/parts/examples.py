"""The examples of a search, with undo: no Qt, no QGIS.

Every change makes a new state; undo and redo walk along them. A click begins a new search, which has a number of its
own, so that undoing it leads back to the search before and to its layer on the map.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .answer import Answer

CLICKED, RIGHT, WRONG = "clicked", "right", "wrong"
KINDS = (CLICKED, RIGHT, WRONG)

_STEPS_KEPT = 200


@dataclass(frozen=True)
class Example:
    """A place that is like what is sought (``clicked``, ``right``) or not (``wrong``).

    ``id`` and ``ring`` are known once the engine has looked at the place.
    """

    kind: str
    lon: float
    lat: float
    id: str = ""
    ring: tuple[tuple[float, float], ...] = ()

    @property
    def point(self) -> list[float]:
        """Longitude and latitude, as requests want them."""
        return [self.lon, self.lat]

    def to_json(self) -> dict[str, Any]:
        """The example as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Example:
        """The example of what to_json gave; raises ValueError, KeyError or TypeError for anything else."""
        if said["kind"] not in KINDS:
            raise ValueError(said["kind"])
        ring = tuple((float(lon), float(lat)) for lon, lat in said.get("ring") or ())
        return cls(said["kind"], float(said["lon"]), float(said["lat"]), str(said.get("id") or ""), ring)


@dataclass(frozen=True)
class ExampleSet:
    """The examples of the search with a number, 0 before the first search, and what the engine answered to them."""

    search: int = 0
    examples: tuple[Example, ...] = ()
    answer: Answer | None = field(default=None, compare=False)

    @property
    def like(self) -> list[list[float]]:
        """Places like what is sought."""
        return [example.point for example in self.examples if example.kind != WRONG]

    @property
    def unlike(self) -> list[list[float]]:
        """Places unlike what is sought."""
        return [example.point for example in self.examples if example.kind == WRONG]

    @property
    def labels(self) -> dict[str, str]:
        """The verdict, ``right`` or ``wrong``, of each patch that has one."""
        return {e.id: e.kind for e in self.examples if e.id and e.kind != CLICKED}


class Examples:
    """The present examples and the way here."""

    def __init__(self) -> None:
        self._states = [ExampleSet()]
        self._at = 0
        self._last_search = 0

    @property
    def now(self) -> ExampleSet:
        """The present examples."""
        return self._states[self._at]

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before."""
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state after."""
        return self._at < len(self._states) - 1

    def begin(self, lon: float, lat: float) -> None:
        """Begins a new search at a clicked place."""
        self._last_search += 1
        self._go(ExampleSet(self._last_search, (Example(CLICKED, lon, lat),)))

    def add(self, kind: str, lon: float, lat: float) -> None:
        """Adds an example to the search; without one, it begins one."""
        if not self.now.examples and self.now.search == 0:
            self._last_search += 1
            self._go(ExampleSet(self._last_search, (Example(kind, lon, lat),)))
            return
        self._go(self._with((*self.now.examples, Example(kind, lon, lat))))

    def judge(self, matches: Iterable[dict[str, Any]], kind: str | None) -> None:
        """Marks results as right or wrong, or takes their marks away with None."""
        matches = list(matches)
        ids = {match["id"] for match in matches}
        kept = tuple(e for e in self.now.examples if e.id not in ids or e.kind == CLICKED)
        clicked = {e.id for e in kept}
        added = (
            tuple(
                Example(kind, match["lon"], match["lat"], match["id"], tuple(map(tuple, match["footprint"])))
                for match in matches
                if match["id"] not in clicked
            )
            if kind
            else ()
        )
        if kept + added != self.now.examples:
            self._go(self._with(kept + added))

    def remove(self, positions: Iterable[int]) -> None:
        """Takes examples away."""
        gone = set(positions)
        kept = tuple(e for position, e in enumerate(self.now.examples) if position not in gone)
        if kept != self.now.examples:
            self._go(self._with(kept))

    def branch(self) -> None:
        """Makes a new search of the same examples, for other options."""
        self._last_search += 1
        self._go(ExampleSet(self._last_search, self.now.examples))

    def clear(self) -> None:
        """Takes all examples away; what comes next is a new search."""
        if self.now.examples:
            self._go(ExampleSet())

    def undo(self) -> None:
        """Goes one state back, where there is one."""
        self._at -= self.can_undo

    def take_back(self) -> None:
        """Drops the present state as if it had never been."""
        if self.can_undo:
            del self._states[self._at]
            self._at -= 1

    def redo(self) -> None:
        """Goes one state on again, where there is one."""
        self._at += self.can_redo

    def learn(self, told: list[dict[str, Any]], answer: Answer) -> None:
        """Notes the engine's answer and which patches it took for the examples; that is no step to undo.

        A second example in the same patch says nothing new and is dropped.
        """
        learnt = []
        for example in self.now.examples:
            found = next((said for said in told if _same_place(said["point"], example)), None)
            if found is not None:
                ring = tuple((lon, lat) for lon, lat in found["footprint"])
                learnt.append(replace(example, id=found["id"], ring=ring))
        self._states[self._at] = replace(self.now, examples=tuple(learnt), answer=answer)

    def restore(self, examples: Iterable[Example], answer: Answer | None) -> None:
        """Begins anew with a search that was saved."""
        self._last_search += 1
        self._states = [ExampleSet(), ExampleSet(self._last_search, tuple(examples), answer)]
        self._at = 1

    def forget(self) -> None:
        """Begins anew with nothing; numbers of searches go on."""
        self._states = [ExampleSet()]
        self._at = 0

    def _with(self, examples: tuple[Example, ...]) -> ExampleSet:
        return ExampleSet(self.now.search, examples)

    def _go(self, state: ExampleSet) -> None:
        self._states = [*self._states[: self._at + 1], state][-_STEPS_KEPT:]
        self._at = len(self._states) - 1


def _same_place(point: list[float], example: Example) -> bool:
    return abs(point[0] - example.lon) < 1e-9 and abs(point[1] - example.lat) < 1e-9
