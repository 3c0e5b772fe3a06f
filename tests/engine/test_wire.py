"""The wire, spoken with a real engine process."""

import json
import os
import signal
import sys
import time
from subprocess import PIPE, Popen

import numpy as np
import pytest

from cdse_qgis_plugin.engine import PROTOCOL, __version__

from .embedding_files import points_table
from .engine_process import Engine
from .stores import grid, make_store


@pytest.fixture
def engine():
    with Engine() as engine:
        assert engine.receive()["type"] == "hello"
        yield engine


@pytest.fixture(scope="module")
def warm():
    """One engine for all calls that must leave it as it was."""
    with Engine() as engine:
        assert engine.receive()["type"] == "hello"
        yield engine


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    lon, lat = grid(20, 20)
    vectors = np.random.default_rng(2).normal(size=(400, 16))
    return make_store(tmp_path_factory.mktemp("stores") / "store", vectors, lon, lat, hilbert=True)


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """A file whose import takes a few seconds and reports progress."""
    path = tmp_path_factory.mktemp("long") / "long.parquet"
    points_table(path, count=60_000, dim=512)
    return path


@pytest.fixture
def long_import(long_file, tmp_path):
    return {"source": str(long_file), "store": str(tmp_path / "long store")}


def wait_for_progress(engine, call_id):
    while (message := engine.receive())["type"] != "progress" or message["id"] != call_id:
        assert message["type"] not in ("result", "error"), message


def test_hello_comes_first():
    with Engine() as engine:
        hello = engine.receive()
    assert hello["type"] == "hello" and hello["protocol"] == PROTOCOL and hello["engine"] == __version__
    assert hello["pid"] == engine.process.pid and isinstance(hello["features"], list)


def test_hello_does_not_wait_for_the_libraries():
    """The plugin gives up on a silent engine; importing GDAL and friends may take long on a cold disk."""
    started = time.monotonic()
    with Engine("-X", "importtime") as engine:
        engine.receive()
        hello = time.monotonic() - started
        engine.process.stdin.close()
        engine.process.wait(5)
    assert hello < 5
    before = engine.stderr.split("cdse_qgis_plugin.engine.server")[0]
    assert not [name for name in ("numpy", "pyarrow", "shapely", "geopandas") if f"| {name}\n" in before]


def test_a_call_and_its_result(warm, store):
    warm.call("7", "embeddings.describe", {"store": str(store.path)})
    message, _ = warm.answer("7")
    assert message["type"] == "result" and message["value"]["count"] == 400 and message["value"]["dim"] == 16


def test_calls_are_answered_in_order_and_by_their_id(warm, store):
    for i in range(20):
        warm.call(f"call-{i}", "embeddings.patch_at", {"store": str(store.path), "points": [[10.0, 45.0]]})
    order = []
    while len(order) < 20:
        message = warm.receive()
        assert message["type"] == "result"
        order.append(message["id"])
    assert order == [f"call-{i}" for i in range(20)]


def test_errors_carry_their_hint(warm):
    warm.call("1", "embeddings.describe", {"store": "/nowhere/ünïcode"})
    message, _ = warm.answer("1")
    assert message["type"] == "error" and message["error"]["code"] == "no_store"
    assert "/nowhere/ünïcode" in message["error"]["message"] and message["error"]["hint"]
    warm.call("2", "embeddings.describ", {})
    assert "embeddings.describe" in warm.answer("2")[0]["error"]["hint"]


def test_progress_then_result(engine, long_import, tmp_path):
    engine.call("p", "embeddings.import", long_import)
    message, before = engine.answer("p")
    assert message["type"] == "result" and message["value"]["count"] == 60_000
    progress = [said for said in before if said["type"] == "progress"]
    assert len(progress) > 1 and all(said["id"] == "p" for said in progress)
    shares = [said["value"] for said in progress if said["value"] is not None]
    assert shares and all(0 <= share <= 1 for share in shares)


def test_cancel_in_flight(engine, long_import, tmp_path, store):
    engine.call("long", "embeddings.import", long_import)
    wait_for_progress(engine, "long")
    asked = time.monotonic()
    engine.send(type="cancel", id="long")
    message, _ = engine.answer("long")
    assert message["error"]["code"] == "cancelled" and time.monotonic() - asked < 1
    assert not [path for path in tmp_path.iterdir() if "long store" in path.name]
    engine.call("next", "embeddings.describe", {"store": str(store.path)})
    assert engine.answer("next")[0]["type"] == "result"


def test_cancel_in_the_queue(engine, long_import, store):
    engine.call("long", "embeddings.import", long_import)
    engine.call("waiting", "embeddings.describe", {"store": str(store.path)})
    engine.call("staying", "embeddings.describe", {"store": str(store.path)})
    wait_for_progress(engine, "long")
    engine.send(type="cancel", id="waiting")
    engine.send(type="cancel", id="long")
    engine.send(type="cancel", id="never heard of")
    assert engine.answer("long")[0]["error"]["code"] == "cancelled"
    assert engine.answer("waiting")[0]["error"]["code"] == "cancelled"
    assert engine.answer("staying")[0]["type"] == "result"


