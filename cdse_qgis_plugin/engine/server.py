"""The process at the other end of the wire: JSON lines on stdin and stdout.

One message a line, UTF-8. The first line out is ``hello``. In: ``call`` and ``cancel``. Out: ``progress``, ``log``,
``result`` and ``error``, each with the id of its call. Calls run one after another on a worker thread, so the reader
stays free to hear a cancel. The process leaves when stdin closes, whatever it is doing: nothing outlives QGIS.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import queue
import sys
import threading
from typing import Any

from . import PROTOCOL, __version__
from .endpoints import Endpoints
from .errors import Cancelled, EngineError, from_exception
from .operations import all_operations, find
from .run import Run

_OPTIONAL = ("torch", "faiss", "sklearn", "openeo")


def hello() -> dict[str, Any]:
    """What this engine is, for the plugin to check before it trusts it."""
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "engine": __version__,
        "python": platform.python_version(),
        "features": [name for name in _OPTIONAL if importlib.util.find_spec(name)],
        "pid": os.getpid(),
    }


class Wire:
    """Writes messages; the only thing in the process that writes to the real stdout."""

    def __init__(self, stream):
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Writes one message as one line."""
        line = json.dumps(message, ensure_ascii=False, allow_nan=False)
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class Server:
    """Reads calls, runs them in order, answers."""

    def __init__(self, source, wire: Wire):
        self._source = source
        self._wire = wire
        self._calls: queue.Queue[dict[str, Any]] = queue.Queue()
        self._runs: dict[str, Run] = {}

    def serve(self) -> None:
        """Serves until the source ends."""
        self._wire.send(hello())
        threading.Thread(target=self._work, name="calls", daemon=True).start()
        for line in self._source:
            if line.strip():
                self._receive(line)
        for run in list(self._runs.values()):
            run.cancel()
            run.close()

    def _receive(self, line: str) -> None:
        try:
            message = json.loads(line)
            kind = message["type"]
            call_id = str(message["id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            self._wire.send(_error(None, _bad_message("A line on the wire was not a message.")))
            return
        if kind == "cancel":
            if call_id in self._runs:
                self._runs[call_id].cancel()
        elif kind == "call":
            self._accept(call_id, message)
        else:
            self._wire.send(_error(call_id, _bad_message(f"“{kind}” is not a kind of message.")))

    def _accept(self, call_id: str, message: dict[str, Any]) -> None:
        try:
            if call_id in self._runs:
                raise _bad_message(f"A call with the id “{call_id}” is still waiting or running.")
            run = Run(
                report=lambda said: self._wire.send({**said, "id": call_id}),
                secrets=_texts(message, "secrets"),
                endpoints=Endpoints(_texts(message, "endpoints")),
            )
        except EngineError as error:
            self._wire.send(_error(call_id, error))
            return
        self._runs[call_id] = run
        self._calls.put({**message, "id": call_id})

    def _work(self) -> None:
        # The first click should not pay for imports: do them while the person is still reading the dock.
        try:
            all_operations()
        except Exception as error:  # noqa: BLE001 - told again, in words, by the first call
            print(f"engine: {error}", file=sys.stderr)
        while True:
            self._answer(self._calls.get())

    def _answer(self, message: dict[str, Any]) -> None:
        call_id = message["id"]
        run = self._runs[call_id]
        try:
            if run.cancelled:
                raise Cancelled()
            value = find(str(message.get("operation")))(message.get("arguments") or {}, run)
            answer = {"type": "result", "id": call_id, "value": value}
        except BaseException as error:  # noqa: BLE001 - everything must reach the person who clicked
            answer = _error(call_id, from_exception(error), run)
        # Before the answer goes out: whoever hears it may use the id again at once.
        self._runs.pop(call_id, None)
        run.close()
        self._wire.send(answer)


def _error(call_id: str | None, error: EngineError, run: Run | None = None) -> dict[str, Any]:
    return {"type": "error", "id": call_id, "error": redact(error.as_dict(), run)}


def _bad_message(what: str) -> EngineError:
    return EngineError("bad_message", what, "Update the plugin and its engine to the same version.")


def _texts(message: dict[str, Any], name: str) -> dict[str, str]:
    """A field of a message that is an object of texts, or missing."""
    found = message.get(name) or {}
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _bad_message(f"“{name}” of a call is not an object of texts.")
    return found


def redact(said: dict[str, str], run: Run | None) -> dict[str, str]:
    """The same texts with every secret of the call blotted out."""
    secrets = sorted((s for s in run.secrets.values() if s), key=len, reverse=True) if run else ()
    for secret in secrets:
        said = {key: text.replace(str(secret), "•••") for key, text in said.items()}
    return said


def main() -> None:
    """Serves the wire on this process's own stdin and stdout."""
    # Libraries print. Keep the real stdout for the wire and let everything else land on stderr.
    # A path that is no UTF-8 leaves as JSON's own escapes, which is what backslashreplace writes.
    wire = Wire(os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace", newline="\n"))
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "r", encoding="utf-8", errors="replace", newline="\n")
    Server(source, wire).serve()
    # The worker may be deep in a library call that no flag reaches; QGIS is gone, so leave now.
    os._exit(0)
