"""Fetching the locked packages with pip and putting them into an environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication, QProcessEnvironment

from ..environment import clean_environment, proxy_variables
from ..protocol import UNKNOWN
from .child import ChildEnd, module_command, run_child
from .diagnosis import diagnose
from .pip_output import PipProgress, package_of
from .places import environment_python
from .plan import SetupPlan
from .sizes import readable

translate = QCoreApplication.translate

_DOWNLOADED = 0.8
"""Share of the time that goes into downloading."""

_OPTIONS = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile")
"""Only what the lock file names, only ready-made files, and no code of a package is run on the way."""


class Packages:
    """One run of pip; files that arrived whole are kept below the plan's downloads for the next run.

    ``report(share, text)`` hears how far it is, ``log(line)`` every line of pip.
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
        self._log = log
        self._is_cancelled = is_cancelled
        self._progress = PipProgress(plan.sizes)
        self._cache = plan.downloads / "pip"
        self._temporary = plan.downloads / "unfinished"

    def install(self) -> None:
        """Runs pip to its end; raises CallFailed with what went wrong and what to do."""
        step = translate("EngineSetup", "Downloading the packages")
        self._report(0.0, step)
        end = self._run_pip()
        if not end.good and self._progress.last_was_kept and diagnose(step, end.text).code == "setup_hash":
            # An earlier run was given a wrong file and kept it; without this it would be met at every try.
            shutil.rmtree(self._cache, ignore_errors=True)
            self._progress = PipProgress(self._plan.sizes)
            end = self._run_pip()
        if not end.good:
            raise diagnose(step, end.text)

    def _run_pip(self) -> ChildEnd:
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._temporary.mkdir(parents=True)
        try:
            return run_child(
                str(environment_python(self._plan.environment)),
                module_command("pip", "install", *_OPTIONS, "--requirement", str(self._plan.recipe.lock)),
                self._variables(),
                self._is_cancelled,
                self._hear,
                self._watch,
            )
        finally:
            shutil.rmtree(self._temporary, ignore_errors=True)

    def _variables(self) -> QProcessEnvironment:
        """The surroundings of pip: quiet, without the user's own switches, all its files below one folder.

        The proxy's login is among them, since pip hears of it in no other way; they are this process's alone.
        """
        variables = clean_environment()
        chosen = {
            "PIP_CACHE_DIR": str(self._cache),
            "PIP_NO_INPUT": "1",
            "PIP_USER": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_PROGRESS_BAR": "off",
            "NO_COLOR": "1",
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._temporary)),
            **proxy_variables(with_login=True),
        }
        for name, value in chosen.items():
            variables.insert(name, value)
        return variables

    def _hear(self, line: str) -> None:
        self._log(line)
        self._progress.read(line)

    def _watch(self) -> None:
        """Reports from what pip said and from what lies on the disk: old versions of pip say nothing in between."""
        progress = self._progress
        if progress.installing:
            count = len(progress.installing)
            done = len(list(self._site_packages().glob("*.dist-info"))) / count
            text = translate("EngineSetup", "Putting {count} packages in place").format(count=count)
            self._report(_DOWNLOADED + (1 - _DOWNLOADED) * min(1.0, done), text)
        elif progress.current and progress.total_bytes:
            progress.current_bytes = _size_of_wheel(self._temporary, progress.current)
            text = translate("EngineSetup", "Downloading {name}: {done} of {total}").format(
                name=progress.current, done=readable(progress.bytes), total=readable(progress.total_bytes)
            )
            self._report(_DOWNLOADED * progress.bytes / progress.total_bytes, text)
        elif progress.current:
            self._report(UNKNOWN, translate("EngineSetup", "Downloading {name}").format(name=progress.current))

    def _site_packages(self) -> Path:
        major, minor, _ = self._plan.base.version
        environment = self._plan.environment
        windows = environment / "Lib" / "site-packages"
        return windows if os.name == "nt" else environment / "lib" / f"python{major}.{minor}" / "site-packages"


def _size_of_wheel(folder: Path, package: str) -> int:
    """Bytes that a package's file below the folder has so far; 0 when there is none, or pip just took it away."""
    try:
        return max(
            (file.stat().st_size for file in folder.glob("*/*.whl") if package_of(file.name) == package), default=0
        )
    except OSError:
        return 0
