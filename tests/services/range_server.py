"""A web server on this machine that serves byte ranges of what it is given, keeps a log, and misbehaves when told."""

import contextlib
import functools
import hashlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit


@dataclass
class Fault:
    """What to do instead of answering well. ``after`` is how many bytes of the body still go out."""

    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    reset: bool = False
    short: bool = False
    after: int = 0
    wait_s: float = 0.0
    a_second: int = 0


@dataclass
class Request:
    """What was asked for and how many bytes of the body went out."""

    path: str
    range: tuple[int, int] | None
    status: int = 0
    sent: int = 0
    headers: dict = field(default_factory=dict)
    at: float = 0.0


class RangeServer:
    """Serves ``files`` (path to bytes). ``faults`` are used up one a request; ``fault_for`` decides by the request."""

    def __init__(self, files: dict[str, bytes], ranges: bool = True, etags: bool = True):
        self.files = files
        self.ranges, self.etags = ranges, etags
        self.types: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.fault_for = None
        self.log: list[Request] = []
        self.most_at_once = self.at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def sent(self) -> int:
        """Bytes of bodies that went out."""
        return sum(request.sent for request in self.log)

    def forget(self) -> None:
        """Begins a new log."""
        self.log = []

    def begin(self, request: Request) -> Fault | None:
        with self._lock:
            self.log.append(request)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            if self.fault_for is not None:
                return self.fault_for(request)
            return self.faults.pop(0) if self.faults else None

    def end(self) -> None:
        with self._lock:
            self.at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients that hang up are no news."""


@functools.lru_cache(maxsize=64)
def etag_of(data: bytes) -> str:
    """The entity tag of a content."""
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        request = Request(path, _range(self.headers.get("Range")), headers=dict(self.headers), at=time.monotonic())
        fault = self.server.owner.begin(request)
        try:
            self._answer(path, request, fault)
        except (BrokenPipeError, ConnectionError):
            self.close_connection = True
        finally:
            self.server.owner.end()

    def _answer(self, path, request, fault):
        server = self.server.owner
        if fault and fault.wait_s:
            time.sleep(fault.wait_s)
        if fault and fault.status:
            return self._plain(request, fault.status, fault.headers, fault.body)
        if path in server.redirects:
            return self._plain(request, 302, {"Location": server.redirects[path]})
        if path not in server.files:
            return self._plain(request, 404, {})
        data = server.files[path]
        headers = {"Content-Type": server.types.get(path, "application/octet-stream")}
        if server.etags:
            headers["ETag"] = etag_of(data)
            if self.headers.get("If-Match") not in (None, etag_of(data)):
                return self._plain(request, 412, {})
        status, body = 200, data
        if server.ranges and request.range:
            start, stop = request.range
            if start >= len(data):
                return self._plain(request, 416, {"Content-Range": f"bytes */{len(data)}"})
            stop = min(stop, len(data))
            status, body = 206, data[start:stop]
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
        self._send(request, status, headers, body, fault)

    def _plain(self, request, status, headers, body=b""):
        request.status = status
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _send(self, request, status, headers, body, fault):
        request.status = status
        self.send_response(status)
        length = min(len(body), fault.after) if fault and fault.short else len(body)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        if fault and fault.reset:
            self._write(request, body[: fault.after])
            # Linger of zero: the other side sees a reset, not an end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.close()
            raise ConnectionError
        if fault and fault.a_second:
            for at in range(0, length, max(1, fault.a_second // 20)):
                self._write(request, body[at : at + max(1, fault.a_second // 20)])
                time.sleep(0.05)
            return
        self._write(request, body[:length])

    def _write(self, request, data):
        self.wfile.write(data)
        self.wfile.flush()
        request.sent += len(data)


def _range(text):
    if not text:
        return None
    first, _, last = text.removeprefix("bytes=").partition("-")
    return int(first), int(last) + 1
