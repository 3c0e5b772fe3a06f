"""Tasks of QGIS that tell how they went, in words, on the main thread."""

from __future__ import annotations

import traceback
from typing import Any, Callable

from qgis.core import Qgis, QgsMessageLog, QgsTask
from qgis.PyQt.QtCore import QCoreApplication, pyqtSignal

from .call import CANCELLED, CallFailed
from .protocol import UNKNOWN

translate = QCoreApplication.translate

LOG = "Copernicus AI"
"""Name of the plugin's tab in QGIS's log panel."""

_LEVELS = {"warning": Qgis.MessageLevel.Warning, "error": Qgis.MessageLevel.Critical}


def write_log(level: str, text: str) -> None:
    """Writes a line into QGIS's log; callable from any thread."""
    QgsMessageLog.logMessage(text, LOG, _LEVELS.get(level, Qgis.MessageLevel.Info), False)


class ToldTask(QgsTask):
    """What all tasks of the plugin have in common.

    Exactly one of ``succeeded``, ``failed`` and ``stopped`` is emitted, on the main thread. ``cancel`` may be called at
    any time, also when the task is long over and QGIS has thrown it away.
    """

    succeeded = pyqtSignal(object)
    """What came out; for a call the value, a dict."""
    failed = pyqtSignal(object)
    """The CallFailed."""
    stopped = pyqtSignal()
    """It was cancelled."""
    progressed = pyqtSignal(float, str)
    """Share in 0 to 1, or -1 when unknown, and what is being done."""

    def __init__(self, title: str, flags=None):
        super().__init__(title, task_flags() if flags is None else flags)
        self.is_over = False
        self._when_over: list[Callable[[ToldTask], None]] = []

    def when_over(self, function: Callable[[ToldTask], None]) -> None:
        """Has a function called with this task when QGIS is done with it too."""
        self._when_over.append(function)

    def cancel(self) -> None:
        """Asks for a stop."""
        if not self.is_over:
            super().cancel()

    def drop(self) -> None:
        """Stops the task and says so at once: whoever listens is about to go."""
        self.cancel()
        self._tell_stopped()

    def report(self, share: float, text: str) -> None:
        """Says how far the work is; callable from the task's thread."""
        if share != UNKNOWN:
            self.setProgress(share * 100)
        self.progressed.emit(share, text)

    def _tell_success(self, value: Any) -> None:
        if not self.is_over:
            self.is_over = True
            self.succeeded.emit(value)

    def _tell_failure(self, failure: CallFailed) -> None:
        if failure.code == CANCELLED:
            self._tell_stopped()
        elif not self.is_over:
            self.is_over = True
            self.failed.emit(failure)

    def _tell_stopped(self) -> None:
        if not self.is_over:
            self.is_over = True
            self.stopped.emit()

    def _release(self) -> None:
        for function in self._when_over:
            function(self)
        self._when_over.clear()


class WorkTask(ToldTask):
    """Work in a thread of QGIS: ``work(task)`` returns what came out or raises CallFailed.

    It reports through ``task.report`` and asks ``task.isCanceled()`` whether to go on.
    """

    def __init__(self, title: str, work: Callable[[WorkTask], Any], flags=None):
        super().__init__(title, flags)
        self._work = work
        self._value: Any = None
        self._failure: CallFailed | None = None

    def run(self) -> bool:
        """Does the work, in a thread of QGIS."""
        try:
            self._value = self._work(self)
            return True
        except CallFailed as failure:
            self._failure = failure
        except Exception as error:  # noqa: BLE001 - a task that fails without a word helps nobody
            message = translate("EngineLink", "Something went wrong in the plugin: {error}")
            hint = translate("EngineLink", "Copy the details and report them.")
            message = message.format(error=f"{type(error).__name__}: {error}")
            self._failure = CallFailed("internal", message, hint, traceback.format_exc())
        return False

    def finished(self, result: bool) -> None:
        """Tells how it ended; QGIS calls this on the main thread."""
        if result:
            self._tell_success(self._value)
        elif self._failure is not None:
            self._tell_failure(self._failure)
        else:
            self._tell_stopped()
        self._release()


def task_flags(*names: str):
    """CanCancel and those of the named flags that this QGIS knows."""
    flags = QgsTask.Flags(QgsTask.Flag.CanCancel)
    for name in names:
        flag = getattr(QgsTask, name, None)
        if flag is not None:
            flags |= flag
    return flags
