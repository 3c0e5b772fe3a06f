"""What an operation is given beside its request: progress, cancellation, scratch space and the secrets of this call."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .endpoints import Endpoints
from .errors import Cancelled

_NUMBERS = re.compile(r"[\d.,]+")

Report = Callable[[dict], None]


class Run:
    """One call of one operation.

    ``report`` receives ``progress`` and ``log`` messages as dicts. Progress is thinned to ten messages a second, but
    for the first of every stage (a text that differs in more than its numbers); so an operation may report as often as
    it likes, and no stage goes untold.
    """

    _INTERVAL_S = 0.1

    def __init__(
        self,
        report: Report | None = None,
        secrets: Mapping[str, str] | None = None,
        endpoints: Endpoints | None = None,
    ):
        self._report = report or (lambda message: None)
        self._stop = threading.Event()
        self._last_report = 0.0
        self._stage = ""
        self._scratch: Path | None = None
        self.secrets = dict(secrets or {})
        self.endpoints = endpoints or Endpoints()

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Says how far the work is (0 to 1, or None when unknown), and stops here when the user asked for it."""
        self.check()
        now, stage = time.monotonic(), _NUMBERS.sub("", text)
        if now - self._last_report >= self._INTERVAL_S or fraction == 1.0 or stage != self._stage:
            self._last_report, self._stage = now, stage
            self._report({"type": "progress", "value": fraction, "text": text})

    def log(self, text: str, level: str = "info") -> None:
        """Sends a line to the log of the plugin."""
        self._report({"type": "log", "level": level, "text": text})

    def cancel(self) -> None:
        """Asks the operation to stop at its next check."""
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raises Cancelled when a stop was asked for."""
        if self._stop.is_set():
            raise Cancelled()

    @property
    def scratch(self) -> Path:
        """A folder for files of this call only, made on first use and removed by close()."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="cdse-engine-"))
        return self._scratch

    def close(self) -> None:
        """Removes the scratch folder."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
