"""Asking the engine where only the newest question counts."""

from __future__ import annotations

from typing import Any, Callable

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...engine_link.call import CallFailed

PATIENCE_MS = 300
"""Work that is over sooner is not shown at all, so that nothing flickers."""


class Asking(QObject):
    """One question at a time: a newer one cancels the one before, and an answer that comes too late is dropped."""

    showing = pyqtSignal(str)
    """Work has taken long enough to be shown; what it is."""
    progressed = pyqtSignal(float, str)
    over = pyqtSignal()
    """Nothing is asked any more."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._task = None
        self._title = ""
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.showing.emit(self._title))

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return self._task is not None

    def ask(
        self,
        send: Callable[[], Any],
        title: str,
        succeeded: Callable[[dict], None],
        failed: Callable[[CallFailed], None],
        stopped: Callable[[], None] | None = None,
    ) -> None:
        """Drops the question before, sends a new one and has one of the functions called with how it ended.

        ``send`` makes the task; it is called after the older one was cancelled, so that it need not wait for it.
        """
        self._drop()
        self._title = title
        task = send()
        self._task = task
        self._patience.start()
        task.succeeded.connect(lambda value: self._end(task, succeeded, value))
        task.failed.connect(lambda failure: self._end(task, failed, failure))
        task.stopped.connect(lambda: self._end(task, stopped or (lambda: None)))
        task.progressed.connect(lambda share, text: self._progress(task, share, text))

    def cancel(self) -> None:
        """Stops what is asked; its ``stopped`` function is called when the engine has let go."""
        if self._task is not None:
            self._task.cancel()

    def drop(self) -> None:
        """Stops what is asked and hears nothing of it any more."""
        if self._task is not None:
            self._drop()
            self.over.emit()

    def _drop(self) -> None:
        self._patience.stop()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def _end(self, task, tell: Callable[..., None], *what) -> None:
        if task is not self._task:
            return
        self._task = None
        self._patience.stop()
        tell(*what)
        if self._task is None:
            self.over.emit()

    def _progress(self, task, share: float, text: str) -> None:
        if task is self._task:
            self.progressed.emit(share, text)
