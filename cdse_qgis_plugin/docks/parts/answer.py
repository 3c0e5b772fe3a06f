"""What the engine answered to a search, ranked together with the places a person has judged: no Qt, no QGIS."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Match = dict
"""A match of ``similarity.search`` with its ``label``: empty, ``right`` or ``wrong``."""


@dataclass(frozen=True)
class Answer:
    """Matches, best first, and the request without store and examples that led to them."""

    request: dict[str, Any] = field(default_factory=dict)
    matches: tuple[Match, ...] = ()
    notes: tuple[str, ...] = ()
    scanned: int = 0

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Answer:
        """The answer of what to_json gave; raises KeyError, TypeError or ValueError for anything else."""
        for match in said["matches"]:
            _check(match)
        return cls(dict(said["request"]), tuple(said["matches"]), tuple(said["notes"]), int(said["scanned"]))

    def with_labels(self, labels: dict[str, str]) -> Answer:
        """The same matches with these verdicts, by patch."""
        matches = tuple({**match, "label": labels.get(match["id"], "")} for match in self.matches)
        return Answer(self.request, matches, self.notes, self.scanned)


def read_answer(
    result: dict[str, Any], request: dict[str, Any], labels: dict[str, str], before: Answer | None
) -> Answer:
    """The answer that a result of ``similarity.search`` makes.

    The engine leaves the examples out of the matches. A place that was judged among the results must not vanish from
    them, so it is taken from the answer ``before``, with the score that it has now.
    """
    scores = {told["id"]: told["score"] for told in result["examples"]}
    known = {match["id"]: match for match in before.matches} if before else {}
    found = {match["id"] for match in result["matches"]}
    kept = [
        {**known[id_], "score": scores[id_]} for id_ in labels if id_ in known and id_ in scores and id_ not in found
    ]
    ordered = sorted([*result["matches"], *kept], key=lambda match: -match["score"])
    matches = tuple(
        {**match, "rank": rank, "label": labels.get(match["id"], "")} for rank, match in enumerate(ordered, 1)
    )
    return Answer(dict(request), matches, tuple(result.get("notes") or ()), int(result["scanned"]))


def _check(match: dict[str, Any]) -> None:
    for name in ("lon", "lat", "score", "distance_m"):
        float(match[name])
    if not isinstance(match["id"], str) or len(match["footprint"]) < 3:
        raise ValueError(match["id"])
    int(match["rank"])
