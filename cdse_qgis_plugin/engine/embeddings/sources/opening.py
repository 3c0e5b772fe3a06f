"""From what a person writes to open files: a set of CDSE, a bucket, an address, a path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from ...errors import EngineError
from ...run import Run
from .cache import Cache
from .connections import MOST, Connections
from .datasets import BUCKET, find_dataset
from .footer import start as start_footer
from .pace import Pace
from .ranged_file import RangedFile
from .ranges import RangedBytes, Traffic
from .retry import Patience, Retrying
from .source import Item, Source

PATIENCE = Patience()
"""How long a server may misbehave."""

SCHEMES = ("cdse:", "s3://", "http://", "https://")


def is_remote(source: str) -> bool:
    """Whether a source is read over a network rather than from this machine."""
    return source.strip().lower().startswith(SCHEMES)


def find_source(text: str, run: Run) -> Source:
    """The source that ``text`` names. Raises EngineError ``no_source``, ``unknown_dataset``, ``no_keys``, …"""
    text = text.strip()
    scheme = text.partition(":")[0].lower()
    if scheme == "cdse":
        from .s3 import S3Source

        dataset = find_dataset(text.partition(":")[2].strip("/ "))
        _need_keys(run)
        return S3Source(run.endpoints["S3"], BUCKET, dataset.prefix, run.secrets, f"cdse:{dataset.name}")
    if scheme == "s3":
        from .s3 import S3Source

        parts = _parts(text)
        return S3Source(run.endpoints["S3"], parts.netloc, parts.path.lstrip("/"), run.secrets)
    if scheme in ("http", "https"):
        from .http import HttpSource

        _parts(text)
        return HttpSource(text)
    if "://" in text:
        raise EngineError(
            "no_source", f"Addresses that begin with “{scheme}://” cannot be read.", "Download the file first."
        )
    from .local import LocalSource

    return LocalSource(text)


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise EngineError("no_source", f"The address makes no sense: {error}.", "Write it in full.") from None


class Reading:
    """A source while it is being read: its connections, its cache, what it has cost so far."""

    def __init__(self, source: Source, run: Run, cache: Cache | None, connections: int = MOST):
        self.source, self.run, self.cache = source, run, cache
        self.traffic = Traffic()
        self.connections = Connections(connections)
        self.retrying = Retrying(
            PATIENCE, self.connections.stop, self._say, Pace(connections, source.requests_a_minute)
        )

    def items(self) -> list[Item]:
        """The files of the source, with size and version."""
        listed = self._all([lambda: self.source.items(self.run.check)])[0]
        return self._all([lambda item=item: self.source.stat(item) for item in listed])

    def open(self, items: list[Item]) -> list[RangedFile]:
        """Opens files, which reads their footers, several at a time."""
        files = []
        data = [self._bytes(item) for item in items]
        for some in (data[i : i + 64] for i in range(0, len(data), 64)):
            for part in some:
                start_footer(part)
            for part in some:
                self.run.progress(None, f"Read the footers of {len(files):,} of {len(items):,} files")
                files.append(RangedFile(part))
        return files

    def close(self, finished: bool) -> None:
        """Stops what is still being read and tidies the cache, but leaves what an unfinished run can go on with."""
        self.connections.close()
        self.source.close()
        if self.cache is not None:
            self.cache.trim(spare_used=not finished)

    def _all(self, attempts: list) -> list:
        return self.connections.all([lambda a=attempt: self.retrying.call(a) for attempt in attempts], self.run.check)

    def _bytes(self, item: Item) -> RangedBytes:
        cache = self.cache.of(self.source.label, item) if self.cache else None
        run = self.run
        return RangedBytes(
            self.source, item, cache, self.connections, self.retrying, run.check, self.traffic,
            lambda text: run.progress(None, text),
        )  # fmt: skip

    def _say(self, text: str) -> None:
        self.run.log(f"{self.source.label}: {text}", "warning")


@contextmanager
def reading(text: str, run: Run, cache_folder: str | None = None) -> Iterator[Reading]:
    """The source that ``text`` names, open for reading until the end of the block."""
    source = find_source(text, run)
    found = Reading(source, run, Cache(cache_folder) if is_remote(text) else None)
    finished = False
    try:
        yield found
        finished = True
    finally:
        found.close(finished)


def _need_keys(run: Run) -> None:
    if not (run.secrets.get("s3_access_key") and run.secrets.get("s3_secret_key")):
        raise EngineError(
            "no_keys",
            "CDSE gives its embeddings only to those with S3 keys, and none were given.",
            "Make a pair of S3 keys in your CDSE account (free of charge) and enter both halves.",
        )
