"""Setting up as the windows see it: one thing at a time, in the background, whichever window is open.

Closing a window does not stop a set-up; the next window that opens shows how far it is.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from qgis.PyQt.QtCore import QCoreApplication, QObject, pyqtSignal

from ...settings import Settings
from ..call import CallFailed
from ..told_task import WorkTask, task_flags
from .check import check_python, python_in
from .diagnosis import without_logins
from .installer import Installer, remove_engine
from .places import root
from .plan import SetupPlan, make_plan
from .recipe import Recipe

if TYPE_CHECKING:
    from ..link import EngineLink

translate = QCoreApplication.translate

LOOKING, SETTING_UP, REMOVING, CHECKING = "looking", "setting up", "removing", "checking"
_LINES_KEPT = 2000


class SetupTask(WorkTask):
    """Work on the engine's environment that also says what it does, line by line."""

    said = pyqtSignal(str)


class SetupControl(QObject):
    """Looks around, sets up, repairs, removes, or tries a Python; lives on the main thread."""

    changed = pyqtSignal()
    """Something began, ended, or was found out."""
    progressed = pyqtSignal(float, str)
    began = pyqtSignal()
    """Something that changes anything has begun; the lines of what was before are gone."""
    said = pyqtSignal(str)
    """A line of what is going on."""
    finished = pyqtSignal(str)
    """It went well; the sentence says what."""
    failed = pyqtSignal(object)
    """The CallFailed."""
    stopped = pyqtSignal(str)
    """It was stopped; the sentence says what is left."""

    def __init__(self, link: EngineLink, recipe: Recipe | None = None):
        super().__init__(link)
        self._recipe = recipe or Recipe()
        self._link = link
        self._settings = Settings()
        self._task: SetupTask | None = None
        self.doing = ""
        self.plan: SetupPlan | None = None
        self.last_progress: tuple[float, str] = (-1.0, "")
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)

    @property
    def is_busy(self) -> bool:
        """Whether something is being done that changes anything."""
        return self.doing not in ("", LOOKING)

    def look(self) -> None:
        """Finds out anew what is there and what would be done; ``plan`` holds the outcome."""
        if self.is_busy:
            return
        self.cancel()
        title = translate("EngineSetup", "Look what the engine needs")
        self._begin(
            LOOKING,
            title,
            lambda task: make_plan(self._recipe, is_cancelled=task.isCanceled),
            self._take_plan,
            quiet=True,
        )

    def set_up(self) -> None:
        """Makes the engine's environment by the plan, anew if there is one."""
        plan = self.plan
        if plan is None or self.is_busy:
            return
        self._link.rest()
        self._begin(
            SETTING_UP,
            translate("EngineSetup", "Set up the engine"),
            lambda task: Installer(plan, task.report, task.said.emit, task.isCanceled).run(),
            lambda _folder: self.finished.emit(translate("EngineSetup", "The engine is set up and ready.")),
        )

    def remove(self) -> None:
        """Removes every environment that the plugin made, and what was downloaded for it."""
        if self.is_busy:
            return
        self._link.rest()
        where = root()
        self._begin(
            REMOVING,
            translate("EngineSetup", "Remove the engine"),
            lambda task: remove_engine(where, task.said.emit),
            lambda _count: self.finished.emit(translate("EngineSetup", "The engine has been removed.")),
        )

    def use_python(self, path: str) -> None:
        """Tries a Python that the user pointed to, or that of an environment's folder, and uses it if it will do."""
        if self.is_busy:
            return
        python = python_in(path)

        def take(_hello) -> None:
            self._settings.engine_python = python
            self.finished.emit(translate("EngineSetup", "The engine runs with “{python}” now.").format(python=python))

        self._begin(
            CHECKING,
            translate("EngineSetup", "Try this Python"),
            lambda task: check_python(python, self._recipe, task.isCanceled),
            take,
        )

    def forget_python(self) -> None:
        """Goes back from a Python that the user pointed to, to the plugin's own environment."""
        self._settings.engine_python = ""
        self._link.rest()
        self.look()

    def choose_folder(self, folder: str) -> None:
        """Has the engine's environment made in another folder; empty for the default."""
        if not self.is_busy and folder != self._settings.engine_folder:
            self._settings.engine_folder = folder
            self._link.rest()
            self.look()

    def cancel(self) -> None:
        """Stops what is being done."""
        if self._task is not None:
            self._task.cancel()

    def log(self) -> str:
        """What was done, line by line, without the login of a proxy or an index."""
        return "\n".join(self.lines)

    # ---- inside

    def _begin(
        self,
        doing: str,
        title: str,
        work: Callable[[SetupTask], Any],
        take: Callable[[Any], None],
        quiet: bool = False,
    ) -> None:
        task = SetupTask(title, work, task_flags("CancelWithoutPrompt", *(("Hidden", "Silent") if quiet else ())))
        task.said.connect(self._say)
        task.progressed.connect(self._progress)
        task.succeeded.connect(lambda value: self._end(task, lambda: take(value)))
        task.failed.connect(lambda failure: self._end(task, lambda: self._fail(failure)))
        task.stopped.connect(lambda: self._end(task, lambda: self._tell_stopped(doing)))
        self._task = task
        self.doing = doing
        self.last_progress = (-1.0, title)
        if self.is_busy:
            self.lines.clear()
            self.began.emit()
        self.changed.emit()
        self._link.start(task)

    def _end(self, task: SetupTask, tell: Callable[[], None]) -> None:
        if task is not self._task:
            return
        did, self._task, self.doing = self.doing, None, ""
        tell()
        if did == LOOKING:
            self.changed.emit()
        else:
            self._link.rest()
            self.look()

    def _take_plan(self, plan: SetupPlan) -> None:
        self.plan = plan

    def _tell_stopped(self, doing: str) -> None:
        if doing == SETTING_UP:
            self.stopped.emit(
                translate(
                    "EngineSetup",
                    "Stopped. Nothing half done was left behind; what was downloaded is kept for the next time.",
                )
            )

    def _fail(self, failure: CallFailed) -> None:
        self._link.note("engine set-up", failure)
        for line in (failure.message, failure.hint, failure.details):
            if line:
                self._say(line)
        self.failed.emit(failure)

    def _say(self, line: str) -> None:
        line = without_logins(line)
        self.lines.append(line)
        self.said.emit(line)

    def _progress(self, share: float, text: str) -> None:
        self.last_progress = (share, text)
        self.progressed.emit(share, text)
