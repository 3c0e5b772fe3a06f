"""What the project remembers of the Similarity dock: store, options and every search whose layer is in the project."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from qgis.core import QgsProject

from .answer import Answer
from .examples import Example, ExampleSet

_SCOPE, _KEY = "CopernicusAI", "/similarity/state"
_VERSION = 1
_SEARCHES_KEPT = 20


@dataclass
class SavedSearch:
    """A search and the id of the layer that shows it; empty when it has none."""

    state: ExampleSet
    layer_id: str = ""


@dataclass
class DockState:
    """Everything of the dock that belongs to a project."""

    store: str = ""
    description: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    searches: list[SavedSearch] = field(default_factory=list)
    current: int = -1
    """Which of the searches is on show; -1 for none."""


def has_state(project: QgsProject) -> bool:
    """Whether the dock left anything in a project."""
    return bool(project.readEntry(_SCOPE, _KEY, "")[0])


def remember_store(project: QgsProject, store: str) -> None:
    """Has the dock open a store when this project is opened."""
    write_state(project, DockState(store))


def write_state(project: QgsProject, state: DockState) -> None:
    """Writes the state into the project's properties; nothing is left of an empty one."""
    if not state.store:
        project.removeEntry(_SCOPE, _KEY)
        return
    kept = state.searches[-_SEARCHES_KEPT:]
    said = {
        "version": _VERSION,
        "store": project.pathResolver().writePath(state.store),
        "description": state.description,
        "options": state.options,
        "current": state.current - (len(state.searches) - len(kept)) if state.current >= 0 else -1,
        "searches": [_search_to_json(search) for search in kept],
    }
    packed = zlib.compress(json.dumps(said, ensure_ascii=False).encode())
    project.writeEntry(_SCOPE, _KEY, base64.b64encode(packed).decode("ascii"))


def read_state(project: QgsProject) -> DockState | None:
    """The state that a project holds, or None when it holds none.

    Raises ValueError when it holds something that cannot be understood, such as the state of a newer version.
    """
    packed, found = project.readEntry(_SCOPE, _KEY, "")
    if not found or not packed:
        return None
    try:
        said = json.loads(zlib.decompress(base64.b64decode(packed)))
        if said["version"] > _VERSION:
            raise ValueError(said["version"])
        searches = [_search_from_json(search) for search in said["searches"]]
        current = int(said["current"])
        return DockState(
            project.pathResolver().readPath(said["store"]),
            dict(said["description"]),
            dict(said["options"]),
            searches,
            current if 0 <= current < len(searches) else -1,
        )
    except (binascii.Error, zlib.error, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def _search_to_json(search: SavedSearch) -> dict[str, Any]:
    return {
        "layer": search.layer_id,
        "examples": [example.to_json() for example in search.state.examples],
        "answer": search.state.answer.to_json() if search.state.answer else None,
    }


def _search_from_json(said: dict[str, Any]) -> SavedSearch:
    examples = tuple(Example.from_json(example) for example in said["examples"])
    answer = Answer.from_json(said["answer"]) if said["answer"] else None
    return SavedSearch(ExampleSet(0, examples, answer), str(said["layer"]))