def test_secrets_are_blotted_out_of_errors(warm):
    secret = "s3cr3t/päss wörd"
    warm.call("1", "embeddings.describe", {"store": f"/data/{secret}/store"}, secrets={"key": secret, "empty": ""})
    message, _ = warm.answer("1")
    said = json.dumps(message, ensure_ascii=False)
    assert secret not in said and "•••" in said
    assert secret not in warm.stderr


@pytest.mark.parametrize(
    "line",
    [
        "this is not JSON",
        "[1, 2, 3]",
        "7",
        "null",
        '{"type": "call"}',
        '{"id": "1"}',
        '{"type": "dance", "id": "1"}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "secrets": "not an object"}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "secrets": {"a": 5}, "arguments": {}}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "endpoints": [1]}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "endpoints": {"STAK": "http://x"}}',
        '{"type": "call", "id": "1", "operation": 5, "arguments": "no"}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "arguments": [1]}',
        '{"type": "call", "id": "1", "operation": "embeddings.describe", "arguments": {"store": "\\udcff"}}',
        "[" * 200_000,
        b"\xff\xfe\x00 rubbish\n",
    ],
    ids=lambda line: str(line[:60]),
)
def test_rubbish_is_answered_and_survived(warm, store, line):
    warm.send_line(line)
    message = warm.receive(10)
    assert message["type"] == "error" and message["error"]["message"] and "Traceback" not in message["error"]["message"]
    warm.call("after", "embeddings.describe", {"store": str(store.path)})
    assert warm.answer("after", 20)[0]["type"] == "result"


def test_empty_lines_say_nothing(warm, store):
    warm.send_line("\n\n   \n")
    warm.call("1", "embeddings.describe", {"store": str(store.path)})
    assert warm.receive()["type"] == "result"


def test_an_id_in_use_is_refused(engine, long_import, store):
    engine.call("same", "embeddings.import", long_import)
    engine.call("same", "embeddings.describe", {"store": str(store.path)})
    message, _ = engine.answer("same")
    assert message["error"]["code"] == "bad_message" and "“same”" in message["error"]["message"]
    engine.send(type="cancel", id="same")
    assert engine.answer("same")[0]["error"]["code"] == "cancelled"
    engine.call("same", "embeddings.describe", {"store": str(store.path)})
    assert engine.answer("same")[0]["type"] == "result"


def test_leaves_when_stdin_closes():
    with Engine() as engine:
        engine.receive()
        started = time.monotonic()
        engine.process.stdin.close()
        assert engine.process.wait(1) == 0
        assert time.monotonic() - started < 1
        assert engine.receive() is None


def test_leaves_when_stdin_closes_even_while_computing(long_import, tmp_path):
    with Engine(TMPDIR=str(tmp_path / "tmp")) as engine:
        (tmp_path / "tmp").mkdir()
        engine.receive()
        engine.call("1", "embeddings.import", long_import)
        wait_for_progress(engine, "1")
        engine.process.stdin.close()
        assert engine.process.wait(1) == 0
    assert not (tmp_path / "long store").exists()


def test_killed_shows_as_the_end_of_the_stream(long_import):
    with Engine() as engine:
        engine.receive()
        engine.call("1", "embeddings.import", long_import)
        wait_for_progress(engine, "1")
        os.kill(engine.process.pid, signal.SIGKILL)
        while (message := engine.receive(5)) is not None:
            assert message["type"] == "progress"
        assert engine.process.wait(5) == -signal.SIGKILL


def test_what_libraries_print_stays_off_the_wire(tmp_path):
    """A print below the engine lands on stderr, be it from Python or from C."""
    program = (
        "import os, runpy, sys\n"
        "from cdse_qgis_plugin.engine import operations\n"
        "real = operations.find\n"
        "def noisy(name):\n"
        "    print('noise from python', flush=True)\n"
        "    os.write(1, b'noise from c\\n')\n"
        "    return real(name)\n"
        "from cdse_qgis_plugin.engine import server\n"
        "server.find = noisy\n"
        "server.main()\n"
    )
    call = json.dumps({"type": "call", "id": "1", "operation": "embeddings.describe", "arguments": {"store": "/no"}})
    process = Popen(
        [sys.executable, "-c", program],
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )
    process.stdin.write(call + "\n")
    process.stdin.flush()
    lines = [json.loads(process.stdout.readline()) for _ in range(2)]
    rest, noise = process.communicate(timeout=10)
    assert [line["type"] for line in lines] == ["hello", "error"] and rest == ""
    assert "noise from python" in noise and "noise from c" in noise
