"""Byte ranges of one file: known ones from the cache, near ones in one request, long ones in several at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from .cache import FileCache
from .connections import Connections
from .retry import Retrying
from .source import Check, Item, Source

GAP = 32 << 10
"""Bytes worth reading for nothing to save a request."""

LONGEST = 8 << 20
"""Bytes of one request; what a broken run loses at most, and what four connections share evenly."""

Range = tuple[int, int]


class Traffic:
    """Bytes and requests of a run, over all its files."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.bytes = 0
        self.requests = 0

    def add(self, count: int) -> None:
        """Counts a request and the bytes it brought."""
        with self._lock:
            self.bytes += count
            self.requests += 1


class RangedBytes:
    """The bytes of one version of one file."""

    def __init__(
        self,
        source: Source,
        item: Item,
        cache: FileCache | None,
        connections: Connections,
        retrying: Retrying,
        check: Check,
        traffic: Traffic,
        tell: Callable[[str], None] = lambda text: None,
    ):
        self.item = item
        self.cache = cache
        self.check, self.tell = check, tell
        self._source, self._connections, self._retrying, self._traffic = source, connections, retrying, traffic
        self._coming: dict[Range, Future] = {}

    def read(self, ranges: list[Range], keep: bool = True) -> list[bytes]:
        """The bytes of ranges, in their order; with ``keep`` they are in the cache from now on."""
        if self.cache is None or not keep:
            known = [self.cache and self.cache.get(*wanted) for wanted in ranges]
            todo = [self._task(*wanted) for wanted, data in zip(ranges, known, strict=True) if not data]
            brought = iter(self._connections.all(todo, self.check))
            return [data or next(brought) for data in known]
        while True:
            self._connections.wait(self._start(ranges), self.check)
            found = [self.cache.get(*wanted) for wanted in ranges]
            if None not in found:
                return found

    def bring(self, ranges: list[Range]) -> None:
        """Puts ranges into the cache, all of them side by side, for parts of them to be read next."""
        if self.cache is not None:
            self._connections.wait(self._start(ranges), self.check)

    def start(self, ranges: list[Range]) -> None:
        """Begins to read ranges that will be wanted soon."""
        if self.cache is not None:
            self._start([(start, stop) for start, stop in ranges if start < stop])

    def _start(self, ranges: list[Range]) -> list[Future]:
        """Asks for what is neither known nor coming; the futures of all that is coming."""
        self._coming = {found: future for found, future in self._coming.items() if not future.done()}
        waiting = []
        for part in joined([gap for wanted in ranges for gap in self.cache.missing(*wanted)]):
            coming = [future for (low, high), future in self._coming.items() if low < part[1] and part[0] < high]
            if coming:
                waiting += coming  # what these do not bring is asked for in the next round
                continue
            for piece in split(part):
                self._coming[piece] = self._connections.submit(self._keeping(*piece))
                waiting.append(self._coming[piece])
        return waiting

    def _task(self, start: int, stop: int):
        def read() -> bytes:
            data = self._retrying.read(self._source, self.item, start, stop)
            self._traffic.add(len(data))
            return data

        return read

    def _keeping(self, start: int, stop: int):
        read = self._task(start, stop)

        def keep() -> None:
            self.cache.put(start, read())

        return keep


def joined(ranges: list[Range], gap: int = GAP) -> list[Range]:
    """Ranges in the order of the file, those with little between them as one."""
    found: list[Range] = []
    for start, stop in sorted(ranges):
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return found


def split(part: Range, longest: int = LONGEST) -> list[Range]:
    """A range cut into pieces of about the same length."""
    start, stop = part
    count = max(1, -(-(stop - start) // longest))
    edges = [start + (stop - start) * i // count for i in range(count + 1)]
    return list(zip(edges, edges[1:], strict=False))
