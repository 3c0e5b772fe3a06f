"""Calls as tasks of QGIS: shown in its task list, stopped from there, and answered on the main thread."""

from __future__ import annotations

import threading
from typing import Callable

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QTimer

from .call import Call, CallFailed
from .environment import Launch
from .job import GRACE_S, Job
from .told_task import ToldTask, WorkTask, task_flags, write_log
from .warm_engine import Listener, WarmEngine

_QUIET = ("Hidden", "Silent")


class ClickTask(ToldTask, Listener):
    """A call on the warm engine.

    The answer is delivered the moment it arrives, and does not wait for a free thread: the task's own thread only keeps
    QGIS's task list informed.
    """

    def __init__(self, call: Call, warm: WarmEngine, endpoints: dict[str, str]):
        quiet = _QUIET if call.quiet else ()
        super().__init__(call.title or call.operation, task_flags("CancelWithoutPrompt", *quiet))
        self.call = call
        self._warm = warm
        self._call_id = ""
        self._good = False
        self._stop_asked = False
        self._settled = threading.Event()
        try:
            self._call_id = self._warm.submit(call, endpoints, self)
        except CallFailed as failure:
            # Told a moment later, so that whoever asked can connect to the signals first.
            reason = failure
            QTimer.singleShot(0, lambda: self.fail(reason))

    def run(self) -> bool:
        """Waits for the answer, in a thread of QGIS."""
        while not self._settled.wait(0.2):
            # Not without end: when QGIS closes, no event loop may be left that could settle it.
            if self._stop_asked and not self._settled.wait(GRACE_S + 1):
                return False
        return self._good

    def cancel(self) -> None:
        """Asks for a stop."""
        if self.is_over:
            return
        self._stop_asked = True
        # QGIS forgets a cancelled task that has no thread yet at once, but its engine has still to confirm.
        if self.status() == QgsTask.TaskStatus.Running:
            super().cancel()
        self._warm.cancel(self._call_id)

    def finished(self, _result: bool) -> None:
        """Lets go of what was kept for QGIS."""
        self._tell_stopped()
        self._release()

    def succeed(self, value: dict) -> None:
        """Takes the result."""
        self._good = True
        self._settled.set()
        self._tell_success(value)

    def fail(self, failure: CallFailed) -> None:
        """Takes the failure."""
        self._settled.set()
        self._tell_failure(failure)

    def progress(self, share: float, text: str) -> None:
        """Takes how far the call is."""
        self.report(share, text)

    def log(self, level: str, text: str) -> None:
        """Takes a line for the log."""
        write_log(level, text)


class JobTask(WorkTask):
    """A call with an engine process of its own, in the task's thread."""

    def __init__(self, call: Call, launch: Callable[[], Launch], endpoints: dict[str, str]):
        super().__init__(call.title or call.operation, self._run_job, task_flags(*_QUIET if call.quiet else ()))
        self.call = call
        self._endpoints = endpoints
        self._launch: Launch | None = None
        try:
            self._launch = launch()
        except CallFailed as failure:
            self._failure = failure

    def _run_job(self, _task: WorkTask) -> dict:
        if self._launch is None:
            raise self._failure
        return Job(self.call, self._launch, self._endpoints, self.report, write_log, self.isCanceled).run()
