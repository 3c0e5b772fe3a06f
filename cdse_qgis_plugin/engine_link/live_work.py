"""What runs child processes on other threads right now, so that closing the plugin can end it and wait until it has."""

from __future__ import annotations

import threading
import time

_live: set[LiveWork] = set()
_lock = threading.Lock()


class LiveWork:
    """A stretch of code with a child process in it; ``with LiveWork() as live`` around that code.

    The code looks at ``ending`` every now and then, and ends its child at once when it is set.
    """

    def __init__(self) -> None:
        self.ending = threading.Event()
        self._over = threading.Event()

    def __enter__(self) -> LiveWork:
        with _lock:
            _live.add(self)
        return self

    def __exit__(self, *_) -> None:
        with _lock:
            _live.discard(self)
        self._over.set()

    def wait(self, seconds: float) -> bool:
        """Waits until the code has been left; returns whether it was."""
        return self._over.wait(seconds)


def end_all(wait_s: float = 3.0) -> None:
    """Ends all live work of this QGIS, whoever began it, and waits until its children are gone."""
    with _lock:
        works = list(_live)
    for work in works:
        work.ending.set()
    deadline = time.monotonic() + wait_s
    for work in works:
        work.wait(max(0.0, deadline - time.monotonic()))
