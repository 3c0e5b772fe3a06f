"""What was read before, on disk: byte ranges of files by file and version, within a limit of size."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
from bisect import bisect_left, bisect_right, insort
from pathlib import Path
from threading import Lock

from .source import Item

LIMIT = 20 << 30
"""Bytes that stay in the cache when nobody is reading."""

_NAME = "copernicus-ai"


def default_folder() -> Path:
    """The folder for what may be deleted at any time, where the system keeps such folders."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "cache"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / _NAME


class Cache:
    """The folder with everything that was read; one folder in it for every version of a file."""

    def __init__(self, folder: str | Path | None = None):
        self.folder = (Path(folder).expanduser().absolute() if folder else default_folder()) / "sources"
        self._used: set[Path] = set()

    def of(self, label: str, item: Item) -> FileCache:
        """What is known of one version of a file."""
        key = hashlib.sha256("\n".join((label, item.path, str(item.size), item.version)).encode()).hexdigest()[:32]
        self._used.add(self.folder / key)
        return FileCache(self.folder / key)

    def trim(self, limit: int = LIMIT, spare_used: bool = False) -> None:
        """Removes what was used longest ago until the rest is within the limit.

        ``spare_used`` leaves everything that was asked for since, to be gone on with after an interruption.
        """
        if not self.folder.is_dir():
            return
        sizes = {}
        for folder in self.folder.iterdir():
            try:
                sizes[folder] = (folder.stat().st_mtime, sum(path.stat().st_size for path in folder.iterdir()))
            except OSError:  # another process is trimming the same cache
                continue
        total = sum(size for _, size in sizes.values())
        for folder, (_, size) in sorted(sizes.items(), key=lambda entry: entry[1][0]):
            if total <= limit:
                break
            if spare_used and folder in self._used:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


class FileCache:
    """The known byte ranges of one version of a file, each a file named by where it starts and stops.

    Ranges never overlap: what is known is not put again. A range is either there as a whole or not at all, also after
    a crash, since it gets its name when it is complete.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._lock = Lock()
        self._ranges: list[tuple[int, int]] = []
        if folder.is_dir():
            self._ranges = sorted(filter(None, map(_bounds, folder.iterdir())))
            os.utime(folder)
        self._longest = max((stop - start for start, stop in self._ranges), default=0)

    @property
    def held(self) -> int:
        """Bytes that are here."""
        with self._lock:
            return sum(stop - start for start, stop in self._ranges)

    def missing(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The parts of a range that are not here."""
        gaps, at = [], start
        for low, high in self._within(start, stop):
            if low > at:
                gaps.append((at, low))
            at = max(at, high)
        if at < stop:
            gaps.append((at, stop))
        return gaps

    def get(self, start: int, stop: int) -> bytes | None:
        """The bytes of a range, or None when some are not here."""
        parts, at = [], start
        for low, high in self._within(start, stop):
            if low > at:
                return None
            end = min(high, stop)
            if end <= at:  # two processes kept the same bytes
                continue
            part = self._part(low, high, at, end)
            if part is None:
                return None
            parts.append(part)
            at = end
        return b"".join(parts) if at >= stop else None

    def _part(self, low: int, high: int, start: int, stop: int) -> bytes | None:
        """The bytes from ``start`` to ``stop`` out of one kept range; None, and forgotten, when it is gone or cut."""
        try:
            with open(self._path(low, high), "rb") as file:
                file.seek(start - low)
                part = file.read(stop - start)
        except OSError:
            part = b""
        if len(part) == stop - start:
            return part
        with self._lock:
            if (low, high) in self._ranges:
                self._ranges.remove((low, high))
        return None

    def put(self, start: int, data: bytes) -> None:
        """Keeps bytes that are not here yet."""
        stop = start + len(data)
        self.write(self._path(start, stop).name, data)
        with self._lock:
            insort(self._ranges, (start, stop))
            self._longest = max(self._longest, len(data))

    def write(self, name: str, data: bytes) -> None:
        """Keeps something else about the file under a name of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{secrets.token_hex(6)}.partial"
        try:
            partial.write_bytes(data)
            os.replace(partial, self.folder / name)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """What was kept under a name."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def _path(self, start: int, stop: int) -> Path:
        return self.folder / f"{start}-{stop}.range"

    def _within(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The kept ranges that share bytes with one, by where they start."""
        with self._lock:
            # What starts before ``start`` may reach into it, and ranges of two processes may overlap; look back far
            # enough to see every one that could.
            first = bisect_right(self._ranges, (start - self._longest, 0))
            last = bisect_left(self._ranges, (stop, 0))
            return [(low, high) for low, high in self._ranges[first:last] if high > start]


def _bounds(path: Path) -> tuple[int, int] | None:
    """Where a kept range starts and stops, or None for other files and for one that was cut."""
    start, _, stop = path.stem.partition("-")
    if path.suffix != ".range" or not (start.isdigit() and stop.isdigit()):
        return None
    try:
        whole = path.stat().st_size == int(stop) - int(start)
    except OSError:
        return None
    return (int(start), int(stop)) if whole else None
