"""Trying again: how long to wait after a failure, when to give up, and how a broken read goes on where it broke."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ...errors import Cancelled, EngineError
from .pace import Pace
from .source import Item, Source, Transient

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Patience:
    """How often a failing request is tried and how long the waits between are at most, in seconds.

    The waits double from ``first_s`` and are drawn at random below that, so that several readers do not come back at
    the same moment. What the server asks for in Retry-After is kept to, unless it is more than ``longest_asked_s``.
    """

    attempts: int = 7
    first_s: float = 0.5
    longest_s: float = 60.0
    longest_asked_s: float = 300.0

    def wait_s(self, failures: int, asked_s: float | None) -> float:
        """How long to wait after so many failures in a row."""
        if asked_s is not None:
            return asked_s
        jitter = random.uniform(0.5, 1)  # nosec B311 - it spreads retries, it guards nothing
        return jitter * min(self.first_s * 2 ** (failures - 1), self.longest_s)


class Retrying:
    """Repeats attempts until they succeed. A server that asks us to slow down makes all connections wait, and from
    then on there is one less of them."""

    def __init__(self, patience: Patience, stop: threading.Event, say: Callable[[str], None], pace: Pace):
        self._patience, self._stop, self._say, self._pace = patience, stop, say, pace
        self._quiet_until = 0.0

    def call(self, attempt: Callable[[], Answer]) -> Answer:
        """What ``attempt`` returns once it does not raise Transient.

        Raises EngineError ``rate_limited`` or ``no_network`` when it keeps failing, Cancelled when stopped.
        """
        failures = 0
        while True:
            self._pause(self._quiet_until - time.monotonic())
            try:
                with self._pace.turn(self._stop):
                    return attempt()
            except Transient as trouble:
                failures += 1
                self._after(trouble, failures)

    def read(self, source: Source, item: Item, start: int, stop: int) -> bytes:
        """The bytes of an item from ``start`` up to ``stop``, all of them.

        A connection that breaks is taken up again where it broke. Only failures without any progress between them
        count as failures in a row.
        """
        data = bytearray()
        failures = 0
        while len(data) < stop - start:
            self._pause(self._quiet_until - time.monotonic())
            before = len(data)
            try:
                with self._pace.turn(self._stop):
                    for piece in source.stream(item, start + before, stop):
                        data += piece
                        if self._stop.is_set():
                            raise Cancelled()
                if len(data) < stop - start:
                    raise Transient(f"{len(data) - before:,} bytes came instead of {stop - start - before:,}")
            except Transient as trouble:
                failures = 1 if len(data) > before else failures + 1
                self._after(trouble, failures)
        if len(data) > stop - start:
            raise EngineError(
                "source_damaged",
                f"The server sent more of “{item.name}” than was asked for, so what it sends cannot be trusted.",
                "Download the whole file and import it from the disk.",
            )
        return bytes(data)

    def _after(self, trouble: Transient, failures: int) -> None:
        wait = self._patience.wait_s(failures, trouble.wait_s)
        if failures >= self._patience.attempts or wait > self._patience.longest_asked_s:
            raise _given_up(trouble, failures)
        if trouble.throttled:
            if self._quiet_until < time.monotonic():  # the first to hear it speaks for those asked at the same time
                self._pace.slow_down()
            self._quiet_until = max(self._quiet_until, time.monotonic() + wait)
        if wait > 2:
            self._say(f"{trouble.reason}; trying again in {wait:.0f} s")
        self._pause(wait)

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(max(0.0, seconds)):
            raise Cancelled()


def _given_up(trouble: Transient, failures: int) -> EngineError:
    if trouble.throttled:
        how = f"and to wait {trouble.wait_s / 60:,.0f} minutes" if (trouble.wait_s or 0) > 120 else "again and again"
        return EngineError(
            "rate_limited",
            f"The server asks us to slow down, {how} ({trouble.reason}).",
            "Wait some minutes, close other programs that read from the same service, then start again: what has been "
            "read is kept.",
        )
    if trouble.answered:
        return EngineError(
            "server_error",
            f"The server did not do its work, {failures} times in a row ({trouble.reason}).",
            "This is the server's trouble and often passes. Start again later: what has been read is kept.",
        )
    return EngineError(
        "no_network",
        f"The server could not be reached, {failures} times in a row ({trouble.reason}).",
        "Check the network and the address, then start again: what has been read is kept.",
    )
