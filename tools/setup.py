"""Sets up everything `make demo` and `make test` need; says what it does and is quick when there is nothing to do.

python3 -m tools.setup             QGIS and its tools (installed when run as root), then both environments
python3 -m tools.setup --system    only the part that needs root
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import sys
from collections.abc import Iterator

from . import environments, system_packages


def main(arguments: list[str] | None = None) -> int:
    """Runs the set-up and returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.setup", description="Set up QGIS and the two Python environments.")
    parser.add_argument("--system", action="store_true", help="only install what the operating system must bring")
    options = parser.parse_args(arguments)
    try:
        qgis_python = system_packages.ensure()
        if not options.system:
            set_up_environments(qgis_python, environments.engine_python())
    except system_packages.SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


def set_up_environments(qgis_python: str, engine_python: str) -> None:
    """Makes both environments; two calls at once wait for each other."""
    with _one_at_a_time():
        made = [
            environments.QGIS.make(qgis_python),
            environments.ENGINE.make(engine_python),
        ]
    if any(made):
        print("Set up.")


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    folder = environments.ENGINE.folder
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
