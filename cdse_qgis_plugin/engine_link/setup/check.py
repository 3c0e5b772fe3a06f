"""Whether a Python can run the engine: it is asked, not guessed."""

from __future__ import annotations

import json
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
    return check_engine(Launch(FoundPython(path, "setting"), str(recipe.main), recipe.version, clean_environment()))


def check_engine(launch: Launch, is_cancelled: Callable[[], bool] = lambda: False) -> Hello:
    """Starts an engine, waits for its hello and has it list its operations; raises CallFailed.

    Listing imports every room, so a package that is broken shows now and not at the first click.
    """
    hello = _greet(launch, is_cancelled)
    end = run_child(launch.python.path, launch.arguments("list"), launch.variables, is_cancelled, limit_s=_ANSWER_S)
    try:
        listed = json.loads(end.text[end.text.index("[") :]) if end.good else []
    except ValueError:
        listed = []
    if not listed:
        message = translate("EngineSetup", "The engine starts, but cannot say what it can do; a package may be broken.")
        raise CallFailed("engine_died", message, translate("EngineSetup", "Repair the engine."), end.text[-4000:])
    return hello


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
