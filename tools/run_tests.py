"""Runs the tiers of tests, each in its own environment, and says in one line what came out.

python3 -m tools.run_tests                          everything
python3 -m tools.run_tests tests/plugin -k dock     one tier, or a part of it; the rest goes to pytest
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from . import environments, package
from .isolation import isolated

ROOT = environments.ROOT
REPORTS = ROOT / "build" / "tests"
_LIMIT_S = 20 * 60
_NOTHING_COLLECTED = 5


@dataclass(frozen=True)
class Tier:
    """A folder of tests, or the part of it that ``takes`` chooses, and what it runs in."""

    name: str
    environment: environments.Environment
    takes: Callable[[Path], bool] = lambda path: True

    @property
    def folder(self) -> str:
        """Its folder, relative to the repository."""
        return f"tests/{self.name}"

    def files(self) -> list[str]:
        """Its test files, relative to the repository."""
        found = sorted((ROOT / self.folder).rglob("test_*.py"))
        return [path.relative_to(ROOT).as_posix() for path in found if self.takes(path)]


def needs_qgis(path: Path) -> bool:
    """Whether a test imports QGIS or the side of the plugin that does."""
    text = path.read_text(encoding="utf-8")
    return bool(re.search(rf"^\s*(from|import) (qgis\b|{package.NAME}(?!\.engine\b))", text, re.MULTILINE))


@dataclass
class Outcome:
    """What came out of a tier, or of several."""

    passed: int = 0
    failed: int = 0
    skipped: Counter = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped.total()} skipped"

    def add(self, other: Outcome) -> None:
        """Takes another outcome in."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.troubles += other.troubles


TIERS = (
    Tier("gate", environments.QGIS),
    Tier("engine", environments.ENGINE),
    # The clients of the engine are tested in its environment, those of the plugin beside QGIS.
    Tier("services", environments.ENGINE, takes=lambda path: not needs_qgis(path)),
    Tier("services", environments.QGIS, takes=needs_qgis),
    Tier("plugin", environments.QGIS),
    Tier("desktop", environments.QGIS),
)


def main(arguments: list[str]) -> int:
    """Runs what was asked for, everything by default, and returns the exit status."""
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    total = Outcome()
    for tier, more in _asked_for(arguments):
        print(f"\n== {tier.name}: {tier.folder} in .venv/{tier.environment.name}", flush=True)
        total.add(run(tier, more))
    for reason, count in total.skipped.most_common():
        print(f"skipped {count}: {reason}")
    for trouble in total.troubles:
        print(f"failed: {trouble}")
    if not total.passed:
        total.failed = max(total.failed, 1)
        print("failed: no test passed at all")
    print(f"\n{total}")
    return 1 if total.failed else 0


def _asked_for(arguments: list[str]) -> Iterator[tuple[Tier, list[str]]]:
    paths = [argument for argument in arguments if argument.startswith("tests/")]
    others = [argument for argument in arguments if argument not in paths]
    for tier in TIERS:
        files = tier.files()
        if not paths:
            yield tier, files + others if files else []
            continue
        # A folder stands for the files below it; a file may be followed by ::test.
        own = [file for file in files if any(file.startswith(path.rstrip("/") + "/") for path in paths)]
        own += [path for path in paths if path.partition("::")[0] in files]
        if own:
            yield tier, own + others


def run(tier: Tier, arguments: list[str]) -> Outcome:
    """Runs one tier, with a home of its own and, where it needs one, a display of its own."""
    if not arguments:
        print("no tests yet")
        return Outcome()
    report = REPORTS / f"{tier.name}-{tier.environment.name}.xml"
    command = [str(tier.environment.python), "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    with contextlib.ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="cdse-home-", ignore_cleanup_errors=True))
        environment = isolated(Path(home))
        environment["QT_QPA_PLATFORM"] = "offscreen"  # tests of a real window bring their own screen
        status = _call(command, environment)
    return _outcome(tier, report, status)


def _call(command: list[str], environment: dict[str, str]) -> int | str:
    """Exit status, or a sentence when there is none."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        return process.wait(timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"it took longer than {_LIMIT_S // 60} minutes and was stopped"
    finally:
        # Whatever the tests left running goes with them.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _outcome(tier: Tier, report: Path, status: int | str) -> Outcome:
    outcome = read_report(report) if report.is_file() else Outcome()
    if isinstance(status, str):
        outcome.troubles.append(f"{tier.name}: {status}")
    elif status < 0:
        outcome.troubles.append(f"{tier.name}: pytest died of {signal.Signals(-status).name}")
    elif status not in (0, _NOTHING_COLLECTED) and not outcome.failed:
        outcome.troubles.append(f"{tier.name}: pytest left with {status}")
    if outcome.troubles:
        outcome.failed += 1
    return outcome


def read_report(path: Path) -> Outcome:
    """Counts of a JUnit report; an error of a fixture counts as a failure."""
    outcome = Outcome()
    for case in ElementTree.parse(path).iter("testcase"):
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed += 1
        elif skip is not None:
            outcome.skipped[skip.get("message", "no reason given")] += 1
        else:
            outcome.passed += 1
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
