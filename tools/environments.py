"""The two Python environments of the repository: one for the engine, one beside QGIS."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .system_packages import SetupProblem

ROOT = Path(__file__).resolve().parents[1]
OLDEST_ENGINE_PYTHON = (3, 11)
_STAMP = "complete"


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the lock files that say what is in it."""

    name: str
    locks: tuple[str, ...]
    system_site_packages: bool = False
    folder: Path = ROOT / ".venv"

    @property
    def path(self) -> Path:
        """Folder of the environment."""
        return self.folder / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.path / "bin" / "python"

    def digest(self, python: str) -> str:
        """What a complete environment is made from: the lock files, the interpreter and how it was made."""
        parts = [python, _version_text(python), str(self.system_site_packages)]
        parts += [(ROOT / lock).read_text(encoding="utf-8") for lock in self.locks]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def is_complete(self, python: str) -> bool:
        """Whether a set-up with the same lock files and the same interpreter went through to its end."""
        stamp = self.path / _STAMP
        return self.python.exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == self.digest(python)

    def mark_complete(self, python: str) -> None:
        """Says that everything of the lock files is there."""
        (self.path / _STAMP).write_text(self.digest(python), encoding="utf-8")

    def make(self, python: str) -> bool:
        """Makes the environment anew unless it is complete; returns whether there was anything to do."""
        if self.is_complete(python):
            return False
        print(f"Setting up {os.path.relpath(self.path)} from {', '.join(self.locks)}", flush=True)
        site = ["--system-site-packages"] if self.system_site_packages else []
        _call([python, "-m", "venv", "--clear", *site, str(self.path)], self.name)
        files = [argument for lock in self.locks for argument in ("-r", str(ROOT / lock))]
        install = [str(self.python), "-m", "pip", "install", "--require-hashes", "--no-input", "--progress-bar", "off"]
        _call([*install, "-q", "--disable-pip-version-check", *files], self.name)
        self.mark_complete(python)
        return True


ENGINE = Environment("engine", ("cdse_qgis_plugin/engine/requirements.lock", "tests/requirements-engine.lock"))
QGIS = Environment("qgis", ("tests/requirements-qgis.lock",), system_site_packages=True)


def engine_python() -> str:
    """A Python that is new enough for the engine; raises SetupProblem."""
    names = [f"python3.{minor}" for minor in (11, 12, 13)]
    for python in dict.fromkeys(["/usr/bin/python3", sys.executable, *filter(None, map(shutil.which, names))]):
        if _version(python) >= OLDEST_ENGINE_PYTHON:
            return python
    raise SetupProblem(
        f"The engine needs Python {OLDEST_ENGINE_PYTHON[0]}.{OLDEST_ENGINE_PYTHON[1]} or newer; "
        f"this machine's python3 is {'.'.join(map(str, sys.version_info[:3]))}. "
        "Install one (the packages python3.11 and python3.11-venv, for instance), then run make again."
    )


def _version_text(python: str) -> str:
    try:
        question = "import sys; print(*sys.version_info[:3], sep='.')"
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return ""
    return answer.stdout.strip()


def _version(python: str) -> tuple[int, ...]:
    text = _version_text(python)
    return tuple(map(int, text.split("."))) if text else ()


def _call(command: list[str], name: str) -> None:
    # A PYTHONPATH or a PYTHONHOME of the caller would leak other people's packages into the environment.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "PYTHONEXECUTABLE")}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise SetupProblem(
            f"The environment “{name}” is not complete; the reason stands above (a package index that is not reachable "
            "or a full disk, most often). Mend that, then run make again; it starts this environment anew."
        )
