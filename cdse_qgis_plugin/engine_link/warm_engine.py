"""The engine that stays: one process that serves the clicks, with its stores open and its models loaded.

It lives on the main thread and never waits there. The engine runs calls one after another in the order they were sent,
so only the oldest call in flight is being worked on. That decides what a cancel has to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Callable

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from .call import Call, CallFailed
from .engine_process import EngineProcess
from .environment import Launch
from .job import GRACE_S, stopped
from .protocol import Answer, Log, Message, Progress, Refusal, encode_call, encode_cancel


class Listener:
    """Who waits for a call; every method is called on the main thread, ``succeed`` or ``fail`` exactly once."""

    def succeed(self, value: dict) -> None:
        """Takes the result."""
        raise NotImplementedError

    def fail(self, failure: CallFailed) -> None:
        """Takes the failure; its code is ``cancelled`` after a stop."""
        raise NotImplementedError

    def progress(self, share: float, text: str) -> None:
        """Takes how far the call is."""

    def log(self, level: str, text: str) -> None:
        """Takes a line for the log."""


@dataclass
class _Flight:
    """A call that has not been answered yet."""

    call: Call
    endpoints: dict[str, str]
    listener: Listener
    stopping: bool = False


class WarmEngine(QObject):
    """Starts an engine when it is first asked something, and another one after it died or was away."""

    changed = pyqtSignal()
    """It started, became ready, busy or free, or ended."""
    complained = pyqtSignal(object)
    """It could not make sense of a line; a CallFailed that belongs to no call."""
    failed_to_start = pyqtSignal(object)
    """An engine ended before it could be used; the CallFailed says why."""

    def __init__(
        self,
        launch: Callable[[], Launch],
        parent: QObject | None = None,
        idle_s: float = 900.0,
        grace_s: float = GRACE_S,
        hello_timeout_s: float = 60.0,
    ):
        super().__init__(parent)
        self._launch = launch
        self._hello_timeout_s = hello_timeout_s
        self._process: EngineProcess | None = None
        self._flights: dict[str, _Flight] = {}
        self._ids = count(1)
        self._idle = self._timer(idle_s, self._leave_if_idle)
        self._grace = self._timer(grace_s, self._end_unwilling)

    @property
    def process(self) -> EngineProcess | None:
        """The present process, or None."""
        return self._process

    @property
    def in_flight(self) -> int:
        """How many calls wait for an answer."""
        return len(self._flights)

    def submit(self, call: Call, endpoints: dict[str, str], listener: Listener) -> str:
        """Sends a call and returns its id; raises CallFailed when it cannot even be sent."""
        call_id = str(next(self._ids))
        line = encode_call(call_id, call, endpoints)
        if self._process is None:
            self._start(self._launch())
        self._flights[call_id] = _Flight(call, endpoints, listener)
        self._idle.stop()
        self._process.send(line, tuple(call.secrets.values()))
        self.changed.emit()
        return call_id

    def cancel(self, call_id: str) -> None:
        """Asks for a stop of one call. The one being worked on gets a grace, then its engine is ended.

        A call that is still queued behind another is over at once: the engine drops it when its turn comes.
        """
        flight = self._flights.get(call_id)
        if flight is None or flight.stopping:
            return
        flight.stopping = True
        if self._process is not None:
            self._process.send(encode_cancel(call_id))
        if call_id == next(iter(self._flights)):
            self._grace.start()
        else:
            self._settle(call_id, stopped())

    def stop(self) -> None:
        """Ends the engine now; calls in flight are stopped. The next call starts another one."""
        process, self._process = self._process, None
        for call_id in list(self._flights):
            self._settle(call_id, stopped())
        self._idle.stop()
        if process is not None:
            process.ended.disconnect(self._on_ended)
        for child in self.findChildren(EngineProcess):  # those that are still leaving, too
            child.kill()
            child.deleteLater()
        self.changed.emit()

    # ---- the process

    def _start(self, launch: Launch) -> None:
        self._process = EngineProcess(launch, self, self._hello_timeout_s)
        self._process.said.connect(self._hear)
        self._process.greeted.connect(self.changed)
        self._process.ended.connect(self._on_ended)
        self._process.start()

    def _on_ended(self, reason: CallFailed) -> None:
        process, self._process = self._process, None
        self._grace.stop()
        if process is not None:
            if process.hello is None:
                self.failed_to_start.emit(reason)
            process.deleteLater()
        for call_id in list(self._flights):
            self._settle(call_id, reason)
        self.changed.emit()

    def _leave_if_idle(self) -> None:
        process = self._process
        if self._flights or process is None:
            return
        # Let go of it first: a click while it is leaving must go to a new engine.
        self._process = None
        process.ended.disconnect(self._on_ended)
        process.ended.connect(process.deleteLater)
        process.dismiss(self._grace.interval() / 1000)
        self.changed.emit()

    def _end_unwilling(self) -> None:
        """Ends the engine whose call did not stop in time, and asks a new one the calls that were queued behind."""
        process, self._process = self._process, None
        if process is None:
            return
        process.ended.disconnect(self._on_ended)
        process.kill()
        process.deleteLater()
        waiting = {call_id: flight for call_id, flight in self._flights.items() if not flight.stopping}
        for call_id in [call_id for call_id in self._flights if call_id not in waiting]:
            self._settle(call_id, stopped())
        for call_id, flight in waiting.items():
            self._ask_again(call_id, flight)
        self.changed.emit()

    def _ask_again(self, call_id: str, flight: _Flight) -> None:
        try:
            if self._process is None:
                self._start(self._launch())
            line = encode_call(call_id, flight.call, flight.endpoints)
            self._process.send(line, tuple(flight.call.secrets.values()))
        except CallFailed as failure:
            self._settle(call_id, failure)

    # ---- what it says

    def _hear(self, message: Message) -> None:
        flight = self._flights.get(message.call_id)
        if flight is None:
            if isinstance(message, Refusal) and not message.call_id:
                self.complained.emit(message.failure)
            return
        if isinstance(message, Progress):
            flight.listener.progress(message.share, message.text)
        elif isinstance(message, Log):
            flight.listener.log(message.level, message.text)
        elif isinstance(message, (Answer, Refusal)):
            self._settle(message.call_id, message)

    def _settle(self, call_id: str, outcome) -> None:
        flight = self._flights.pop(call_id, None)
        if flight is None:
            return
        if not any(waiting.stopping for waiting in self._flights.values()):
            self._grace.stop()
        if not self._flights:
            self._idle.start()
        if isinstance(outcome, Answer):
            flight.listener.succeed(outcome.value)
        else:
            failure = outcome.failure if isinstance(outcome, Refusal) else outcome
            stopped_by_us = flight.stopping and failure.code == "engine_died"
            flight.listener.fail(stopped() if stopped_by_us else failure)
        if not self._flights:
            self.changed.emit()

    def _timer(self, seconds: float, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(int(seconds * 1000))
        timer.timeout.connect(slot)
        return timer
