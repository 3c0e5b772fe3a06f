"""What an engine environment is made for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..environment import ENGINE, ENGINE_VERSION
from .places import LOCK


@dataclass(frozen=True)
class Recipe:
    """The packages, and the engine that must run on them."""

    lock: Path = LOCK
    main: Path = ENGINE / "__main__.py"
    version: str = ENGINE_VERSION
