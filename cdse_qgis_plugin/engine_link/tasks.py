"""Calls as tasks of QGIS: shown in its task list, stopped from there, and answered on the main thread."""

from __future__ import annotations

import threading
from typing import Callable

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import QTimer, pyqtSignal

from .call import CANCELLED, Call, CallFailed
from .environment import Launch
from .job import GRACE_S, Job
from .protocol import UNKNOWN
from .warm_engine import Listener, WarmEngine

LOG = "Copernicus AI"
"""Name of the plugin's tab in QGIS's log panel."""

_LEVELS = {"warning": Qgis.MessageLevel.Warning, "error": Qgis.MessageLevel.Critical}


def write_log(level: str, text: str) -> None:
    """Writes a line of the engine into QGIS's log; callable from any thread."""
    QgsMessageLog.logMessage(text, LOG, _LEVELS.get(level, Qgis.MessageLevel.Info), False)


class EngineTask(QgsTask):
    """What click tasks and job tasks have in common.

    Exactly one of ``succeeded``, ``failed`` and ``stopped`` is emitted, on the main thread. ``cancel`` may be called at
    any time, also when the task is long over.
    """

    succeeded = pyqtSignal(object)
    """The value of the call, a dict."""
    failed = pyqtSignal(object)
    """The CallFailed."""
    stopped = pyqtSignal()
    """It was cancelled."""
    progressed = pyqtSignal(float, str)
    """Share in 0 to 1, or -1 when unknown, and what is being done."""

    def __init__(self, call: Call, more_flags=None):
        super().__init__(call.title or call.operation, _flags(call.quiet, more_flags))
        self.call = call
        self.is_over = False
        self._when_over: list[Callable[[EngineTask], None]] = []

    def when_over(self, function: Callable[[EngineTask], None]) -> None:
        """Has a function called with this task when QGIS is done with it too."""
        self._when_over.append(function)

    def _report(self, share: float, text: str) -> None:
        if share != UNKNOWN:
            self.setProgress(share * 100)
        self.progressed.emit(share, text)

    def _tell(self, outcome) -> None:
        """Emits the one final signal."""
        if self.is_over:
            return
        self.is_over = True
        if isinstance(outcome, dict):
            self.succeeded.emit(outcome)
        elif outcome is None or outcome.code == CANCELLED:
            self.stopped.emit()
        else:
            self.failed.emit(outcome)

    def drop(self) -> None:
        """Stops the task and says so at once: whoever listens is about to go."""
        self.cancel()
        self._tell(None)

    def _release(self) -> None:
        for function in self._when_over:
            function(self)
        self._when_over.clear()


class ClickTask(EngineTask, Listener):
    """A call on the warm engine.

    The answer is delivered the moment it arrives, and does not wait for a free thread: the task's own thread only keeps
    QGIS's task list informed.
    """

    def __init__(self, call: Call, warm: WarmEngine, endpoints: dict[str, str]):
        super().__init__(call, QgsTask.Flag.CancelWithoutPrompt)
        self._warm = warm
        self._call_id = ""
        self._good = False
        self._stop_asked = False
        self._settled = threading.Event()
        self._ask(endpoints)

    def _ask(self, endpoints: dict[str, str]) -> None:
        try:
            self._call_id = self._warm.submit(self.call, endpoints, self)
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
        self._tell(None)
        self._release()

    def succeed(self, value: dict) -> None:
        """Takes the result."""
        self._good = True
        self._settled.set()
        self._tell(value)

    def fail(self, failure: CallFailed) -> None:
        """Takes the failure."""
        self._settled.set()
        self._tell(failure)

    def progress(self, share: float, text: str) -> None:
        """Takes how far the call is."""
        self._report(share, text)

    def log(self, level: str, text: str) -> None:
        """Takes a line for the log."""
        write_log(level, text)


class JobTask(EngineTask):
    """A call with an engine process of its own, in the task's thread."""

    def __init__(self, call: Call, launch: Callable[[], Launch], endpoints: dict[str, str]):
        super().__init__(call)
        self._outcome = None
        self._job: Job | None = None
        try:
            self._job = Job(call, launch(), endpoints, self._report, write_log, self.isCanceled)
        except CallFailed as failure:
            self._outcome = failure

    def run(self) -> bool:
        """Runs the job, in a thread of QGIS."""
        if self._job is None:
            return False
        try:
            self._outcome = self._job.run()
            return True
        except CallFailed as failure:
            self._outcome = failure
            return False

    def cancel(self) -> None:
        """Asks for a stop."""
        if not self.is_over:
            super().cancel()

    def finished(self, _result: bool) -> None:
        """Tells how it ended; QGIS calls this on the main thread."""
        self._tell(self._outcome)
        self._release()


def _flags(quiet: bool, more_flags):
    flags = QgsTask.Flags(QgsTask.Flag.CanCancel)
    if more_flags is not None:
        flags |= more_flags
    if quiet:
        for name in ("Hidden", "Silent"):
            flag = getattr(QgsTask, name, None)
            if flag is not None:
                flags |= flag
    return flags
