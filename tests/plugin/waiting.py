"""Waiting for things that happen through QGIS's event loop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from qgis.core import QgsApplication


def until(condition: Callable[[], object], seconds: float = 20.0, what: str = "the condition") -> object:
    """Runs the event loop until the condition holds, and returns what it gave; fails after that many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        QgsApplication.processEvents()
        time.sleep(0.001)
    raise AssertionError(f"{what} did not come true within {seconds} s")


def is_running(pid: int) -> bool:
    """Whether a process lives; one that has ended but was not collected yet does not count."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop(pid: int, number: int) -> None:
    """Sends a signal to a process that a test started."""
    os.kill(pid, number)


class Ending:
    """How a task ended, and everything it said on the way."""

    def __init__(self, task):
        self.value = None
        self.failure = None
        self.was_stopped = False
        self.told = 0
        self.progress: list[tuple[float, str]] = []
        self.at = 0.0
        task.succeeded.connect(self._succeed)
        task.failed.connect(self._fail)
        task.stopped.connect(self._stop)
        task.progressed.connect(lambda share, text: self.progress.append((share, text)))

    def _succeed(self, value) -> None:
        self.value = value
        self._tell()

    def _fail(self, failure) -> None:
        self.failure = failure
        self._tell()

    def _stop(self) -> None:
        self.was_stopped = True
        self._tell()

    def _tell(self) -> None:
        self.told += 1
        self.at = time.perf_counter()


def ending_of(task, seconds: float = 30.0) -> Ending:
    """Waits until a task has told how it ended."""
    ending = Ending(task)
    until(lambda: ending.told, seconds, "the end of the task")
    return ending
