"""Runs the benchmarks one after another; each prints its tables.

.venv/engine/bin/python -m benchmarks.run_all [NAME …]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("start_up", "search", "retrieval", "encoding", "range_reading")


def main(names: list[str]) -> int:
    """Runs those named, all by default; returns 1 when one did not go through."""
    failed = [name for name in names or NAMES if not _run(name)]
    if failed:
        print(f"\nDid not go through: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    print(f"\n== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
