"""A package index on this computer, with packages made on the spot and faults on demand."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import random
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def wheel(name: str, code: str = "", ballast: int = 0) -> bytes:
    """A wheel of version 1.0 with one module; ``ballast`` are bytes that do not compress."""
    files = {f"{name}/__init__.py": code.encode()}
    if ballast:
        files[f"{name}/ballast.bin"] = random.Random(7).randbytes(ballast)
    info = f"{name}-1.0.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return packed.getvalue()


class PackageIndex:
    """A simple index over HTTP.

    ``cut`` breaks the connection in the middle of a file, ``missing`` answers 404 for it, ``swapped`` sends
    other bytes, ``refused`` answers 403, and a file in ``held`` is sent half and then waits for ``go_on``.
    """

    def __init__(self) -> None:
        self.wheels: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.missing: set[str] = set()
        self.swapped: set[str] = set()
        self.refused: set[str] = set()
        self.held: set[str] = set()
        self.go_on = threading.Event()
        self.half_sent = threading.Event()
        self.sent_whole: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"index": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """The address that pip is given."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple/"

    def add(self, name: str, **made) -> None:
        """Makes a package and offers it."""
        self.wheels[name] = wheel(name, **made)

    def lock(self, *more: str) -> str:
        """A lock file of all packages, with hashes."""
        lines = [f"{name}==1.0 --hash=sha256:{hashlib.sha256(self.wheels[name]).hexdigest()}" for name in self.wheels]
        return "\n".join([*lines, *more]) + "\n"

    def heal(self) -> None:
        """Takes every fault back."""
        for fault in (self.cut, self.missing, self.swapped, self.refused, self.held):
            fault.clear()

    def close(self) -> None:
        """Stops serving."""
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers pip for an index."""

    index: PackageIndex
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        name = Path(parts[1]).name.split("-")[0] if len(parts) > 1 else ""
        if name not in self.index.wheels:
            self.send_error(404)
        elif parts[0] == "simple":
            link = f'<a href="/files/{name}-1.0-py3-none-any.whl">{name}-1.0-py3-none-any.whl</a>'
            self._answer(f"<!DOCTYPE html><html><body>{link}</body></html>".encode(), "text/html")
        else:
            self._send_file(name)

    def _send_file(self, name):
        content = self.index.wheels[name]
        if name in self.index.missing or name in self.index.refused:
            self.send_error(404 if name in self.index.missing else 403)
            return
        if name in self.index.swapped:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if name in self.index.cut | self.index.held:
            self._head(len(content), "application/octet-stream")
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.index.half_sent.set()
            if name in self.index.cut or not self.index.go_on.wait(60):
                self.close_connection = True
                return
            self.wfile.write(content[len(content) // 2 :])
        else:
            self._answer(content, "application/octet-stream")
        self.index.sent_whole.append(name)

    def _answer(self, content, kind):
        self._head(len(content), kind)
        self.wfile.write(content)

    def _head(self, length, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        # As the real index does: files never change.
        cached = "no-cache" if kind == "text/html" else "max-age=365000000, immutable, public"
        self.send_header("Cache-Control", cached)
        self.end_headers()

    def handle(self):
        # A client that was ended in the middle is what some tests are about.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, *_):
        """Keeps the tests' output clean."""
