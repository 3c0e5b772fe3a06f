"""Pins every requirement anew, with hashes, and notes how much a user would have to download.

``make lock`` runs it. It needs no more than a Python with venv: uv, which resolves for every platform at once, is
installed into a temporary environment. The index is the one that pip is configured to use.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "cdse_qgis_plugin" / "engine"
SIZES = ENGINE / "download_sizes.csv"
OLDEST_PYTHON = "3.11"
# In this order: the engine's test tools are resolved against the engine's lock.
LOCKS = (
    "cdse_qgis_plugin/engine/requirements",
    "tests/requirements-engine",
    "tests/requirements-qgis",
)
_INSIDE = "LOCKING_INSIDE_ITS_ENVIRONMENT"


def main() -> int:
    """Locks, then writes the sizes; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes-only", action="store_true", help="keep the lock files, refresh download_sizes.csv")
    options = parser.parse_args()
    if not os.environ.get(_INSIDE):
        return _run_inside()
    if not options.sizes_only:
        for name in LOCKS:
            _uv("--upgrade", "--generate-hashes", f"{name}.in", "-o", f"{name}.lock")
            print(f"{name}.lock", flush=True)
    rows = _sizes(ENGINE / "requirements.lock")
    with SIZES.open("w", encoding="utf-8", newline="\n") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("package", "version", "platform", "python", "bytes"))
        writer.writerows(rows)
    print(f"{SIZES.relative_to(ROOT)}: {len(rows)} rows")
    return 0


def _run_inside() -> int:
    """Runs this script again with the tools it needs."""
    with tempfile.TemporaryDirectory(prefix="lock-") as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", "uv", "packaging"], check=True)
        inside = {**os.environ, _INSIDE: folder, **_index(python)}
        return subprocess.run([python, __file__, *sys.argv[1:]], cwd=ROOT, env=inside, check=False).returncode


def _index(python: str) -> dict[str, str]:
    """The index that pip is configured to use, the way uv wants to be told; empty for the default."""
    for name in (":env:.index-url", "install.index-url", "global.index-url"):
        asked = subprocess.run(
            [python, "-m", "pip", "config", "get", name], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0 and asked.stdout.strip():
            return {"UV_DEFAULT_INDEX": asked.stdout.strip()}
    return {}


def _uv(*arguments: str) -> None:
    uv = str(Path(os.environ[_INSIDE]) / "bin" / "uv")
    compile_for_all = [uv, "pip", "compile", "-q", "--universal", "--python-version", OLDEST_PYTHON, "--no-header"]
    subprocess.run([*compile_for_all, *arguments], check=True, cwd=ROOT)


# ---- how much is downloaded


def _sizes(lock: Path) -> list[tuple[str, str, str, str, int]]:
    """One row for each package, platform and Python: the bytes of the wheel that pip would choose.

    A row is missing where the package does not apply or has no wheel. Of several processor types the largest counts.
    """
    import tomllib

    from packaging.markers import Marker

    with tempfile.TemporaryDirectory(prefix="sizes-") as folder:
        # The same format lists every file of every package with the size that the index gives.
        listing = Path(folder) / "pylock.toml"
        _uv("--format", "pylock.toml", str(lock), "-o", str(listing))
        packages = tomllib.loads(listing.read_text(encoding="utf-8"))["packages"]
    rows = []
    for platform, machines in _platforms().items():
        for python in ("3.11", "3.12", "3.13", "3.14"):
            values = {"python_full_version": f"{python}.0", "python_version": python, **_MARKER_VALUES[platform]}
            for package in packages:
                if "marker" in package and not Marker(package["marker"]).evaluate(values):
                    continue
                size = max((_wheel_size(package, python, tags) for tags in machines), default=0)
                if size:
                    rows.append((package["name"], package["version"], platform, python, size))
    return sorted(rows)


_MARKER_VALUES = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def _platforms() -> dict[str, list[list[str]]]:
    """Platform tags of each kind of machine, best first."""
    from packaging.tags import mac_platforms

    def linux(machine: str) -> list[str]:
        # Up to the C library of the oldest distribution that carries a supported QGIS.
        modern = [f"manylinux_2_{minor}_{machine}" for minor in range(35, 4, -1)]
        return [*modern, f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"linux_{machine}"]

    return {
        "linux": [linux("x86_64"), linux("aarch64")],
        "macos": [list(mac_platforms((15, 0), "arm64")), list(mac_platforms((15, 0), "x86_64"))],
        "windows": [["win_amd64"]],
    }


def _wheel_size(package: dict, python: str, platforms: list[str]) -> int:
    """Bytes of the best wheel of a package for a Python on a platform; 0 when there is none."""
    from packaging.tags import compatible_tags, cpython_tags
    from packaging.utils import parse_wheel_filename

    version = tuple(int(part) for part in python.split("."))
    wanted = [*cpython_tags(version, platforms=platforms), *compatible_tags(version, f"cp{python}", platforms)]
    rank = {tag: position for position, tag in enumerate(wanted)}
    best, size = len(rank), 0
    for wheel in package.get("wheels", ()):
        tags = parse_wheel_filename(wheel["url"].rsplit("/", 1)[-1])[3]
        position = min((rank[tag] for tag in tags if tag in rank), default=len(rank))
        if position < best:
            best, size = position, _known_size(package, wheel)
    return size


def _known_size(package: dict, wheel: dict) -> int:
    if "size" not in wheel:
        raise SystemExit(f"The index does not say how large the files of {package['name']} are; use one that does.")
    return int(wheel["size"])


if __name__ == "__main__":
    sys.exit(main())
