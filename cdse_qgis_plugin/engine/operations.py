"""The operation: declared once, reachable from the dock, Processing, the assistant, MCP and Python.

An operation is a function ``(request, run) -> result``; request and result are pydantic models. The room it lives in
registers it when its ``operations`` module is imported, and that module imports nothing heavy before it is called.
"""

from __future__ import annotations

import difflib
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import EngineError, from_exception
from .run import Run

ROOMS = ("embeddings", "similarity", "landscape")
"""Rooms with an ``operations`` module."""


class Risk(str, Enum):
    """What running an operation may do; decides who must approve it."""

    READ = "READ"
    COMPUTE = "COMPUTE"
    WRITE = "WRITE"
    SPEND = "SPEND"


class Request(BaseModel):
    """Base of requests. Unknown fields are refused, so a typo is never silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Result(BaseModel):
    """Base of results. NaN and infinities leave as null, since JSON has neither."""

    model_config = ConfigDict(ser_json_inf_nan="null")


@dataclass(frozen=True)
class Operation:
    """A declared operation."""

    name: str
    summary: str
    risk: Risk
    request: type[Request]
    function: Callable[[Any, Run], Result]

    def describe(self) -> dict[str, Any]:
        """Name, summary, risk and JSON schema of the request."""
        return {
            "name": self.name,
            "summary": self.summary,
            "risk": self.risk.value,
            "schema": self.request.model_json_schema(),
        }

    def __call__(self, arguments: dict[str, Any], run: Run) -> dict[str, Any]:
        """Validates, runs, and returns the result as JSON-ready values.

        Raises EngineError, whatever went wrong.
        """
        try:
            request = self.request.model_validate(arguments)
        except ValidationError as error:
            raise _bad_request(self, error) from None
        try:
            result = self.function(request, run)
            return json.loads(result.model_dump_json())
        except Exception as error:
            raise from_exception(error) from error


_operations: dict[str, Operation] = {}


def operation(name: str, *, risk: Risk):
    """Declares the decorated function as an operation; its docstring's first line is the summary."""

    def declare(function):
        request = get_type_hints(function)["request"]
        summary = (function.__doc__ or "").strip().splitlines()[0]
        _operations[name] = Operation(name, summary, risk, request, function)
        return function

    return declare


def all_operations() -> dict[str, Operation]:
    """Every operation by name."""
    for room in ROOMS:
        importlib.import_module(f"{__package__}.{room}.operations")
    return dict(sorted(_operations.items()))


def find(name: str) -> Operation:
    """The operation of that name; raises EngineError ``unknown_operation``."""
    known = all_operations()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else "“list” prints every operation."
    raise EngineError("unknown_operation", f"There is no operation named “{name}”.", hint)


def _bad_request(operation: Operation, error: ValidationError) -> EngineError:
    """The first few faults of a request as sentences."""
    fields = operation.request.model_fields
    sentences = []
    for fault in error.errors()[:3]:
        where = ".".join(str(part) for part in fault["loc"]) or "the request"
        if fault["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, fields, n=1)
            guess = f" (did you mean “{near[0]}”?)" if near else ""
            sentences.append(f"“{where}” is not a field of {operation.name}{guess}")
        elif fault["type"] == "missing":
            sentences.append(f"“{where}” is missing")
        elif fault["type"] == "value_error":
            # A sentence of our own validators; pydantic puts "Value error, " in front.
            sentences.append(str(fault["ctx"]["error"]).rstrip("."))
        else:
            said = fault["msg"][:1].lower() + fault["msg"][1:]
            sentences.append(f"“{where}”: {said} (got {_short(fault.get('input'))})")
    return EngineError("bad_request", "; ".join(sentences) + ".", f"“list” prints what {operation.name} takes.", "")


def _short(value: Any) -> str:
    """A value cut to what fits in a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
