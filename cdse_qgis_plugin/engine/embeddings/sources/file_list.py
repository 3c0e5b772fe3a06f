"""Lists of files: the addresses that a text, a JSON document or a folder page of a web server names."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

_SUFFIXES = (".parquet", ".geoparquet", ".pq")


def addresses(data: bytes, kind: str, base: str) -> list[str]:
    """The Parquet files that a list names, as full addresses in the order of the list, each once.

    Read are JSON (any strings in it that end like a Parquet file), folder pages in HTML, and one address a line.
    Relative ones are taken from ``base``. Empty when it is not a list.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    if "html" in kind or text.lstrip()[:1] == "<":
        found = _links(text)
    elif text.lstrip()[:1] in ("[", "{"):
        found = _json(text)
    else:
        found = [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]
    full = (urljoin(base, address) for address in found if _is_parquet(address))
    return list(dict.fromkeys(address for address in full if address.startswith(("http://", "https://"))))


def _is_parquet(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(_SUFFIXES)


def _links(text: str) -> list[str]:
    class Links(HTMLParser):
        found: list[str] = []

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            if tag == "a":
                self.found += [value for name, value in attributes if name == "href" and value]

    links = Links()
    links.found = []
    links.feed(text)
    return sorted(links.found, key=_natural)


def _json(text: str) -> list[str]:
    try:
        return list(_strings(json.loads(text)))
    except ValueError:
        return []


def _strings(value: Any):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _natural(name: str) -> list:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name)]
