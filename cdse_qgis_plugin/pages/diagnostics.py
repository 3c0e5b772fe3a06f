"""What a support person asks for, collected and written down without a secret."""

from __future__ import annotations

import configparser
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy
from qgis.core import QgsApplication, QgsCommandLineUtils
from qgis.PyQt.QtCore import PYQT_VERSION_STR, QLocale, QSysInfo

from ..engine_link.link import EngineLink
from ..engine_link.setup.diagnosis import without_logins
from ..engine_link.setup.places import root
from ..folders import cache_folder, stores_folder
from ..resources import ROOT

Facts = dict


def plugin_metadata() -> dict[str, str]:
    """What metadata.txt says about the plugin."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return dict(parser["general"]) if parser.has_section("general") else {}


def collect(link: EngineLink) -> dict[str, Facts]:
    """Facts by heading: plugin, engine, QGIS, system, folders."""
    return {
        "Plugin": {"version": plugin_metadata().get("version", "?"), "code": str(ROOT)},
        "Engine": {**link.diagnostics(), "GPU": _gpu(link)},
        "QGIS": {
            "versions": [line for line in QgsCommandLineUtils.allVersions().splitlines() if line.strip()],
            "PyQt": PYQT_VERSION_STR,
            "numpy": numpy.__version__,
            "platform": QgsApplication.platform(),
        },
        "System": {
            "name": QSysInfo.prettyProductName(),
            "kernel": f"{QSysInfo.kernelType()} {QSysInfo.kernelVersion()}",
            "processor": QSysInfo.currentCpuArchitecture(),
            "cores": os.cpu_count(),
            "locale": QLocale().name(),
            "libc": " ".join(platform.libc_ver()) if sys.platform.startswith("linux") else "",
            "screen system": QgsApplication.instance().platformName(),
        },
        "Folders": {
            "profile": QgsApplication.qgisSettingsDirPath(),
            "engine": str(root()),
            "cache": str(cache_folder()),
            "stores": str(stores_folder()),
        },
    }


def _gpu(link: EngineLink) -> str:
    """What is known about computing on a graphics card without making the engine load anything for it."""
    features = link.diagnostics().get("features")
    if features is None:
        return "not known before the engine has run"
    return "torch is installed" if "torch" in features else "not used: torch is not installed"


def as_text(facts: dict[str, Facts]) -> str:
    """The facts as text to paste; the home folder is written ``~``, since it holds the user's name."""
    lines = []
    for heading, group in facts.items():
        lines.append(f"== {heading}")
        lines += [f"{name}: {_written(value)}" for name, value in group.items() if value not in ("", [], None)]
        lines.append("")
    home = str(Path.home())
    text = without_logins("\n".join(lines).strip())
    return text.replace(home, "~") if len(home) > 1 else text


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) if all(len(str(each)) < 30 for each in value) else _block(value)
    text = str(value)
    return _block(text.splitlines()) if "\n" in text else text


def _block(lines) -> str:
    return "".join(f"\n    {line}" for line in lines)
