"""The gate of the QGIS plugin repository: builds the package and scans it exactly as the site does.

python -m tools.gate [PACKAGE.zip]      in the environment that holds the scanners
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from . import package, package_rules, scanners
from .package_rules import Finding


def main(arguments: list[str]) -> int:
    """Scans the package, a fresh one by default, prints every finding and returns the exit status."""
    path = Path(arguments[0]) if arguments else package.build()
    found = scan(path)
    for finding in found:
        print(finding)
    rules = f"{len(scanners.BANDIT_RULES)} bandit rules, detect-secrets, {len(scanners.FLAKE8_RULES)} flake8 codes"
    print(f"{path.name}: {len(found) or 'no'} findings ({rules}, flake8-qgis, Python 3.9, package rules)")
    return 1 if found else 0


def scan(path: Path) -> list[Finding]:
    """Every finding about a package; empty when the repository would take it."""
    found = package_rules.check_archive(path)
    with tempfile.TemporaryDirectory(prefix="cdse-gate-") as temporary:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(temporary)
        for folder in sorted(each for each in Path(temporary).iterdir() if each.is_dir()):
            found += package_rules.check_metadata(folder)
            found += package_rules.check_versions(folder)
            for scanner in scanners.ALL:
                found += scanner(folder)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
