"""The scanners of the QGIS plugin repository, with its rules, over an unpacked package."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

from .package_rules import Finding
from .qt6_enums import qt6_enums

# What plugins.qgis.org has switched on since April 2026. Each finding blocks the upload.
BANDIT_RULES = """
B101 B102 B103 B104 B105 B106 B107 B108 B110 B111 B112 B113 B201 B202 B301 B302 B303 B304 B305 B306 B307 B308 B310
B311 B312 B313 B314 B315 B316 B317 B318 B319 B320 B321 B323 B324 B401 B402 B403 B405 B406 B407 B408 B409 B412 B413
B501 B502 B503 B504 B505 B506 B507 B508 B509 B601 B602 B603 B604 B605 B606 B607 B608 B609 B610 B611 B612 B613 B614
B615 B701 B702 B703 B704
""".split()  # noqa: SIM905 - a literal list would fill two pages
FLAKE8_RULES = """
C901 E101 E711 E712 E713 E714 E721 E722 E731 E741 E742 E743 E901 E902 E999 F402 F403 F404 F405 F811 F821 F822 F823
F831 F901 W605
""".split()  # noqa: SIM905
# QGS1: PyQGIS habits. QGS4: QGIS 4 and Qt 6. (QGS2 is experimental and guesses.)
QGIS_RULES = ["QGS1", "QGS4"]
# QGS105 would have us import iface from qgis.utils: it is None in qgis_process and cannot be given by a test.
QGIS_RULES_LEFT_OUT = ["QGS105"]
_LINE = re.compile(r"^(?:\./)?(?P<path>.+?):(?P<line>\d+):\d+: (?P<rule>\S+?):? (?P<text>.*)$")


class ScannerError(Exception):
    """A scanner that could not do its work; its findings must not be taken for none."""


def bandit(folder: Path) -> list[Finding]:
    """Security findings in the Python files below a folder."""
    arguments = ["bandit", "-q", "-r", ".", "-f", "json", "-t", ",".join(BANDIT_RULES)]
    report = json.loads(_run(arguments, folder, accepted=(0, 1)))
    if report.get("errors"):
        raise ScannerError(f"bandit could not read everything: {report['errors']}")
    return [
        Finding(found["test_id"], _relative(found["filename"]), found["issue_text"], found["line_number"])
        for found in report["results"]
    ]


def secrets(folder: Path) -> list[Finding]:
    """Things that look like secrets in any file below a folder. The scanner's status is always 0; its JSON counts."""
    leave_out = r"(^|/)(metadata\.txt|\.secrets\.baseline)$"
    report = json.loads(_run(["detect_secrets", "scan", "--all-files", "--exclude-files", leave_out], folder))
    return [
        Finding("secret", _relative(path), found["type"], found["line_number"])
        for path, each in report["results"].items()
        for found in each
    ]


def flake8(folder: Path) -> list[Finding]:
    """Findings of the repository's list and of the rules for QGIS 4."""
    arguments = ["flake8", "--isolated", "--max-line-length=120", f"--select={','.join(FLAKE8_RULES + QGIS_RULES)}"]
    arguments += [f"--extend-ignore={','.join(QGIS_RULES_LEFT_OUT)}", "."]
    return _lines(_run(arguments, folder, accepted=(0, 1)))


def python39(folder: Path) -> list[Finding]:
    """What the Python 3.9 of the oldest QGIS would not understand, in everything but the engine."""
    sources = [path for path in sorted(folder.rglob("*.py")) if not _is_engine(path, folder)]
    if not sources:
        return []
    names = [str(path.relative_to(folder)) for path in sources]
    # Syntax errors are always reported; FA102 is `int | None` evaluated at run time.
    options = ["--isolated", "--no-cache", "--target-version=py39", "--select=FA102", "--output-format=concise"]
    report = _run(["ruff", "check", "-q", *options, *names], folder, accepted=(0, 1))
    found = [Finding("python3.9", each.path, each.text, each.line) for each in _lines(report)]
    for path, name in zip(sources, names, strict=True):
        found += [
            Finding("python3.9", name, "a union of types with | that is evaluated at run time", line)
            for line in _unions_at_run_time(path)
        ]
    return found


def _is_engine(path: Path, folder: Path) -> bool:
    return "engine" in path.relative_to(folder).parts[:-1]


_TYPES = {"int", "float", "str", "bytes", "bool", "list", "dict", "tuple", "set", "Path", "None"}


def _unions_at_run_time(path: Path) -> list[int]:
    """Lines with ``int | str`` or ``Path | None`` outside annotations, as in isinstance()."""
    try:
        tree = ast.parse(path.read_bytes())
    except SyntaxError:
        return []  # the syntax check says so
    annotations: set[int] = set()
    for node in ast.walk(tree):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if part is not None:
                annotations.update(id(inner) for inner in ast.walk(part))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and id(node) not in annotations
        and {ast.unparse(node.left), ast.unparse(node.right)} & _TYPES
    ]


ALL = (bandit, secrets, flake8, qt6_enums, python39)


def _run(arguments: list[str], folder: Path, accepted: tuple[int, ...] = (0,)) -> str:
    # The package is the working directory, as on the site; with -P none of its modules shadows one of the scanner.
    answer = subprocess.run(
        [sys.executable, "-P", "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if answer.returncode not in accepted:
        raise ScannerError(f"{arguments[0]} left with {answer.returncode}: {answer.stderr[-2000:]}")
    return answer.stdout


def _lines(report: str) -> list[Finding]:
    return [
        Finding(match["rule"], _relative(match["path"]), match["text"], int(match["line"]))
        for match in map(_LINE.match, report.splitlines())
        if match
    ]


def _relative(path: str) -> str:
    return path[2:] if path.startswith("./") else path
