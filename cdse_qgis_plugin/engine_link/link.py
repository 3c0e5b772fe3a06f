"""The plugin's one door to the engine."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ..settings import Settings
from .call import Call, CallFailed
from .live_work import end_all

# What speaks to processes is imported when the first call is made: QGIS should not start later because of it.
if TYPE_CHECKING:
    from .environment import Launch
    from .setup.control import SetupControl
    from .tasks import ClickTask, JobTask
    from .told_task import ToldTask
    from .warm_engine import WarmEngine

translate = QCoreApplication.translate

_ERRORS_KEPT = 10


@dataclass(frozen=True)
class EngineState:
    """How the engine is: a kind for programs and a sentence for people.

    Kinds: ``missing``, ``wrong_version``, ``broken`` (it could not be started last time), ``idle`` (the next click
    starts it), ``starting``, ``ready`` and ``busy``.
    """

    kind: str
    text: str

    @property
    def usable(self) -> bool:
        """Whether it makes sense to ask the engine something."""
        return self.kind in ("idle", "starting", "ready", "busy")


class EngineLink(QObject):
    """Sends calls to the engine and says how it is. Lives on the main thread; nothing here waits."""

    state_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._settings = Settings()
        self._warm: WarmEngine | None = None
        self._set_up: SetupControl | None = None
        self._tasks: set[ToldTask] = set()
        self._start_failure: CallFailed | None = None
        self._errors: deque[str] = deque(maxlen=_ERRORS_KEPT)
        self._last_hello: dict[str, Any] = {}
        self._last_stderr = ""
        self._closed = False
        # QGIS unloads plugins when it closes, but a task that is still running by then would crash it.
        QgsApplication.instance().aboutToQuit.connect(self.close)

    def click(self, call: Call) -> ClickTask:
        """Asks the warm engine; for what should answer while the person looks on."""
        from .tasks import ClickTask

        return self._add(ClickTask(call, self._warm_engine(), self._settings.addresses))

    def job(self, call: Call) -> JobTask:
        """Starts an engine process for one long call."""
        from .tasks import JobTask

        return self._add(JobTask(call, self._launch, self._settings.addresses))

    def start(self, task: ToldTask) -> ToldTask:
        """Hands a task to QGIS, and stops it when the plugin goes."""
        # QGIS deletes a task when it is over, and Python must not do so earlier.
        self._tasks.add(task)
        task.when_over(self._tasks.discard)
        QgsApplication.taskManager().addTask(task)
        return task

    def state(self) -> EngineState:
        """How the engine is now."""
        process = self._warm.process if self._warm else None
        if process is not None and process.hello is not None:
            if self._warm.in_flight:
                return EngineState("busy", translate("EngineLink", "The engine is at work."))
            return EngineState("ready", translate("EngineLink", "The engine is running and waits for you."))
        if process is not None:
            return EngineState("starting", translate("EngineLink", "The engine is starting."))
        if self._start_failure is not None:
            kinds = {"engine_version": "wrong_version", "engine_missing": "missing"}
            return EngineState(kinds.get(self._start_failure.code, "broken"), self._start_failure.message)
        from .environment import find_python

        try:
            find_python()
        except CallFailed as failure:
            return EngineState("missing", failure.message)
        return EngineState("idle", translate("EngineLink", "The engine is set up; the next click starts it."))

    @property
    def set_up(self) -> SetupControl:
        """Sets up, repairs and removes the engine; made when it is first asked for."""
        if self._set_up is None:
            from .setup.control import SetupControl

            self._set_up = SetupControl(self)
        return self._set_up

    def rest(self) -> None:
        """Ends the warm engine; the next click starts one anew, with the settings as they are then."""
        self._start_failure = None
        if self._warm is not None:
            self._warm.stop()
        self.state_changed.emit()

    def diagnostics(self) -> dict[str, Any]:
        """Facts about the engine for a support person; no secrets are among them."""
        from .environment import ENGINE_VERSION, find_python
        from .protocol import PROTOCOL

        facts: dict[str, Any] = {
            "state": self.state().kind,
            "engine version wanted": ENGINE_VERSION,
            "protocol": PROTOCOL,
        }
        try:
            python = find_python()
            facts.update({"python": python.path, "python chosen by": python.origin})
        except CallFailed as failure:
            facts["python"] = str(failure)
        self._remember_process()
        facts.update(self._last_hello)
        facts["service addresses overridden"] = sorted(self._settings.addresses)
        facts["last errors"] = list(self._errors)
        facts["last lines of the engine"] = self._last_stderr
        return facts

    def close(self) -> None:
        """Ends every engine process and stops every task; for the plugin's unload."""
        if self._closed:
            return
        self._closed = True
        QgsApplication.instance().aboutToQuit.disconnect(self.close)
        for task in list(self._tasks):
            task.drop()
        if self._warm is not None:
            self._warm.stop()
        end_all()

    # ---- inside

    def _warm_engine(self) -> WarmEngine:
        from .told_task import write_log
        from .warm_engine import WarmEngine

        if self._warm is None:
            self._warm = WarmEngine(self._launch, self, idle_s=60.0 * max(1, self._settings.idle_minutes))
            self._warm.changed.connect(self._on_warm_changed)
            self._warm.failed_to_start.connect(self._on_start_failure)
            self._warm.complained.connect(lambda failure: write_log("warning", failure.message))
        return self._warm

    def _launch(self) -> Launch:
        if self._closed:
            message = translate("EngineLink", "The plugin has been switched off, and its engine with it.")
            raise CallFailed("engine_missing", message, translate("EngineLink", "Switch the plugin on again."))
        from .environment import current_launch

        return current_launch()

    def _add(self, task: ToldTask) -> ToldTask:
        task.failed.connect(lambda failure: self.note(task.call.operation, failure))
        return self.start(task)

    def note(self, what: str, failure: CallFailed) -> None:
        """Keeps a failure for the diagnostics."""
        when = datetime.now().isoformat(timespec="seconds")
        self._errors.append(f"{when} {what}: {failure.code}: {failure.message}")

    def _on_warm_changed(self) -> None:
        process = self._warm.process
        if process is not None and process.hello is not None:
            self._start_failure = None
        self._remember_process()
        self.state_changed.emit()

    def _on_start_failure(self, failure: CallFailed) -> None:
        self._start_failure = failure

    def _remember_process(self) -> None:
        process = self._warm.process if self._warm else None
        if process is None:
            return
        self._last_stderr = process.stderr_tail()
        if process.hello is not None:
            hello = process.hello
            self._last_hello = {
                "engine version": hello.engine,
                "engine python": hello.python,
                "features": list(hello.features),
                "process id": process.pid,
                "lines that were no message": process.junk[0],
                "last such line": process.junk[1],
            }
