"""A call of an operation of the engine, and the way it can fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CANCELLED = "cancelled"
"""Code of the failure that is none: somebody asked for the stop."""


@dataclass(frozen=True)
class Call:
    """What to ask of the engine.

    ``title`` is what QGIS's task list shows. A ``quiet`` call is left out of it where QGIS can do that. ``secrets``
    travel on the engine's stdin only, and never appear in the call's text.
    """

    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    quiet: bool = False
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class CallFailed(Exception):
    """A failure that has been put into words.

    ``code`` is stable and for programs, ``message`` says what happened and what it means, ``hint`` says what to do,
    ``details`` is for a support person and never holds a secret. The link's own codes are ``engine_missing``,
    ``engine_version``, ``engine_died`` and ``engine_silent``; all others come from the engine.
    """

    def __init__(self, code: str, message: str, hint: str = "", details: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
