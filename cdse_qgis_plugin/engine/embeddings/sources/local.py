"""A file or a folder on this machine, read by the byte like any other source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..parquet_source import find_files
from .source import Check, Item, Source, changed

_PIECE = 1 << 20


class LocalSource(Source):
    """A file or folder. Raises EngineError ``no_source`` when there is none."""

    def __init__(self, path: str):
        self._path = Path(path).expanduser().absolute()
        self.label = str(self._path)

    def items(self, check: Check) -> list[Item]:
        return [self.stat(Item(str(found))) for found in find_files(self._path)]

    def stat(self, item: Item) -> Item:
        told = Path(item.path).stat()
        return Item(item.path, told.st_size, f"{told.st_size}-{told.st_mtime_ns}")

    def stream(self, item: Item, start: int, stop: int) -> Iterator[bytes]:
        with open(item.path, "rb") as file:
            if item.version and self.stat(item).version != item.version:
                raise changed(item)
            file.seek(start)
            while start < stop and (data := file.read(min(_PIECE, stop - start))):
                start += len(data)
                yield data
