"""Files on a web server that serves parts of files (HTTP ranges)."""

from __future__ import annotations

import email.utils
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
import urllib3

from ...errors import EngineError
from . import file_list
from .source import Check, Item, Source, Transient, changed

_PIECE = 1 << 16
_TIMEOUT_S = (10, 30)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_BUSY = {429, 498, 500, 502, 503, 504}
"""Answers that may pass; 498 is what CDSE's object store says instead of 429."""

_THROTTLED = {429, 498, 503}
_LONGEST_LIST = 64 << 20


class HttpSource(Source):
    """One Parquet file at an address, or a list or folder page that names several.

    Raises EngineError ``no_source``, ``denied``, ``no_ranges``, ``no_network`` and ``source_changed``.
    """

    def __init__(self, address: str):
        self._address = address
        self.label = public(address)
        self._threads = threading.local()
        self._full: dict[str, str] = {}
        self._direct: dict[str, str] = {}

    def items(self, check: Check) -> list[Item]:
        check()
        item = Item(self._remember(self._address))
        with self._get(item.path, 0, 4) as answer:
            start = answer.raw.read(4, decode_content=True)
            if start == b"PAR1" or (answer.status_code == 206 and _total(answer) > _LONGEST_LIST):
                return [item]
            kind = answer.headers.get("Content-Type", "")
        with self._open(item.path, {}) as answer:
            text = answer.raw.read(_LONGEST_LIST, decode_content=True)
        found = file_list.addresses(text, kind, self._address)
        if not found:
            return [item]  # not a list either: what it is will be told when it is opened
        return [Item(self._remember(address)) for address in found]

    def stat(self, item: Item) -> Item:
        if item.size >= 0:
            return item
        with self._get(item.path, 0, 1) as answer:
            if answer.status_code == 416:
                return Item(item.path, 0, "empty")
            if answer.status_code != 206:
                raise _no_ranges(item)
            return Item(item.path, _total(answer), _version(answer))

    def stream(self, item: Item, start: int, stop: int) -> Iterator[bytes]:
        with self._get(item.path, start, stop, item.version) as answer:
            if answer.status_code in (412, 416):
                raise changed(item)
            if answer.status_code != 206:
                raise _no_ranges(item)
            if (item.size >= 0 and _total(answer) != item.size) or _version(answer) != item.version:
                raise changed(item)
            if _range(answer)[0] != start:
                raise Transient("another part of the file came than was asked for")
            try:
                # What has come is handed on at once: a connection that breaks then costs nothing that had come.
                while piece := answer.raw.read1(_PIECE, decode_content=False):
                    yield piece
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise Transient(_reason(error)) from None

    def close(self) -> None:
        session = getattr(self._threads, "session", None)
        if session is not None:
            session.close()

    def _remember(self, address: str) -> str:
        """A path without secrets for an address that may have some."""
        path = public(address)
        self._full[path] = address
        return path

    def _get(self, path: str, start: int, stop: int, version: str = "") -> requests.Response:
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if version.startswith('"'):
            headers["If-Match"] = version
        return self._open(path, headers)

    def _open(self, path: str, headers: dict[str, str]) -> requests.Response:
        """An answer whose body is still to come; those that are no use are told apart and raised."""
        direct = self._direct.get(path)
        answer = self._ask(direct or self._full[path], headers)
        if direct and answer.status_code in (401, 403, 404, 410):
            # The address that a redirect led to has run out; the first one leads to a new one.
            answer.close()
            self._direct.pop(path, None)
            answer = self._ask(self._full[path], headers)
        if answer.status_code in (200, 206, 412, 416):
            if answer.history:
                self._direct[path] = answer.url
            return answer
        answer.close()
        raise _refusal(path, answer)

    def _ask(self, address: str, headers: dict[str, str]) -> requests.Response:
        try:
            # A compressed answer would count its bytes differently from the file.
            headers = {**headers, "Accept-Encoding": "identity"}
            return self._session().get(address, headers=headers, stream=True, timeout=_TIMEOUT_S)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError):
            raise EngineError(
                "no_source", f"“{self.label}” is not an address.", "Write it in full, such as https://…/part.parquet."
            ) from None
        except requests.exceptions.SSLError as error:
            raise EngineError(
                "no_network",
                f"The server of “{self.label}” could not prove who it is: {_reason(error)}.",
                "Check the clock of this machine and, behind a company's proxy, its certificates.",
            ) from None
        except requests.exceptions.TooManyRedirects:
            raise EngineError(
                "no_source", f"“{self.label}” leads round in a circle.", "Check the address in a browser."
            ) from None
        except requests.exceptions.RequestException as error:
            raise Transient(_reason(error)) from None

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        return self._threads.session


def public(address: str) -> str:
    """An address without user, password and query, which may hold keys."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, unquote(parts.path), "", ""))


def retry_after(headers, now: float | None = None) -> float | None:
    """Seconds that an answer asks us to wait, from a number or a date; None when it does not ask."""
    said = headers.get("Retry-After") or headers.get("retry-after")
    if not said:
        return None
    try:
        return max(0.0, float(said))
    except ValueError:
        when = email.utils.parsedate_tz(said)
        if when is None:
            return None
        return max(0.0, email.utils.mktime_tz(when) - (time.time() if now is None else now))


def _refusal(path: str, answer: requests.Response) -> Exception:
    status = answer.status_code
    if status in _BUSY:
        said = f"the server answered {status} {answer.reason or ''}".strip()
        return Transient(said, retry_after(answer.headers), status in _THROTTLED, answered=True)
    if status in (404, 410):
        return EngineError(
            "no_source", f"There is nothing at “{path}” ({status}).", "Check the address, or open it in a browser."
        )
    if status in (401, 403, 407):
        return EngineError(
            "denied",
            f"The server does not let us read “{path}” ({status}): it wants a sign-in, or the address has run out.",
            "Use an address that is open to all or has been signed anew, or download the file first.",
        )
    return EngineError(
        "no_source", f"The server answered {status} to “{path}”.", "Check the address, or open it in a browser."
    )


def _no_ranges(item: Item) -> EngineError:
    return EngineError(
        "no_ranges",
        f"The server of “{item.name}” serves whole files only, so no part of it can be read by itself.",
        "Download the file and import it from the disk, or use a server that serves ranges (most object stores do).",
    )


def _range(answer: requests.Response) -> tuple[int, int]:
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None or match[3] == "*":
        raise Transient("the server did not say which part of the file it sends")
    return int(match[1]), int(match[3])


def _total(answer: requests.Response) -> int:
    return _range(answer)[1]


def _version(answer: requests.Response) -> str:
    """The entity tag, or what tells versions apart where there is none."""
    return answer.headers.get("ETag") or f"{answer.headers.get('Last-Modified', '')} {_total(answer)}"


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which may hold a key."""
    inner = error
    while inner.args and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    reason = getattr(inner, "reason", None)
    if isinstance(reason, Exception):
        inner = reason
    texts = {
        "NameResolutionError": "the name of the server is not known",
        "NewConnectionError": "no connection",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "IncompleteRead": "the connection broke off",
        "ProtocolError": "the connection broke off",
        "RemoteDisconnected": "the connection broke off",
        "ConnectionResetError": "the connection broke off",
        "SSLCertVerificationError": "its certificate cannot be verified",
    }
    return texts.get(type(inner).__name__, f"{type(inner).__name__}")
