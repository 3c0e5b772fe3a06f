"""Collects the sentences of the QGIS side that can be translated into i18n/cdse_qgis_plugin.ts.

pylupdate5 comes with PyQt5's development tools. Where the system has none, PyQt5 is installed into a temporary
environment for it; nothing else is touched. A translation begins as a copy of the file, named after its language.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "i18n" / "cdse_qgis_plugin.ts"


def main() -> int:
    """Updates the template and every translation; returns the exit status."""
    sources = [path for path in _tracked() if not path.startswith("cdse_qgis_plugin/engine/")]
    files = [TEMPLATE, *(path for path in sorted(TEMPLATE.parent.glob("*.ts")) if path != TEMPLATE)]
    TEMPLATE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cdse-strings-") as folder:
        program = shutil.which("pylupdate5") or _install(Path(folder))
        for file in files:
            command = [program, "-noobsolete", *sources, "-ts", str(file.relative_to(ROOT))]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                print(f"{file.name} was not updated; the reason stands above.", file=sys.stderr)
                return 1
            _drop_places(file)
            print(f"{file.relative_to(ROOT)}: {file.read_text(encoding='utf-8').count('<source>')} sentences")
    return 0


def _tracked() -> list[str]:
    answer = subprocess.run(
        ["git", "ls-files", "cdse_qgis_plugin/*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return answer.stdout.split()


def _install(folder: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "-q", "PyQt5"], check=True)
    return str(folder / "bin" / "pylupdate5")


def _drop_places(file: Path) -> None:
    # Line numbers would change with every edit and hide what is new.
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\s*<location [^>]*/>", "", text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
