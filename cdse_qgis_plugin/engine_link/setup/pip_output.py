"""What pip's output says about how far it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FILE = re.compile(r"^\s*(Downloading|Using cached) (?:\S*/)?(?P<file>[^\s/]+\.whl)(?:\s|$)")
_INSTALLING = re.compile(r"^Installing collected packages: (?P<names>.+)$")


@dataclass
class PipProgress:
    """How far pip is; fed with its lines and with the size of the file it is writing.

    ``sizes`` are bytes by package name, from the table of download sizes. ``last_was_kept`` says whether the file that
    pip took last came from an earlier run.
    """

    sizes: dict[str, int]
    finished_bytes: int = 0
    current: str = ""
    current_bytes: int = 0
    installing: list[str] = field(default_factory=list)
    last_was_kept: bool = False

    @property
    def total_bytes(self) -> int:
        """All there is to download."""
        return sum(self.sizes.values())

    @property
    def bytes(self) -> int:
        """What has been downloaded so far, never more than there is."""
        present = min(self.current_bytes, self.sizes.get(self.current, 0))
        return min(self.finished_bytes + present, self.total_bytes)

    def read(self, line: str) -> None:
        """Takes a line of pip's output in."""
        file = _FILE.match(line)
        if file:
            self._finish_current()
            self.current = package_of(file["file"])
            self.last_was_kept = file[1] == "Using cached"
            if self.last_was_kept:
                self._finish_current()
            return
        installing = _INSTALLING.match(line)
        if installing:
            self._finish_current()
            self.installing = [name.strip() for name in installing["names"].split(",")]

    def _finish_current(self) -> None:
        self.finished_bytes += self.sizes.get(self.current, 0)
        self.current, self.current_bytes = "", 0


def package_of(wheel: str) -> str:
    """The normalised package name of a wheel's file name."""
    return re.sub(r"[-_.]+", "-", wheel.split("-", 1)[0]).lower()
