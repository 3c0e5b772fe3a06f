"""A screen, a real QGIS window on it, and a person: mouse and keyboard through xdotool, eyes through eyes.py."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "cdse_qgis_plugin"
_OPENBOX = Path("/etc/xdg/openbox/rc.xml")
_LARGE = '<application type="normal"><maximized>yes</maximized></application></applications>'
"""Main windows fill the screen; dialogs stay as they are."""


class DemoError(RuntimeError):
    """The demo could not go on, and why."""


class Screen:
    """A virtual screen with a window manager, on a display number of its own."""

    def __init__(self, width: int = 1400, height: int = 900, log: Path | None = None):
        self._log = open(log, "wb") if log else subprocess.DEVNULL  # noqa: SIM115 - closed with the screen
        read, write = os.pipe()
        self._server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(write),
                "-screen",
                "0",
                f"{width}x{height}x24",
                "-dpi",
                "96",
                "-nolisten",
                "tcp",
            ],
            pass_fds=[write],
            stdout=self._log,
            stderr=self._log,
        )
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise DemoError("Xvfb did not start.")
        self.display = f":{number}"
        self._config = tempfile.NamedTemporaryFile("w", suffix=".xml")  # noqa: SIM115 - closed with the screen
        self._config.write(_OPENBOX.read_text(encoding="utf-8").replace("</applications>", _LARGE))
        self._config.flush()
        self._manager = subprocess.Popen(
            ["openbox", "--config-file", self._config.name],
            env={**os.environ, "DISPLAY": self.display},
            stdout=self._log,
            stderr=self._log,
        )

    def picture(self, path: Path) -> None:
        """Saves what the screen shows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-display", self.display, "-window", "root", str(path)], check=True, timeout=60)

    def close(self) -> None:
        """Ends the screen and everything drawn on it."""
        for process in (self._manager, self._server):
            stop(process)
        self._config.close()
        if self._log != subprocess.DEVNULL:
            self._log.close()


class Qgis:
    """A QGIS window with the packaged plugin in a profile of its own."""

    def __init__(self, home: Path, display: str | None, engine_python: Path, *arguments: str, eyes: bool = True):
        self.home = home
        self._eyes = home / "eyes"
        shutil.rmtree(self._eyes, ignore_errors=True)
        self._eyes.mkdir(parents=True)
        environment = clean_environment(home)
        environment["CDSE_ENGINE_PYTHON"] = str(engine_python)
        environment["CDSE_DEMO_EYES"] = str(self._eyes)
        if display:
            environment["DISPLAY"] = display
            environment.pop("WAYLAND_DISPLAY", None)
        command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(home), "--profile", "default"]
        if eyes:
            command += ["--code", str(ROOT / "demo" / "eyes.py")]
        self._log = open(home / "qgis.log", "wb")  # noqa: SIM115 - closed with the window
        self.process = subprocess.Popen([*command, *arguments], env=environment, stdout=self._log, stderr=self._log)

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
                raise DemoError(f"QGIS ended with status {self.process.returncode}; see {self.home / 'qgis.log'}.")
            if time.monotonic() > until:
                raise DemoError(f"QGIS does not answer ({kind}); see {self.home / 'qgis.log'}.")
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
        self._log.close()


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


def install_profile(home: Path, package: Path) -> None:
    """Makes a fresh profile below ``home`` with the plugin unpacked from its package and switched on."""
    profile = home / "profiles" / "default"
    shutil.rmtree(profile, ignore_errors=True)
    plugins = profile / "python" / "plugins"
    plugins.mkdir(parents=True)
    shutil.unpack_archive(package, plugins)
    settings = profile / "QGIS" / "QGIS3.ini"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f"[PythonPlugins]\n{NAME}=true\n"
        "[qgis]\ncheckVersion=false\nshowTips=false\nprojOpenAtLaunch=0\n"
        "[app]\nfirst_run_welcome=false\n"
        "[core]\nNewsFeed\\httpsfeedqgisorg\\disabled=true\n",
        encoding="utf-8",
    )


def clean_environment(home: Path) -> dict[str, str]:
    """The environment for a QGIS that must not touch the user's own files or the tests' Python."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "QT_QPA"))}
    kept["PATH"] = os.pathsep.join(p for p in kept.get("PATH", "").split(os.pathsep) if "/.venv/" not in f"{p}/")
    folders = {"HOME": "home", "XDG_CONFIG_HOME": "home/.config", "XDG_DATA_HOME": "home/.local/share"}
    folders.update({"XDG_CACHE_HOME": "home/.cache", "XDG_RUNTIME_DIR": "run"})
    for name, folder in folders.items():
        (home / folder).mkdir(parents=True, exist_ok=True)
        kept[name] = str(home / folder)
    (home / "run").chmod(0o700)
    return kept


def stop(process: subprocess.Popen) -> None:
    """Ends a process that was started here, gently first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
