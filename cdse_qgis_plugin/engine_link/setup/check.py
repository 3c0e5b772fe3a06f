"""Whether a Python can run the engine: it is asked, not guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ..call import CallFailed
from ..engine_process import EngineProcess
from ..environment import FoundPython, Launch, checked_python, clean_environment
from ..job import stopped
from ..live_work import LiveWork
from ..protocol import Hello
from .base_python import OLDEST, QUESTION, BasePython, understood
from .child import run_child
from .recipe import Recipe

translate = QCoreApplication.translate

_ANSWER_S = 60.0


def ask_python(path: str, is_cancelled: Callable[[], bool] = lambda: False) -> BasePython | None:
    """What a Python says about itself, or None when it is none."""
    end = run_child(path, ["-I", "-c", QUESTION], clean_environment(), is_cancelled, limit_s=_ANSWER_S)
    return understood(path, end.text) if end.good else None


def check_python(path: str, recipe: Recipe, is_cancelled: Callable[[], bool] = lambda: False) -> Hello:
    """Starts the engine with that Python and returns its hello; raises CallFailed with the reason why it cannot."""
    checked_python(path)
    said = ask_python(path, is_cancelled)
    if said is None:
        message = translate("EngineSetup", "“{path}” does not answer as a Python does.").format(path=path)
        raise CallFailed("engine_missing", message, _choose_another())
    if not said.is_new_enough:
        message = translate("EngineSetup", "“{path}” is Python {found}; the engine needs {wanted} or newer.")
        message = message.format(path=path, found=said.short_version, wanted=".".join(map(str, OLDEST)))
        raise CallFailed("engine_missing", message, _choose_another())
    launch = Launch(FoundPython(path, "setting"), str(recipe.main), recipe.version, clean_environment())
    return check_engine(launch, recipe, is_cancelled)


def check_engine(launch: Launch, recipe: Recipe, is_cancelled: Callable[[], bool] = lambda: False) -> Hello:
    """Starts an engine, waits for its hello, has it list its operations and load its packages; raises CallFailed.

    An engine loads most packages only when it needs them, so one that is broken would show no earlier than at a click.
    """
    hello = _greet(launch, is_cancelled)
    for arguments in (
        launch.arguments("list"),
        ["-I", "-c", _LOAD_PACKAGES, *_packages(recipe)],
    ):
        end = run_child(launch.python.path, arguments, launch.variables, is_cancelled, limit_s=_ANSWER_S)
        if not end.good:
            message = translate("EngineSetup", "The engine starts, but one of its packages does not work: {what}")
            message = message.format(what=end.text.strip().rsplit("\n", 1)[-1][:300])
            hint = translate("EngineSetup", "Repair the engine. If that does not help, choose another Python.")
            raise CallFailed("engine_broken", message, hint, end.text[-4000:])
    return hello


_LOAD_PACKAGES = """
import importlib, importlib.metadata, re, sys
plain = lambda name: re.sub(r"[-_.]+", "-", name).lower()
wanted = {plain(name) for name in sys.argv[1:]}
for module, packages in importlib.metadata.packages_distributions().items():
    if wanted & {plain(package) for package in packages} and module.isidentifier() and not module.startswith("_"):
        importlib.import_module(module)
"""


def _packages(recipe: Recipe) -> list[str]:
    """Names of the packages that the engine asks for itself, without those that they ask for."""
    asked = recipe.lock.with_suffix(".in")
    text = (asked if asked.is_file() else recipe.lock).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9][\w.-]*)", text, re.MULTILINE)


def _greet(launch: Launch, is_cancelled: Callable[[], bool]) -> Hello:
    ended: list[CallFailed] = []
    process = EngineProcess(launch, hello_timeout_s=_ANSWER_S)
    process.ended.connect(ended.append)
    with LiveWork() as live:
        try:
            process.start()
            while process.hello is None and not process.is_over:
                process.pump(100)
                if live.ending.is_set() or is_cancelled():
                    raise stopped()
            if process.hello is None:
                raise ended[0]
            return process.hello
        finally:
            process.kill()


def _choose_another() -> str:
    return translate("EngineSetup", "Choose another one, or let the plugin set up the engine.")


def python_in(folder: str) -> str:
    """The Python of an environment's folder, or the path itself when it is no such folder."""
    for name in ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe"):
        if (Path(folder) / name).is_file():
            return str(Path(folder) / name)
    return folder
