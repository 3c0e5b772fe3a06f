"""A screen that nobody sees, with a window manager, for a real QGIS window on a machine without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

PROGRAMS = ("Xvfb", "openbox", "xdotool", "import")
_OPENBOX = Path("/etc/xdg/openbox/rc.xml")
_LARGE = '<application type="normal"><maximized>yes</maximized></application></applications>'
"""Main windows fill the screen; dialogs stay as they are."""
_PATIENCE_S = 20


def is_possible() -> bool:
    """Whether everything a virtual display needs is installed."""
    return all(shutil.which(program) for program in PROGRAMS)


class VirtualDisplay:
    """An Xvfb of its own, on a free display number, as a context manager; ``name`` is for DISPLAY."""

    def __init__(self, width: int = 1400, height: int = 900):
        self._screen = f"{width}x{height}x24"
        self._processes: list[subprocess.Popen] = []
        self._rules: Path | None = None
        self.name = ""

    def __enter__(self) -> VirtualDisplay:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", self._screen, "-nolisten", "tcp"]
        command += ["-dpi", "96"]  # at Xvfb's own 100 Qt scales by 1.04, and a pixel of the screen is none of Qt's
        try:
            self._start(command, pass_fds=(writing,))
            os.close(writing)
            with os.fdopen(reading) as answer:
                number = answer.readline().strip()  # Xvfb says its number when it is ready, or leaves
            if not number:
                raise RuntimeError("Xvfb did not start. Run `Xvfb -displayfd 1` by hand to see why.")
            self.name = f":{number}"
            self._start(["openbox", "--config-file", self._config()], env={**os.environ, "DISPLAY": self.name})
            self._wait_for_window_manager()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def picture(self, path: Path) -> None:
        """Saves what the screen shows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-display", self.name, "-window", "root", str(path)], check=True, timeout=60)

    def _config(self) -> str:
        with tempfile.NamedTemporaryFile("w", suffix=".xml", delete=False) as file:
            file.write(_OPENBOX.read_text(encoding="utf-8").replace("</applications>", _LARGE))
        self._rules = Path(file.name)
        return file.name

    def _start(self, command: list[str], **options) -> None:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._processes.append(subprocess.Popen(command, **quiet, **options))

    def _wait_for_window_manager(self) -> None:
        # Keys go nowhere before a window manager gives windows the focus.
        environment = {**os.environ, "DISPLAY": self.name}
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            answer = subprocess.run(["xdotool", "get_desktop"], env=environment, capture_output=True, check=False)
            if answer.returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"openbox did not answer on {self.name} within {_PATIENCE_S} s.")

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._rules is not None:
            self._rules.unlink(missing_ok=True)
