"""The engine's own table of service addresses, for people to look at and to override."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from .environment import ENGINE


def default_addresses() -> dict[str, str]:
    """The addresses by name that the engine uses where the settings say nothing else."""
    return json.loads((ENGINE / "endpoints.json").read_text(encoding="utf-8"))


def is_address(text: str) -> bool:
    """Whether a text is an address that the engine takes."""
    try:
        parts = urlsplit(text.strip())
        return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text.strip()
    except ValueError:
        return False
