"""A call for Processing: made on whatever thread an algorithm runs on, and waited for there."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingFeedback

from ..settings import Settings
from .call import Call
from .environment import current_launch
from .job import Job
from .protocol import UNKNOWN


def run_blocking(call: Call, feedback: QgsProcessingFeedback | None = None) -> dict[str, Any]:
    """Runs a call on an engine process of its own and returns its value.

    Progress and log lines go to ``feedback``; its cancel stops the engine, within three seconds at the latest. Raises
    CallFailed, with code ``cancelled`` after a stop. Never to be called on the main thread of a QGIS window.
    """
    teller = _Teller(feedback or QgsProcessingFeedback(False))
    return Job(
        call, current_launch(), Settings().addresses, teller.progress, teller.log, teller.feedback.isCanceled
    ).run()


class _Teller:
    """Passes what an engine says to a feedback, each sentence once."""

    def __init__(self, feedback: QgsProcessingFeedback):
        self.feedback = feedback
        self._last_text = ""

    def progress(self, share: float, text: str) -> None:
        if share != UNKNOWN:
            self.feedback.setProgress(share * 100)
        if text and text != self._last_text:
            self._last_text = text
            self.feedback.setProgressText(text)

    def log(self, level: str, text: str) -> None:
        if level == "error":
            self.feedback.reportError(text, False)
        elif level == "warning":
            self.feedback.pushWarning(text)
        else:
            self.feedback.pushInfo(text)
