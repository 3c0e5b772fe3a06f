"""Builds the plugin's zip from the files that git knows, the same bytes for the same files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "cdse_qgis_plugin"
PACKAGE = ROOT / "build" / f"{NAME}.zip"
_BESIDE = ("metadata.txt", "LICENSE", "README.md", "CHANGELOG.md")
_STAMP = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can hold; real times would make every build differ


def main() -> int:
    """Builds the package and says where it lies."""
    try:
        build()
    except PackagingError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{PACKAGE.relative_to(ROOT)}: {PACKAGE.stat().st_size / 1e6:.2f} MB")
    return 0


class PackagingError(Exception):
    """Why no package could be built."""


def build(target: Path = PACKAGE, root: Path = ROOT) -> Path:
    """Writes the package and returns its path; raises PackagingError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for inside, path in contents(root).items():
            entry = zipfile.ZipInfo(inside, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            package.writestr(entry, path.read_bytes())
    return target


def contents(root: Path = ROOT) -> dict[str, Path]:
    """Every file of the package by its name inside."""
    found = {}
    for name in _tracked(root):
        inside = _name_inside(name)
        if inside:
            found[f"{NAME}/{inside}"] = root / name
    gone = [path for path in found.values() if not path.is_file()]
    if gone:
        raise PackagingError(
            f"git knows files that are not there: {', '.join(map(str, gone))}. Restore or remove them."
        )
    # Translations are compiled, so git does not know them.
    found.update({f"{NAME}/i18n/{path.name}": path for path in sorted((root / "i18n").glob("*.qm"))})
    return dict(sorted(found.items()))


def _name_inside(name: str) -> str:
    if name.startswith(f"{NAME}/"):
        return name[len(NAME) + 1 :]
    return name if name in _BESIDE or name.startswith("resources/") else ""


def _tracked(root: Path) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode:
        raise PackagingError("The package is built from the files that git knows, and this is not a git checkout.")
    return [name for name in listed.stdout.decode().split("\0") if name]


if __name__ == "__main__":
    sys.exit(main())
