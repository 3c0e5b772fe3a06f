"""How much the plugin adds to QGIS's start.

    .venv/engine/bin/python -m benchmarks.start_up [--runs 5]

Installs the package into a clean profile, starts the real QGIS window under Xvfb again and again, and takes the time of
importing and of starting the plugin from inside. The first start of a new installation also compiles its Python files
and stands in a row of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from tools import package
from tools.clean_profile import CleanProfile
from tools.virtual_display import VirtualDisplay

from .table import show, verdict

GOAL_MS = 60
_PROBE = Path(package.ROOT, "tools", "plugin_probe.py")
_WRITE = """
import json, os
import qgis.utils
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer

def write():
    with open(os.environ["PROBE_INTO"], "w", encoding="utf-8") as file:
        json.dump(qgis.utils.copernicus_probe, file)
    QgsApplication.instance().exit(0)

QTimer.singleShot(0, write)
"""


def main() -> None:
    """Runs the measurements and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="starts after the first")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, VirtualDisplay() as display:
        profile = CleanProfile(Path(folder, "home")).install(package.build())
        starts = [_start(profile, display.name, Path(folder)) for _ in range(options.runs + 1)]
    print_table(starts)


def _start(profile: CleanProfile, display: str, folder: Path) -> dict:
    """What the probe saw in one start of QGIS."""
    script, answer = folder / "write.py", folder / "seen.json"
    script.write_text(_WRITE, encoding="utf-8")
    answer.unlink(missing_ok=True)
    process = profile.start_qgis(display, script, PYQGIS_STARTUP=str(_PROBE), PROBE_INTO=str(answer))
    try:
        said, _ = process.communicate(timeout=180)
    finally:
        process.kill()
        process.wait()
    if not answer.exists():
        raise SystemExit(f"QGIS did not start:\n{said[-2000:]}")
    return json.loads(answer.read_text(encoding="utf-8"))


def print_table(starts: list[dict]) -> None:
    """Prints import and start apart, the first start and the middle of the others."""
    rows = [_row("first start after installing", starts[:1]), _row(f"middle of {len(starts) - 1} starts", starts[1:])]
    header = ["", "import, ms", "initGui, ms", "both, ms", "of it processor, ms", "modules"]
    show("What the plugin adds to QGIS's start", header, rows)
    both = float(rows[1][3])
    print(f"goal: under {GOAL_MS} ms, {verdict(both < GOAL_MS)}")


def _row(name: str, starts: list[dict]) -> list[str]:
    parts = [[each["milliseconds"][part] for each in starts] for part in ("loadPlugin", "startPlugin")]
    both = [sum(each["milliseconds"].values()) for each in starts]
    cpu = [sum(each["cpu"].values()) for each in starts]
    middles = [f"{statistics.median(times):.1f}" for times in (*parts, both, cpu)]
    return [name, *middles, str(len(set(starts[0]["modules"])))]


if __name__ == "__main__":
    main()
