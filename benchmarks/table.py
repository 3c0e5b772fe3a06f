"""What every benchmark needs: interleaved timing and a table that can be read."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def interleaved(rounds: int, **contestants: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of every contestant in every round. They take turns, so a busy moment of the machine hits them all."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        contestant()  # the first call pays for caches and lazy imports
    for _ in range(rounds):
        for name, contestant in contestants.items():
            began = time.perf_counter()
            contestant()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def milliseconds(seconds: list[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(seconds) * 1000


def show(title: str, header: list[str], rows: list[list[object]]) -> None:
    """Prints a table."""
    cells = [header, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


def verdict(reached: bool) -> str:
    """How a goal ended."""
    return "reached" if reached else "MISSED"
