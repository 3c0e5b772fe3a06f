"""At most so many requests at a time, on threads that never keep a process alive and never make a person wait."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from typing import Any

from .source import Check

MOST = 4
"""Connections that CDSE allows a user at a time."""

_LOOK_S = 0.1


class Connections:
    """A few threads that do requests. The threads are daemons: one that hangs on a dead server can be left behind."""

    def __init__(self, count: int = MOST):
        self.count = count
        self.stop = threading.Event()
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        for number in range(count):
            threading.Thread(target=self._work, name=f"source-{number}", daemon=True).start()

    def submit(self, task: Callable[[], Any]) -> Future:
        """Does a task soon."""
        future: Future = Future()
        self._tasks.put((task, future))
        return future

    def all(self, tasks: Iterable[Callable[[], Any]], check: Check) -> list[Any]:
        """What the tasks return, in their order. The first failure is raised at once."""
        return self.wait([self.submit(task) for task in tasks], check)

    def wait(self, futures: list[Future], check: Check) -> list[Any]:
        """What the futures hold, in their order. Looks ten times a second whether a stop was asked for."""
        waiting = set(futures)
        try:
            while waiting:
                check()
                done, waiting = wait(waiting, _LOOK_S, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
        return [future.result() for future in futures]

    def close(self) -> None:
        """Stops what is waiting or running; returns at once."""
        self.stop.set()
        for _ in range(self.count):
            self._tasks.put(None)

    def _work(self) -> None:
        while (found := self._tasks.get()) is not None:
            task, future = found
            if self.stop.is_set() or not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits for the future
                future.set_exception(error)
