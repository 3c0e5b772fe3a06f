"""The one table of service addresses. Every one can be overridden, so tests and mirrors need no code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from .errors import EngineError

_OIDC = "https://identity.dataspace.copernicus.eu/auth/realms/CDSE"

DEFAULTS: dict[str, str] = {
    "OIDC issuer": _OIDC,
    "OIDC discovery": f"{_OIDC}/.well-known/openid-configuration",
    "token": f"{_OIDC}/protocol/openid-connect/token",
    "account console": f"{_OIDC}/account",
    "STAC": "https://stac.dataspace.copernicus.eu/v1",
    "OData catalogue": "https://catalogue.dataspace.copernicus.eu/odata/v1",
    "OData download": "https://download.dataspace.copernicus.eu/odata/v1",
    "S3": "https://eodata.dataspace.copernicus.eu",
    "S3 keys API": "https://s3-keys-manager.cloudferro.com/api/user/credentials",
    "Sentinel Hub": "https://sh.dataspace.copernicus.eu",
    "openEO (CDSE only)": "https://openeo.dataspace.copernicus.eu",
    "openEO (federation, the documented default)": "https://openeofed.dataspace.copernicus.eu",
    "openEO on Sentinel Hub": "https://openeosh.dataspace.copernicus.eu/1.2",
    "On-Demand Production": "https://odp.dataspace.copernicus.eu/odata/v1",
    "Traceability": "https://trace.dataspace.copernicus.eu/api/v1",
    "CLMS vector OGC": "https://mapserver.dataspace.copernicus.eu/ogc",
    "Thumbnails WMS": "https://thumbnails.dataspace.copernicus.eu/wms",
    "Algorithm Plaza": "https://marketplace-portal.dataspace.copernicus.eu/",
    "APEx catalogue": "https://algorithm-catalogue.apex.esa.int/",
    "Browser": "https://browser.dataspace.copernicus.eu/",
}

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
