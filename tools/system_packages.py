"""What the operating system must bring: QGIS, venv and the tools that drive a window without a screen."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import apt_sources

OLDEST_QGIS = (3, 40)
QGIS_PACKAGES = ("qgis", "python3-qgis", "qgis-providers", "gdal-bin", "python3-gdal")
SYSTEM_PYTHON = "/usr/bin/python3"
SYSTEM_COMMAND = f"sudo {SYSTEM_PYTHON} -m tools.setup --system"

# Package and how to see that it is there: a program, or a file.
DESKTOP_PACKAGES = {
    "xvfb": "Xvfb",
    "xauth": "xauth",
    "xdotool": "xdotool",
    "imagemagick": "convert",
    "openbox": "openbox",
    "fonts-open-sans": "/usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf",
}


class SetupProblem(Exception):
    """Something a person has to do before the set-up can go on."""


def ensure() -> str:
    """Installs what is missing where that is possible, and returns the Python that QGIS runs on.

    Raises SetupProblem with what to do instead.
    """
    python = qgis_python()
    wanted = missing(python)
    if wanted and _may_install():
        _install(wanted)
        importlib.invalidate_caches()
        python = qgis_python()
        wanted = missing(python)
    if python is None or any(name not in DESKTOP_PACKAGES for name in wanted):
        raise SetupProblem(_how_to_install(wanted))
    if wanted:
        print(
            f"Not installed: {', '.join(wanted)}. Tests in a real window are skipped, and a demo without a screen does "
            f"not run. To install them: {SYSTEM_COMMAND}"
        )
    return python


def missing(python: str | None) -> list[str]:
    """Packages that are needed and not there, given the Python of a QGIS that is new enough, if there is one."""
    found = [] if python else list(QGIS_PACKAGES)
    if importlib.util.find_spec("ensurepip") is None:
        found.append("python3-venv")
    return found + [package for package, sign in DESKTOP_PACKAGES.items() if not _is_there(sign)]


def _is_there(sign: str) -> bool:
    return Path(sign).exists() if sign.startswith("/") else shutil.which(sign) is not None


def qgis_python() -> str | None:
    """The Python interpreter that can import a QGIS that is new enough, if there is one."""
    for python in dict.fromkeys((SYSTEM_PYTHON, sys.executable)):
        version = qgis_version(python)
        if version and version >= OLDEST_QGIS:
            return python
    return None


def qgis_version(python: str) -> tuple[int, int] | None:
    """Major and minor version of the QGIS that this interpreter imports, if any."""
    question = "from qgis.core import Qgis; print(Qgis.QGIS_VERSION_INT)"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return None
    if answer.returncode or not answer.stdout.strip().isdigit():
        return None
    number = int(answer.stdout)
    return number // 10000, number // 100 % 100


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(wanted: list[str]) -> None:
    _apt_get("update")
    suite: list[str] = []
    if set(wanted) & set(QGIS_PACKAGES):
        suite = _suite_with_qgis()
    print(f"Installing {', '.join(wanted)} with apt. QGIS is about 1 GB and takes several minutes.", flush=True)
    _apt_get("install", "-y", "-q", "--no-install-recommends", *suite, *wanted)


def _suite_with_qgis() -> list[str]:
    """Arguments that make apt take a QGIS that is new enough; adds the backports suite when only that has one."""
    if new_enough(_candidate()):
        return []
    release = os_release()
    suite = f"{release.get('VERSION_CODENAME', '')}-backports"
    sources = apt_sources.read_sources(apt_sources.APT)
    if release.get("ID") == "debian":
        if not apt_sources.has_suite(sources, suite):
            _add_suite(sources, release["VERSION_CODENAME"], suite)
        if new_enough(_candidate(suite)):
            return ["-t", suite]
    raise SetupProblem(_no_qgis(release))


def _add_suite(sources: list[apt_sources.Source], codename: str, suite: str) -> None:
    mirror = apt_sources.mirror_of(sources, codename)
    if mirror is None:
        raise SetupProblem(f"apt's sources name no mirror of {codename} to take {suite} from. Add {suite} to them.")
    path = apt_sources.APT / "sources.list.d" / f"{suite}.sources"
    print(f"Adding {suite} of the same mirror in {path}")
    path.write_text(mirror.with_suite(suite), encoding="utf-8")
    _apt_get("update")


def _candidate(suite: str = "") -> str:
    """Version of python3-qgis that apt would install, from that suite where one is named."""
    target = ["-t", suite] if suite else []
    answer = subprocess.run(
        ["apt-cache", *target, "policy", "python3-qgis"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    found = re.search(r"Candidate: (\S+)", answer.stdout)
    return found[1] if found else ""


def new_enough(version: str) -> bool:
    """Whether a Debian version of QGIS such as ``1:3.40.6+dfsg-1`` is one the plugin works with."""
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", version)
    return bool(found) and (int(found[1]), int(found[2])) >= OLDEST_QGIS


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """What the operating system says it is."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines) if value}


def _apt_get(*arguments: str) -> None:
    settings = ["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", "-o", "Dpkg::Use-Pty=0"]
    command = ["apt-get", "-qq" if arguments[0] == "update" else "-q", *settings, *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if subprocess.run(command, env=environment, check=False).returncode:
        raise SetupProblem(
            f"“{' '.join(command)}” failed; its own words stand above. Nothing of this repository was changed. "
            "Mend that, then run make again; it goes on where it stopped."
        )


def _how_to_install(wanted: list[str]) -> str:
    if shutil.which("apt-get") is None:
        return (
            f"This needs QGIS {OLDEST_QGIS[0]}.{OLDEST_QGIS[1]} or newer with its Python bindings, and Python's venv. "
            "Install them with your system's package manager, then run make again."
        )
    return (
        f"Not installed, and only root may install them: {', '.join(wanted)}.\n"
        f"Run this once, then make again:\n  {SYSTEM_COMMAND}"
    )


def _no_qgis(release: dict[str, str]) -> str:
    return (
        f"{release.get('PRETTY_NAME', 'This system')} has no QGIS {OLDEST_QGIS[0]}.{OLDEST_QGIS[1]} or newer in its "
        "package archives. Install one as https://qgis.org/resources/installation-guide/ says, then run make again."
    )
