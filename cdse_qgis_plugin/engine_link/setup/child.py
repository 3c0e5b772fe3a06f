"""A program run to its end on the thread that asks, line by line."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import QProcess, QProcessEnvironment

from ..job import stopped
from ..live_work import LiveWork

_LEADER = str(Path(__file__).with_name("leader.py"))
_LINES_KEPT = 400
_STEP_MS = 100


@dataclass(frozen=True)
class ChildEnd:
    """How a program ended; ``text`` is the end of what it wrote, stderr included."""

    status: int
    crashed: bool
    text: str

    @property
    def good(self) -> bool:
        """Whether it did what it was asked."""
        return self.status == 0 and not self.crashed


def module_command(module: str, *arguments: str) -> list[str]:
    """Arguments for a Python that run a module, so that ``run_child`` can end it with all its own children."""
    return ["-I", "-u", _LEADER, module, *arguments]


def run_child(
    program: str,
    arguments: list[str],
    variables: QProcessEnvironment,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_line: Callable[[str], None] = lambda line: None,
    on_tick: Callable[[], None] = lambda: None,
    limit_s: float = 0.0,
) -> ChildEnd:
    """Runs a program to its end; ``on_tick`` is called ten times a second.

    Ends it, with what it started, and raises CallFailed ``cancelled`` when ``is_cancelled`` says so or the plugin goes.
    A program that cannot be started, or that takes longer than ``limit_s`` where that is given, has crashed.
    """
    process = QProcess()
    process.setProcessEnvironment(variables)
    process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
    lines: deque[str] = deque(maxlen=_LINES_KEPT)
    reader = _Lines(lambda line: (lines.append(line), on_line(line)))
    waited_ms = 0
    with LiveWork() as live:
        process.start(program, arguments)
        if not process.waitForStarted(30_000):
            return ChildEnd(-1, True, process.errorString())
        pid = int(process.processId())
        try:
            while process.state() != QProcess.ProcessState.NotRunning:
                process.waitForReadyRead(_STEP_MS)
                reader.feed(bytes(process.readAllStandardOutput()))
                on_tick()
                if live.ending.is_set() or is_cancelled():
                    raise stopped()
                waited_ms += _STEP_MS
                if limit_s and waited_ms > limit_s * 1000:
                    return ChildEnd(-1, True, "\n".join(lines))
        finally:
            _end(process, pid, leads=_LEADER in arguments)
    reader.feed(bytes(process.readAllStandardOutput()) + b"\n")
    crashed = process.exitStatus() == QProcess.ExitStatus.CrashExit
    return ChildEnd(process.exitCode(), crashed, "\n".join(lines))


class _Lines:
    """Cuts a stream into lines; a carriage return ends one too, as progress bars use it."""

    def __init__(self, take: Callable[[str], object]):
        self._take = take
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        *lines, self._rest = (self._rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            text = line.decode("utf-8", errors="replace").rstrip()
            if text:
                self._take(text)


def _end(process: QProcess, pid: int, leads: bool) -> None:
    if process.state() == QProcess.ProcessState.NotRunning:
        return
    if sys.platform == "win32":
        QProcess.execute("taskkill", ["/F", "/T", "/PID", str(pid)])
    elif leads:
        try:
            if os.getpgid(pid) == pid:  # not yet so in its first moments, when it has no children either
                os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    process.kill()
    process.waitForFinished(3000)
