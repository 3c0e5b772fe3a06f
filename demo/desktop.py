"""A real QGIS window and a person: mouse and keyboard through xdotool, eyes through eyes.py."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from tools.clean_profile import CleanProfile

ROOT = Path(__file__).resolve().parents[1]


class DemoError(RuntimeError):
    """The demo could not go on, and why."""


class Qgis:
    """A QGIS window with the packaged plugin in a profile of its own."""

    def __init__(self, profile: CleanProfile, display: str, *arguments: str):
        self._eyes = profile.folder / "eyes"
        shutil.rmtree(self._eyes, ignore_errors=True)
        self._eyes.mkdir(parents=True)
        self.log = profile.folder / "qgis.log"
        with open(self.log, "wb") as log:
            self.process = profile.start_qgis(
                display, ROOT / "demo" / "eyes.py", *arguments, output=log, CDSE_DEMO_EYES=str(self._eyes)
            )

    def see(self, kind: str, timeout_s: float = 10, **question: object) -> dict:
        """What the eyes answer; raises DemoError when they see nothing of the kind."""
        answer = self._eyes / "answer.json"
        answer.unlink(missing_ok=True)
        partial = self._eyes / "question.partial"
        partial.write_text(json.dumps({"kind": kind, **question}), encoding="utf-8")
        partial.rename(self._eyes / "question.json")
        until = time.monotonic() + timeout_s
        while not answer.exists():
            if self.process.poll() is not None:
                raise DemoError(f"QGIS ended with status {self.process.returncode}; see {self.log}.")
            if time.monotonic() > until:
                raise DemoError(f"QGIS does not answer ({kind}); see {self.log}.")
            time.sleep(0.02)
        seen = json.loads(answer.read_text(encoding="utf-8"))
        if "error" in seen:
            raise DemoError(f"{kind} {question}: {seen['error']}")
        return seen

    def wait(self, what: str, until, kind: str, timeout_s: float = 60, **question: object) -> dict:
        """Looks again and again until what is seen satisfies ``until``."""
        end = time.monotonic() + timeout_s
        last: object = None
        while time.monotonic() < end:
            try:
                last = self.see(kind, timeout_s=max(10.0, timeout_s), **question)
                if until(last):
                    return last
            except DemoError as error:
                if self.process.poll() is not None:
                    raise
                last = error
            time.sleep(0.1)
        raise DemoError(f"Waited {timeout_s:.0f} s for {what}; last seen: {last}")

    def close(self) -> None:
        """Closes the window for good."""
        stop(self.process)


class Person:
    """Moves the mouse, clicks and types."""

    def __init__(self, qgis: Qgis, display: str):
        self._qgis = qgis
        self._environment = {**os.environ, "DISPLAY": display}

    def _do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._environment, check=True, timeout=60)

    def move(self, kind: str, **what: object) -> dict:
        """Moves the mouse onto something, once it is there to be used."""
        seen = self._qgis.wait(f"{kind} {what}", lambda seen: seen.get("enabled", True), kind, **what)
        # Two steps: a pointer that jumps without passing the widget's edge is not noticed by every widget.
        self._do("mousemove", "--sync", seen["x"] - 2, seen["y"] - 1)
        self._do("mousemove", seen["x"], seen["y"])
        time.sleep(0.15)
        return seen

    def settle(self, kind: str, **what: object) -> None:
        """Waits until something stays where it is, as an eye does before the hand moves."""
        before, end = None, time.monotonic() + 20
        while time.monotonic() < end:
            seen = self._qgis.see(kind, **what)
            if seen == before and not self._qgis.see("ready")["drawing"]:
                return
            before = seen
            time.sleep(0.4)
        raise DemoError(f"{kind} {what} does not come to rest.")

    def click(self, kind: str, button: int = 1, times: int = 1, modifier: str = "", **what: object) -> dict:
        """Clicks something, with a modifier key held down if one is named."""
        seen = self.move(kind, **what)
        with self._held(modifier):
            self._do("click", "--repeat", times, "--delay", 80, button)
        time.sleep(0.25)
        return seen

    @contextlib.contextmanager
    def _held(self, modifier: str):
        if modifier:
            self._do("keydown", modifier)
        try:
            yield
        finally:
            if modifier:
                self._do("keyup", modifier)

    def type(self, text: str) -> None:
        """Types text."""
        self._do("type", "--delay", 12, text)

    def press(self, *keys: str) -> None:
        """Presses keys one after another."""
        self._do("key", "--delay", 60, *keys)


def stop(process: subprocess.Popen) -> None:
    """Ends a process that was started here, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
