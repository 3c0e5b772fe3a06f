"""A part of a run, which tells its own progress from 0 to 1 as progress of the whole."""

from __future__ import annotations

from ..run import Run


class PartOfRun(Run):
    """The part of a run that begins when ``before`` of it is done and is itself the given share of it."""

    def __init__(self, run: Run, before: float, share: float):
        super().__init__()
        self._run = run
        self._before = before
        self._share = share

    def progress(self, fraction: float | None, text: str = "") -> None:
        """See Run."""
        self._run.progress(None if fraction is None else self._before + self._share * fraction, text)

    def check(self) -> None:
        """See Run."""
        self._run.check()
