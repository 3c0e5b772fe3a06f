"""How fast requests may follow each other: how many at a time, and how many within a minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import Cancelled

_LOOK_S = 0.1


class Pace:
    """Turns for requests: at most ``at_once`` at a time and, if given, ``a_minute`` within ``minute_s`` seconds."""

    def __init__(self, at_once: int, a_minute: int | None = None, minute_s: float = 60.0):
        self.at_once = at_once
        self._a_minute, self._minute_s = a_minute, minute_s
        self._busy = 0
        self._begun: deque[float] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, stop: threading.Event) -> Iterator[None]:
        """Waits for a turn and holds it until the end of the block; raises Cancelled when stopped before."""
        with self._changed:
            while (wait := self._wait_s()) > 0:
                if stop.is_set():
                    raise Cancelled()
                self._changed.wait(min(wait, _LOOK_S))
            self._busy += 1
            self._begun.append(time.monotonic())
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify()

    def slow_down(self) -> None:
        """Allows one less at a time from now on; one is always allowed."""
        with self._changed:
            self.at_once = max(1, self.at_once - 1)

    def _wait_s(self) -> float:
        """How long it is until the next turn at least; zero when it is now."""
        if self._busy >= self.at_once:
            return _LOOK_S
        if self._a_minute is None:
            return 0.0
        now = time.monotonic()
        while self._begun and self._begun[0] <= now - self._minute_s:
            self._begun.popleft()
        return 0.0 if len(self._begun) < self._a_minute else self._begun[0] + self._minute_s - now
