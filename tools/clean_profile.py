"""A fresh QGIS profile with the packaged plugin installed and switched on, as after "Install from ZIP"."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import environments, package
from .isolation import isolated

_SETTINGS = """\
[PythonPlugins]
{name}=true
processing=true

[qgis]
checkVersion=false
askToSaveProjectChanges=false
projOpenAtLaunch=0
"""


@dataclass(frozen=True)
class CleanProfile:
    """A profile below a folder of its own; QGIS sees nothing of the user's."""

    folder: Path

    @property
    def profile(self) -> Path:
        """The folder of the profile."""
        return self.folder / "qgis" / "profiles" / "default"

    @property
    def plugin(self) -> Path:
        """The installed plugin."""
        return self.profile / "python" / "plugins" / package.NAME

    def install(self, zip_file: Path) -> CleanProfile:
        """Unpacks the plugin into the profile and switches it on; returns itself."""
        self.plugin.parent.mkdir(parents=True)
        with zipfile.ZipFile(zip_file) as archive:
            archive.extractall(self.plugin.parent)
        settings = self.profile / "QGIS" / "QGIS3.ini"
        settings.parent.mkdir(parents=True)
        settings.write_text(_SETTINGS.format(name=package.NAME), encoding="utf-8")
        return self

    def environment(self, **more: str) -> dict[str, str]:
        """What to start QGIS with; the engine is the repository's own."""
        return {
            **isolated(self.folder),
            "CDSE_ENGINE_PYTHON": str(environments.ENGINE.python),
            "QT_QPA_PLATFORM": "offscreen",
            **more,
        }

    def qgis_process(self, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess:
        """Runs qgis_process in the profile."""
        return subprocess.run(
            ["qgis_process", *arguments],
            env=self.environment(**more),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )

    def start_qgis(
        self, display: str, script: Path | None, *arguments: str, output: int | IO = subprocess.PIPE, **more: str
    ) -> subprocess.Popen:
        """Starts the QGIS window on a display and has it run a Python script, if any, when it is ready."""
        command = ["qgis", "--nologo", "--noversioncheck", "--profiles-path", str(self.folder / "qgis")]
        command += ["--profile", "default", *(["--code", str(script)] if script else []), *arguments]
        environment = self.environment(DISPLAY=display, QT_QPA_PLATFORM="xcb", **more)
        environment.pop("WAYLAND_DISPLAY", None)
        return subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True)
