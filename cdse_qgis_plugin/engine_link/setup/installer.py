"""Making the engine's environment, step by step, on whatever thread asks.

Nothing that an interrupted set-up leaves behind can be taken for an engine: the marker goes first and comes last.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, QLockFile

from ..call import CANCELLED, CallFailed
from ..environment import FoundPython, Launch, clean_environment
from ..job import stopped
from .check import check_engine
from .child import ChildEnd, module_command, run_child
from .diagnosis import diagnose, without_logins
from .packages import Packages
from .places import MARKER, default_root, environment_python, lock_digest, write_marker
from .plan import SetupPlan, environments_in

translate = QCoreApplication.translate

# Shares of the progress bar at which the steps end.
_MADE, _INSTALLED = 0.05, 0.95


class Installer:
    """One set-up by a plan.

    ``report(share, text)`` hears how far it is, ``log(line)`` every line of what is going on.
    """

    def __init__(
        self,
        plan: SetupPlan,
        report: Callable[[float, str], None] = lambda share, text: None,
        log: Callable[[str], None] = lambda line: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ):
        self._plan = plan
        self._report = report
        self._log = lambda line: log(without_logins(line))
        self._is_cancelled = is_cancelled

    def run(self) -> Path:
        """Makes the environment and returns its folder; raises CallFailed, after which none counts as usable.

        What was downloaded stays for the next try; everything else that is incomplete is removed.
        """
        obstacles = self._plan.obstacles()
        if obstacles:
            hint = translate("EngineSetup", "Nothing has been done yet.")
            raise CallFailed("setup_impossible", " ".join(obstacles), hint)
        with only_one(self._plan.root):
            try:
                self._make_environment()
                self._fill()
                self._check()
                self._finish()
            except OSError as error:
                self._clear()
                raise diagnose(translate("EngineSetup", "Writing the engine's files"), repr(error)) from error
            except CallFailed as failure:
                # When QGIS itself goes there is no time; without its marker the folder counts for nothing anyway.
                if failure.code != CANCELLED or self._is_cancelled():
                    self._clear()
                raise
        return self._plan.environment

    # ---- the steps

    def _make_environment(self) -> None:
        step = translate("EngineSetup", "Making an environment of its own")
        self._report(0.0, step)
        environment = self._plan.environment
        clear_away(environment)
        environment.parent.mkdir(parents=True, exist_ok=True)
        command = module_command("venv", "--clear", str(environment))
        self._log(f"{self._plan.base.path} -m venv {environment}")
        end = run_child(self._plan.base.path, command, clean_environment(), self._is_cancelled, self._log)
        self._demand(end, step)

    def _fill(self) -> None:
        span = _INSTALLED - _MADE
        Packages(
            self._plan, lambda share, text: self._report(_MADE + span * share, text), self._log, self._is_cancelled
        ).install()

    def _check(self) -> None:
        self._report(_INSTALLED, translate("EngineSetup", "Starting the engine to see that it works"))
        python = FoundPython(str(environment_python(self._plan.environment)), "managed")
        recipe = self._plan.recipe
        launch = Launch(python, str(recipe.main), recipe.version, clean_environment())
        hello = check_engine(launch, recipe, self._is_cancelled)
        self._log(f"engine {hello.engine}, Python {hello.python}")

    def _finish(self) -> None:
        if self._is_cancelled():
            raise stopped()
        facts = {
            "lock": lock_digest(self._plan.recipe.lock),
            "engine": self._plan.recipe.version,
            "python": ".".join(map(str, self._plan.base.version)),
            "base": self._plan.base.path,
            "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        write_marker(self._plan.environment, facts)
        shutil.rmtree(self._plan.downloads, ignore_errors=True)
        for folder in self._plan.outdated:
            self._log(f"removing {folder}")
            shutil.rmtree(folder, ignore_errors=True)
        self._report(1.0, translate("EngineSetup", "The engine is ready"))

    # ---- ends

    def _demand(self, end: ChildEnd, step: str) -> None:
        if not end.good:
            raise diagnose(step, end.text)

    def _clear(self) -> None:
        try:
            clear_away(self._plan.environment)
        except OSError as error:
            self._log(f"could not remove {self._plan.environment}: {error}")


def clear_away(environment: Path) -> None:
    """Removes an environment so that at no moment half of one counts: first its marker goes, then the rest."""
    if not environment.exists():
        return
    (environment / MARKER).unlink(missing_ok=True)
    going = environment.with_name(f"{environment.name}.going-{uuid.uuid4().hex[:8]}")
    os.replace(environment, going)
    shutil.rmtree(going, ignore_errors=True)


def remove_engine(where: Path, log: Callable[[str], None] = lambda line: None) -> int:
    """Removes every environment and download below the folder; returns how many environments there were.

    Raises CallFailed when a file is in use or may not be removed.
    """
    with only_one(where):
        found = environments_in(where)
        try:
            for folder in found:
                log(f"removing {folder}")
                clear_away(folder)
        except OSError as error:
            raise diagnose(translate("EngineSetup", "Removing the engine"), repr(error)) from error
        shutil.rmtree(where / "downloads", ignore_errors=True)
    for folder in (where / "engine", *([where] if where == default_root() else [])):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return len(found)


@contextmanager
def only_one(where: Path) -> Iterator[None]:
    """Keeps other QGIS windows from setting up or removing the engine in the same folder at the same time."""
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise diagnose(translate("EngineSetup", "Making the folder"), repr(error)) from error
    lock = QLockFile(str(where / "setup.lock"))
    lock.setStaleLockTime(0)  # never by age: a set-up may take an hour; one whose process is gone does not count
    if not lock.tryLock(0):
        if lock.error() == QLockFile.LockError.LockFailedError:
            message = translate("EngineSetup", "Another QGIS window is setting up the engine at this moment.")
            raise CallFailed("setup_elsewhere", message, translate("EngineSetup", "Wait until it has finished."))
        raise diagnose(translate("EngineSetup", "Writing into the folder"), f"Permission denied: {where}")
    try:
        yield
    finally:
        lock.unlock()
