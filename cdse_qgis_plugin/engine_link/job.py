"""One call on an engine process of its own, run to its end on the thread that asks."""

from __future__ import annotations

import time
from typing import Any, Callable

from qgis.PyQt.QtCore import QCoreApplication

from .call import CANCELLED, Call, CallFailed
from .engine_process import EngineProcess
from .environment import Launch
from .live_work import LiveWork
from .protocol import Answer, Log, Message, Progress, Refusal, encode_call, encode_cancel

translate = QCoreApplication.translate

GRACE_S = 3.0
"""Seconds between asking an engine to stop and ending it."""

_CALL_ID = "1"
_STEP_MS = 100


class Job:
    """A call with an engine process that begins and ends with it.

    ``on_progress(share, text)`` and ``on_log(level, text)`` are called on the job's thread. ``is_cancelled`` is asked
    ten times a second.
    """

    def __init__(
        self,
        call: Call,
        launch: Launch,
        endpoints: dict[str, str],
        on_progress: Callable[[float, str], None],
        on_log: Callable[[str, str], None],
        is_cancelled: Callable[[], bool],
        hello_timeout_s: float = 60.0,
        grace_s: float = GRACE_S,
    ):
        self._call = call
        self._launch = launch
        self._endpoints = endpoints
        self._on_progress = on_progress
        self._on_log = on_log
        self._is_cancelled = is_cancelled
        self._hello_timeout_s = hello_timeout_s
        self._grace_s = grace_s
        self._value: dict[str, Any] | None = None
        self._failure: CallFailed | None = None

    def run(self) -> dict[str, Any]:
        """Runs the call and returns its value; raises CallFailed, with code ``cancelled`` after a stop.

        The process is made here, because a QProcess belongs to the thread that made it.
        """
        if self._is_cancelled():
            raise stopped()
        line = encode_call(_CALL_ID, self._call, self._endpoints)
        process = EngineProcess(self._launch, hello_timeout_s=self._hello_timeout_s)
        process.said.connect(self._hear)
        process.ended.connect(self._mourn)
        process.send(line, secrets=tuple(self._call.secrets.values()))
        with LiveWork() as live:
            try:
                process.start()
                self._converse(process, live)
            finally:
                process.said.disconnect(self._hear)
                process.ended.disconnect(self._mourn)
                process.kill()
        if self._failure is not None:
            raise self._failure
        return self._value

    def _converse(self, process: EngineProcess, live: LiveWork) -> None:
        asked_at: float | None = None
        while self._value is None and self._failure is None:
            process.pump(_STEP_MS)
            if live.ending.is_set():
                self._failure = self._failure or stopped()
            elif asked_at is None:
                if self._is_cancelled():
                    asked_at = time.monotonic()
                    process.send(encode_cancel(_CALL_ID))
            elif time.monotonic() - asked_at > self._grace_s:
                self._failure = self._failure or stopped()

    def _hear(self, message: Message) -> None:
        if isinstance(message, Progress):
            self._on_progress(message.share, message.text)
        elif isinstance(message, Log):
            self._on_log(message.level, message.text)
        elif isinstance(message, Answer):
            self._value = message.value
        elif isinstance(message, Refusal):
            self._failure = message.failure

    def _mourn(self, reason: CallFailed) -> None:
        if self._value is None and self._failure is None:
            self._failure = reason


def stopped() -> CallFailed:
    """The failure of a call that somebody stopped."""
    return CallFailed(CANCELLED, translate("EngineLink", "Stopped at your request."))
