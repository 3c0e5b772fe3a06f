"""One engine process: started, greeted, spoken to, ended.

It works on the thread that made it. With an event loop it speaks through signals alone; in a thread without one its
owner calls ``pump`` again and again.
"""

from __future__ import annotations

import re
import time
from collections import deque

from qgis.PyQt.QtCore import QAbstractEventDispatcher, QCoreApplication, QObject, QProcess, QTimer, pyqtSignal

from .call import CallFailed
from .environment import Launch, set_up_hint
from .protocol import PROTOCOL, Hello, LineReader

translate = QCoreApplication.translate

_STDERR_LINES = 200
_LINE_LENGTH = 1000


class EngineProcess(QObject):
    """An engine at the other end of a QProcess.

    Messages given to ``send`` before the engine has said hello wait until it has, and are never sent to an engine of
    another version.
    """

    greeted = pyqtSignal()
    """The engine said hello, and it is the right one."""
    said = pyqtSignal(object)
    """A Progress, Log, Answer or Refusal."""
    ended = pyqtSignal(object)
    """It is gone; the CallFailed says why. Emitted once."""

    def __init__(self, launch: Launch, parent: QObject | None = None, hello_timeout_s: float = 60.0):
        super().__init__(parent)
        self.launch = launch
        self.hello: Hello | None = None
        self._waiting: list[bytes] = []
        self._blots: list[str] = []
        self._reader = LineReader()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._stderr_rest = ""
        self._reason: CallFailed | None = None
        self._over = False
        self._hello_timeout_s = hello_timeout_s
        self._hello_deadline = 0.0
        self._hello_timer = QTimer(self)
        self._hello_timer.setSingleShot(True)
        self._hello_timer.timeout.connect(self._fail_silent)
        self._process = QProcess(self)
        self._process.setProcessEnvironment(launch.variables)
        self._process.readyReadStandardOutput.connect(self._read_stdout)
        self._process.readyReadStandardError.connect(self._read_stderr)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)

    def start(self) -> None:
        """Starts the process; hello or the reason why not follows as a signal."""
        self._hello_deadline = time.monotonic() + self._hello_timeout_s
        if QAbstractEventDispatcher.instance() is not None:  # a plain Python thread has none; pump() looks instead
            self._hello_timer.start(int(self._hello_timeout_s * 1000))
        self._process.start(self.launch.python.path, self.launch.arguments("serve"))

    def send(self, line: bytes, secrets: tuple = ()) -> None:
        """Sends a line, now or after hello; ``secrets`` are what must never show up in the diagnostics."""
        self._blots.extend(secret for secret in secrets if secret and secret not in self._blots)
        if self.hello is None:
            self._waiting.append(line)
        else:
            self._process.write(line)

    def pump(self, milliseconds: int) -> None:
        """Handles what arrives within that time; for threads without an event loop."""
        if self.is_over:
            return
        self._process.waitForReadyRead(milliseconds)
        if time.monotonic() >= self._hello_deadline:
            self._fail_silent()
        if self._process.state() == QProcess.ProcessState.NotRunning and not self._over:
            self._on_finished(self._process.exitCode(), self._process.exitStatus())

    def dismiss(self, grace_s: float) -> None:
        """Closes the engine's stdin, whereupon it leaves by itself; one that stays is ended after the grace."""
        self._give_reason("cancelled", translate("EngineLink", "The engine was sent away."))
        self._process.closeWriteChannel()
        QTimer.singleShot(int(grace_s * 1000), self.kill)

    def kill(self, wait_ms: int = 2000) -> None:
        """Ends the process at once and waits until it is gone."""
        self._give_reason("cancelled", translate("EngineLink", "The engine was stopped."))
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(wait_ms)
        self._finish(self._reason)

    @property
    def is_over(self) -> bool:
        """Whether the process has ended, or never began."""
        return self._over

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return int(self._process.processId() or 0)

    def stderr_tail(self) -> str:
        """The last lines the engine wrote on stderr, with secrets blotted out."""
        return "\n".join(self._stderr)

    @property
    def junk(self) -> tuple[int, str]:
        """How many lines on stdout were no message, and the beginning of the last of them."""
        return self._reader.junk_lines, self._blotted(self._reader.last_junk)

    # ---- what arrives

    def _read_stdout(self) -> None:
        for message in self._reader.feed(bytes(self._process.readAllStandardOutput())):
            if self._over:
                return
            if isinstance(message, Hello):
                self._greet(message)
            elif self.hello is not None:
                self.said.emit(message)

    def _greet(self, hello: Hello) -> None:
        if self.hello is not None:
            return
        if hello.protocol != PROTOCOL or hello.engine != self.launch.version:
            self._fail(_other_version(hello, self.launch.version))
            return
        self.hello = hello
        self._hello_timer.stop()
        for line in self._waiting:
            self._process.write(line)
        self._waiting.clear()
        self.greeted.emit()

    def _read_stderr(self) -> None:
        text = self._stderr_rest + bytes(self._process.readAllStandardError()).decode("utf-8", errors="replace")
        *lines, self._stderr_rest = text.replace("\r\n", "\n").split("\n")
        self._stderr_rest = self._stderr_rest[-_LINE_LENGTH:]
        self._stderr.extend(self._blotted(line[:_LINE_LENGTH]) for line in lines[-_STDERR_LINES:])

    def _blotted(self, text: str) -> str:
        for secret in self._blots:
            text = text.replace(secret, "•••")
        return text

    # ---- how it ends

    def _fail_silent(self) -> None:
        if self.hello is None and not self._over:
            message = translate("EngineLink", "The engine was started but has not answered for {seconds:.0f} seconds.")
            hint = translate(
                "EngineLink",
                "Try once more: a first start can be slow while a virus scanner looks at it. If it stays silent, "
                "open “Engine set-up” and repair it.",
            )
            self._fail(
                CallFailed("engine_silent", message.format(seconds=self._hello_timeout_s), hint, self.stderr_tail())
            )

    def _fail(self, failure: CallFailed) -> None:
        self._reason = failure
        self.kill()

    def _give_reason(self, code: str, message: str) -> None:
        if self._reason is None:
            self._reason = CallFailed(code, message)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            message = translate("EngineLink", "The engine's Python cannot be started: “{path}” ({why}).")
            message = message.format(path=self.launch.python.path, why=self._process.errorString())
            self._finish(self._reason or CallFailed("engine_missing", message, set_up_hint()))

    def _on_finished(self, exit_code: int, exit_status: QProcess.ExitStatus) -> None:
        self._read_stdout()
        self._read_stderr()
        if self._stderr_rest:
            self._stderr.append(self._blotted(self._stderr_rest))
            self._stderr_rest = ""
        crashed = exit_status == QProcess.ExitStatus.CrashExit
        self._finish(self._reason or self._why_it_died(exit_code, crashed))

    def _why_it_died(self, exit_code: int, crashed: bool) -> CallFailed:
        tail = self.stderr_tail()
        lacking = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", tail)
        if self.hello is None and lacking:
            message = translate("EngineLink", "The engine's Python “{path}” lacks a package: {name}.")
            message = message.format(path=self.launch.python.path, name=lacking.group(1))
            return CallFailed("engine_missing", message, set_up_hint(), tail)
        if self.hello is None:
            message = translate("EngineLink", "The engine ended before it was ready (exit status {status}).")
            hint = translate("EngineLink", "Open “Engine set-up” and repair it; the details say what it complained of.")
            return CallFailed("engine_died", message.format(status=exit_code), hint, tail)
        if crashed:
            message = translate(
                "EngineLink",
                "The engine was ended from outside or crashed (signal {status}). What it was working on is lost; your "
                "data and layers are as they were.",
            )
            hint = translate(
                "EngineLink",
                "Try again: a new engine starts by itself. If it happens again, memory may be short: choose a smaller "
                "area or close other programs.",
            )
        else:
            message = translate(
                "EngineLink",
                "The engine left in the middle of its work (exit status {status}). What it was working on is lost; "
                "your data and layers are as they were.",
            )
            hint = translate("EngineLink", "Try again: a new engine starts by itself.")
        return CallFailed("engine_died", message.format(status=exit_code), hint, tail)

    def _finish(self, reason: CallFailed | None) -> None:
        if not self._over:
            self._over = True
            self._hello_timer.stop()
            self._waiting.clear()
            self.ended.emit(reason)


def _other_version(hello: Hello, wanted: str) -> CallFailed:
    message = translate("EngineLink", "The engine is version {found} (wire {wire}); this plugin needs {wanted}.")
    hint = translate("EngineLink", "Restart QGIS if the plugin was updated a moment ago; otherwise repair the engine.")
    return CallFailed(
        "engine_version", message.format(found=hello.engine, wire=hello.protocol, wanted=wanted), hint, str(hello)
    )
