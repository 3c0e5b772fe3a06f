"""The engine as a process: ``serve`` the wire, or be a command line.

    python -m cdse_qgis_plugin.engine list
    python -m cdse_qgis_plugin.engine run similarity.search '{"store": "…", "like": [[4.35, 50.85]], "k": 10}'

``run`` prints one JSON result on stdout and progress on stderr. On failure it prints
``{"error": {"code", "message", "hint"}}`` on stdout and exits with 1. The JSON may also be ``@file`` or ``-`` (stdin).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

if not __package__:  # started as a file, in isolated mode, by the plugin
    # At the end of the path: the folder also holds other people's plugins, which must not shadow any library.
    sys.path.append(str(Path(__file__).resolve().parents[2]))
    __package__ = "cdse_qgis_plugin.engine"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "serve":
        from .server import main as serve

        serve()
        return 0
    # What libraries print must not spoil the one JSON document on stdout.
    # A path that is no UTF-8 leaves as JSON's own escapes, which is what backslashreplace writes.
    stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)
    try:
        answer, status = _answer(options)
    except KeyboardInterrupt:  # before the operation began; from then on a signal asks it to stop
        from .errors import Cancelled

        answer, status = {"error": Cancelled().as_dict()}, 1
    json.dump(answer, stdout, ensure_ascii=False, indent=2, allow_nan=False)
    stdout.write("\n")
    stdout.close()
    return status


def _answer(options: argparse.Namespace) -> tuple[object, int]:
    from .endpoints import Endpoints
    from .errors import from_exception
    from .operations import all_operations, find
    from .run import Run
    from .server import redact

    run = Run(report=_to_stderr)
    try:
        if options.command == "list":
            return [known.describe() for known in all_operations().values()], 0
        run.endpoints = Endpoints(_read_object(options.endpoints, "--endpoints") if options.endpoints else None)
        if options.secrets:
            run.secrets = _read_secrets()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: run.cancel())
        return find(options.operation)(_read_arguments(options.json), run), 0
    except Exception as error:  # noqa: BLE001 - the contract is one JSON document, whatever happened
        return {"error": redact(from_exception(error).as_dict(), run)}, 1
    finally:
        run.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cdse_qgis_plugin.engine", description="The engine of Copernicus AI.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run one operation and print its result as JSON")
    run.add_argument("operation")
    run.add_argument("json", nargs="?", default="{}", help="the request: JSON, @file, or - for stdin")
    run.add_argument("--secrets", action="store_true", help="read one JSON object of secrets from stdin")
    run.add_argument("--endpoints", metavar="FILE", help="JSON file that overrides service addresses")
    commands.add_parser("list", help="print every operation as JSON")
    commands.add_parser("serve", help="speak JSON lines on stdin and stdout, as the plugin expects")
    return parser


def _read_secrets() -> dict[str, str]:
    from .errors import EngineError

    found = _parse_object(sys.stdin.read(), "--secrets")
    if not all(isinstance(value, str) for value in found.values()):
        raise EngineError("bad_request", "--secrets is not an object of texts.", 'Write {"name": "secret"}.')
    return found


def _read_arguments(text: str) -> dict:
    if text == "-":
        return _parse_object(sys.stdin.read(), "the request")
    if text.startswith("@"):
        return _read_object(text[1:], "the request")
    return _parse_object(text, "the request")


def _read_object(path: str, what: str) -> dict:
    from .errors import EngineError

    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # Windows likes a mark at the beginning
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(
            "bad_request", f"{what} could not be read from “{path}”: {error}.", "Check the path."
        ) from None
    return _parse_object(text, what)


def _parse_object(text: str, what: str) -> dict:
    from .errors import EngineError

    try:
        found = json.loads(text)
    except ValueError as error:
        raise EngineError("bad_request", f"{what} is not JSON: {error}.", "Write one JSON object.") from None
    if not isinstance(found, dict):
        raise EngineError("bad_request", f"{what} is not a JSON object.", "Write one JSON object.")
    return found


def _to_stderr(message: dict) -> None:
    value = message.get("value")
    share = f"{value:4.0%} " if value is not None else ""
    print(f"{share}{message.get('text', '')}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
