"""How much would be downloaded, from the table that ``make lock`` writes beside the lock file."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from qgis.PyQt.QtCore import QLocale

from .places import LOCK

_TABLE = LOCK.with_name("download_sizes.csv")

GROWTH = 3.4
"""Bytes on disk for each byte downloaded; measured on Linux with Python 3.11 (251 MB become 838 MB)."""


def package_sizes(python: str, platform: str = "", table: Path = _TABLE) -> dict[str, int]:
    """Bytes to download by package name for a Python such as ``3.11``; empty when the table does not know it.

    ``platform`` is ``linux``, ``macos`` or ``windows``; this computer's by default.
    """
    wanted = (platform or this_platform(), python)
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if (row["platform"], row["python"]) == wanted]
    except OSError:
        return {}
    return {row["package"]: int(row["bytes"]) for row in rows}


def this_platform() -> str:
    """The platform's name in the table."""
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")


def readable(size: float) -> str:
    """A number of bytes for people, in the units that file managers use: 1.5 MB, 15 MB, 150 MB."""
    size = max(0, int(size))
    decimals = 1 if size >= 1000 and len(str(size)) % 3 == 1 else 0
    return QLocale().formattedDataSize(size, decimals, QLocale.DataSizeFormat.DataSizeSIFormat)
