"""The engine as a child process, spoken to as the plugin does."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

MAIN = Path(__file__).parents[2] / "cdse_qgis_plugin" / "engine" / "__main__.py"


class Engine:
    """A serving engine. Messages it sends are read on a thread, so that every wait here has an end."""

    def __init__(self, *options: str, **environment: str):
        command = [sys.executable, "-I", "-u", *options, str(MAIN), "serve"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], **environment},
        )
        self._messages: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._errors: list[bytes] = []
        threading.Thread(target=lambda: self._errors.extend(self.process.stderr), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.process.stdin.close()

    def _read(self):
        for line in self.process.stdout:
            self._messages.put(json.loads(line, parse_constant=_no_constant))
        self._messages.put(None)

    @property
    def stderr(self) -> str:
        return b"".join(self._errors).decode()

    def send(self, **message):
        self.send_line(json.dumps(message))

    def send_line(self, line):
        self.process.stdin.write(line.encode() + b"\n" if isinstance(line, str) else line)
        self.process.stdin.flush()

    def call(self, call_id, operation, arguments=None, **more):
        self.send(type="call", id=call_id, operation=operation, arguments=arguments or {}, **more)

    def receive(self, timeout=30):
        """The next message, or None at the end of the stream."""
        return self._messages.get(timeout=timeout)

    def answer(self, call_id, timeout=60):
        """The result or error of a call, and what was said about it before."""
        before, end = [], time.monotonic() + timeout
        while True:
            message = self.receive(max(0.01, end - time.monotonic()))
            assert message is not None, f"the engine left: {self.stderr}"
            if message["id"] == call_id and message["type"] in ("result", "error"):
                return message, before
            before.append(message)


def _no_constant(name):
    raise AssertionError(f"{name} is no JSON")
