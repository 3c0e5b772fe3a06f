"""The wire as pure functions: messages to lines, lines to messages. No Qt, no process.

One message a line, UTF-8 JSON. Libraries in the engine may print what they like, so a line that is no message is kept
aside as junk and never stops the conversation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

from .call import Call, CallFailed

PROTOCOL = 1
"""Version of the wire that this plugin speaks."""

UNKNOWN = -1.0
"""The share of a progress message that does not know how far it is."""

_LONGEST_LINE = 256 * 1024 * 1024


@dataclass(frozen=True)
class Hello:
    """The engine's first line: what it is."""

    protocol: int
    engine: str
    python: str
    features: tuple
    pid: int


@dataclass(frozen=True)
class Progress:
    """How far a call is; ``share`` in 0 to 1, or UNKNOWN."""

    call_id: str
    share: float
    text: str


@dataclass(frozen=True)
class Log:
    """A line for the log."""

    call_id: str
    level: str
    text: str


@dataclass(frozen=True)
class Answer:
    """The result of a call."""

    call_id: str
    value: dict


@dataclass(frozen=True)
class Refusal:
    """The error that a call ended with; ``call_id`` is empty when the engine could not tell which call."""

    call_id: str
    failure: CallFailed


Message = Union[Hello, Progress, Log, Answer, Refusal]


def encode_call(call_id: str, call: Call, endpoints: dict[str, str]) -> bytes:
    """The line that asks for a call; secrets and addresses are in it only when there are any.

    Raises CallFailed ``bad_request`` for arguments that JSON cannot carry, NaN among them.
    """
    message: dict[str, Any] = {"type": "call", "id": call_id, "operation": call.operation, "arguments": call.arguments}
    if call.secrets:
        message["secrets"] = call.secrets
    if endpoints:
        message["endpoints"] = endpoints
    try:
        return _line(message)
    except (TypeError, ValueError) as error:
        raise CallFailed("bad_request", f"The request for {call.operation} cannot be sent: {error}.") from None


def encode_cancel(call_id: str) -> bytes:
    """The line that asks a call to stop."""
    return _line({"type": "cancel", "id": call_id})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace") + b"\n"


class LineReader:
    """Turns chunks of the engine's stdout into messages, keeping count of what was none."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self.junk_lines = 0
        self.last_junk = ""

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """Yields the messages that are complete with this chunk."""
        self._rest += chunk
        if b"\n" not in chunk:
            if len(self._rest) > _LONGEST_LINE:
                self._keep_junk(bytes(self._rest[:200]))
                self._rest.clear()
            return
        lines = self._rest.split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if not line.strip():
                continue
            message = parse(bytes(line))
            if message is None:
                self._keep_junk(bytes(line))
            else:
                yield message

    def _keep_junk(self, line: bytes) -> None:
        self.junk_lines += 1
        self.last_junk = line[:200].decode("utf-8", errors="replace")


def parse(line: bytes) -> Message | None:
    """The message of a line, or None when it is none."""
    try:
        said = json.loads(line)
        return _PARSERS[said["type"]](said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _hello(said: dict) -> Hello:
    return Hello(
        int(said["protocol"]),
        str(said["engine"]),
        str(said.get("python", "")),
        tuple(str(name) for name in said.get("features", ())),
        int(said.get("pid", 0)),
    )


def _progress(said: dict) -> Progress:
    value = said.get("value")
    known = isinstance(value, (int, float)) and math.isfinite(value)
    share = min(max(float(value), 0.0), 1.0) if known else UNKNOWN
    return Progress(str(said["id"]), share, str(said.get("text") or ""))


def _log(said: dict) -> Log:
    return Log(str(said.get("id", "")), str(said.get("level", "info")), str(said["text"]))


def _answer(said: dict) -> Message:
    value = said["value"]
    if not isinstance(value, dict):
        odd = CallFailed("bad_answer", "The engine answered with something that is no result.", "", repr(value)[:500])
        return Refusal(str(said["id"]), odd)
    return Answer(str(said["id"]), value)


def _refusal(said: dict) -> Refusal:
    error = said["error"]
    failure = CallFailed(*(str(error.get(name) or "") for name in ("code", "message", "hint", "details")))
    return Refusal("" if said.get("id") is None else str(said["id"]), failure)


_PARSERS = {"hello": _hello, "progress": _progress, "log": _log, "result": _answer, "error": _refusal}
