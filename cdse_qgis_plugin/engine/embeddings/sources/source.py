"""The one interface of all sources: which files there are, and the bytes of a part of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...errors import EngineError

Check = Callable[[], None]
"""Called often; raises Cancelled when a stop was asked for."""


@dataclass(frozen=True)
class Item:
    """One file of a source.

    ``path`` is what the source finds it by and never holds a key or a password; ``version`` changes whenever the
    content does (an entity tag, or size and time). A size below zero is not known yet: ask ``Source.stat``.
    """

    path: str
    size: int = -1
    version: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]


class Transient(Exception):
    """An attempt failed in a way that may pass: a busy server, a broken connection.

    ``wait_s`` is how long the server asked us to wait, ``throttled`` whether it said that we ask too often,
    ``answered`` whether there was an answer at all.
    """

    def __init__(self, reason: str, wait_s: float | None = None, throttled: bool = False, answered: bool = False):
        super().__init__(reason)
        self.reason, self.wait_s, self.throttled, self.answered = reason, wait_s, throttled, answered or throttled


class Source(ABC):
    """A place with embedding files. Its methods make one attempt each; trying again is the caller's business.

    Methods raise Transient for what may pass, and EngineError with a sentence for what will not.
    """

    label: str
    """What to call the source in sentences and in the description of a store."""

    requests_a_minute: int | None = None
    """How many requests the service allows a minute, where it says so."""

    @abstractmethod
    def items(self, check: Check) -> list[Item]:
        """The Parquet files, in the order of their names."""

    @abstractmethod
    def stat(self, item: Item) -> Item:
        """The item with its present size and version."""

    @abstractmethod
    def stream(self, item: Item, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop`` in pieces, possibly too few.

        Raises EngineError ``source_changed`` when the file is no longer the version of ``item``.
        """

    def close(self) -> None:  # noqa: B027 - most sources hold nothing
        """Lets go of connections."""


def changed(item: Item) -> EngineError:
    """The error of a file that is no longer what it was when it was first looked at."""
    return EngineError(
        "source_changed",
        f"“{item.name}” was changed while it was being read, so its parts do not belong together.",
        "Try again: the new file is then read from its beginning.",
    )


def gone(path: str, where: str) -> EngineError:
    """The error of a file that is not there."""
    return EngineError(
        "no_source", f"{where} has no “{path}” (404).", "Check the address, or list the folder it should be in."
    )
