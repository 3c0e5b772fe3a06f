"""The one table of service addresses. Every one can be overridden, so tests and mirrors need no code."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from .errors import EngineError

DEFAULTS: dict[str, str] = json.loads((Path(__file__).parent / "endpoints.json").read_text(encoding="utf-8"))
"""The addresses by name; data rather than code, because the plugin's options page shows them too."""

_ALIASES = {
    "openeo": "openeo_federation_the_documented_default",
    "openeo_federation": "openeo_federation_the_documented_default",
    "openeo_cdse": "openeo_cdse_only",
}


def _plain(key: str) -> str:
    """A key without case and punctuation, so that ``OIDC issuer`` and ``oidc_issuer`` are one."""
    plain = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
    return _ALIASES.get(plain, plain)


_NAMES = {_plain(name): name for name in DEFAULTS}


class Endpoints(Mapping[str, str]):
    """Service addresses by name; names are compared without case and punctuation.

    Raises EngineError ``unknown_endpoint`` for a name the table does not have: a misspelt override that silently left
    the real service in place would send a test, or a password, to the wrong address.
    """

    def __init__(self, overrides: Mapping[str, str] | None = None):
        self._addresses = dict(DEFAULTS)
        for key, address in (overrides or {}).items():
            if not isinstance(address, str) or not address.startswith(("http://", "https://")):
                raise EngineError(
                    "bad_endpoint", f"The address of “{key}” is not an http(s) address.", "Write it in full."
                )
            self._addresses[self._name(key)] = address

    @staticmethod
    def _name(key: str) -> str:
        plain = _plain(key)
        if plain in _NAMES:
            return _NAMES[plain]
        near = difflib.get_close_matches(plain, _NAMES, n=1)
        hint = f"Did you mean “{_NAMES[near[0]]}”?" if near else "Known names: " + ", ".join(DEFAULTS) + "."
        raise EngineError("unknown_endpoint", f"There is no service named “{key}”.", hint)

    def __getitem__(self, key: str) -> str:
        return self._addresses[self._name(key)]

    def __iter__(self):
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)
