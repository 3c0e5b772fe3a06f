"""The command line, run as a person or a script runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .embedding_files import generic, points_table
from .engine_process import MAIN

ROOT = Path(__file__).parents[2]


def run(*arguments, text=None, folder=ROOT):
    """Runs the command line; returns the status, the one JSON document and stderr."""
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", *map(str, arguments)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=folder, timeout=120)
    return done.returncode, only_json(done.stdout), done.stderr


def only_json(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    assert text.endswith("\n")
    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("command line")
    generic(path / "patches.parquet", 50)
    return path


@pytest.fixture(scope="module")
def store(folder):
    status, made, _ = run("run", "embeddings.import", json.dumps(request(folder)))
    assert status == 0, made
    return made["store"]


def request(folder, name="store"):
    return {"source": str(folder / "patches.parquet"), "store": str(folder / name)}


def test_list():
    status, listed, stderr = run("list")
    assert status == 0 and stderr == ""
    assert all(set(known) == {"name", "summary", "risk", "schema"} for known in listed)
    assert "embeddings.import" in [known["name"] for known in listed]


def test_run_prints_the_result_and_tells_progress_on_stderr(folder):
    points_table(folder / "points.parquet", count=20_000, dim=256)
    arguments = json.dumps({"source": str(folder / "points.parquet"), "store": str(folder / "from points")})
    status, made, stderr = run("run", "embeddings.import", arguments)
    assert status == 0 and made["count"] == 20_000
    assert "%" in stderr and "of 20,000" in stderr


def test_started_as_a_file_from_anywhere(store, tmp_path):
    command = [sys.executable, "-I", str(MAIN), "run", "embeddings.describe", json.dumps({"store": store})]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0 and only_json(done.stdout)["count"] == 50


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "embeddings.describe", '{"store": "/nowhere"}'], "no_store"),
        (["run", "embeddings.describ", "{}"], "unknown_operation"),
        (["run", "embeddings.describe"], "bad_request"),
        (["run", "embeddings.describe", "{"], "bad_request"),
        (["run", "embeddings.describe", "[1]"], "bad_request"),
        (["run", "embeddings.describe", "@/nowhere.json"], "bad_request"),
        (["run", "embeddings.describe", "{}", "--endpoints", "/nowhere.json"], "bad_request"),
        (["run", "embeddings.describe", '{"store": "\\udcff"}'], "no_store"),
    ],
)
def test_failures_are_one_document_and_exit_1(arguments, code):
    status, answer, _ = run(*arguments)
    assert status == 1 and set(answer) == {"error"}
    assert answer["error"]["code"] == code and answer["error"]["message"] and answer["error"]["hint"]


def test_no_command_says_how():
    done = subprocess.run(
        [sys.executable, "-m", "cdse_qgis_plugin.engine"], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert done.returncode == 2 and "usage" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_request_from_a_file(folder, store, encoding):
    (folder / "request.json").write_text(json.dumps({"store": store}), encoding=encoding)
    status, answer, _ = run("run", "embeddings.describe", f"@{folder / 'request.json'}")
    assert status == 0 and answer["count"] == 50


def test_request_from_stdin(store):
    status, answer, _ = run("run", "embeddings.describe", "-", text=json.dumps({"store": store}))
    assert status == 0 and answer["count"] == 50


def test_secrets_are_read_and_never_echoed():
    secret = "hunter2-päss"
    arguments = json.dumps({"store": f"/nowhere/{secret}"})
    status, answer, stderr = run("run", "embeddings.describe", arguments, "--secrets", text=json.dumps({"k": secret}))
    assert status == 1 and answer["error"]["code"] == "no_store" and "•••" in answer["error"]["message"]
    assert secret not in json.dumps(answer, ensure_ascii=False) + stderr


@pytest.mark.parametrize("text", ["", "hunter2", '["hunter2"]', '{"k": 5}', '{"k": {"deep": "hunter2"}}'])
def test_secrets_that_are_no_object_of_texts(store, text):
    status, answer, stderr = run("run", "embeddings.describe", json.dumps({"store": store}), "--secrets", text=text)
    assert status == 1 and answer["error"]["code"] == "bad_request" and "--secrets" in answer["error"]["message"]
    assert "hunter2" not in json.dumps(answer) + stderr


def test_endpoints(folder, store):
    arguments = ["run", "embeddings.describe", json.dumps({"store": store}), "--endpoints", folder / "endpoints.json"]
    known = {"STAC": "http://127.0.0.1:1/", "oidc_issuer": "http://127.0.0.1:2"}
    (folder / "endpoints.json").write_text(json.dumps(known))
    assert run(*arguments)[0] == 0
    (folder / "endpoints.json").write_text(json.dumps({"STAK": "http://127.0.0.1:1/"}))
    status, answer, _ = run(*arguments)
    assert status == 1 and answer["error"]["code"] == "unknown_endpoint" and "STAC" in answer["error"]["hint"]
    (folder / "endpoints.json").write_text(json.dumps({"STAC": "ftp://x"}))
    assert run(*arguments)[1]["error"]["code"] == "bad_endpoint"
    (folder / "endpoints.json").write_text(json.dumps({"STAC": 5}))
    assert run(*arguments)[1]["error"]["code"] == "bad_endpoint"


def test_stdout_is_one_document_even_when_libraries_print(folder, store):
    program = (
        "import os, sys\n"
        "from cdse_qgis_plugin.engine import operations\n"
        "real = operations.find\n"
        "def noisy(name):\n"
        "    print('noise from python')\n"
        "    os.write(1, b'noise from c\\n')\n"
        "    return real(name)\n"
        "operations.find = noisy\n"
        "from cdse_qgis_plugin.engine.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", program, "run", "embeddings.describe", json.dumps({"store": store})]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0 and only_json(done.stdout)["count"] == 50
    assert "noise from python" in done.stderr and "noise from c" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_says_cancelled_and_leaves_nothing(folder, number):
    points_table(folder / "long.parquet", count=60_000, dim=512)
    arguments = json.dumps({"source": str(folder / "long.parquet"), "store": str(folder / "long")})
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "embeddings.import", arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    while "Read" not in process.stderr.readline():
        assert process.poll() is None
    started = time.monotonic()
    os.kill(process.pid, number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 1 and only_json(stdout)["error"]["code"] == "cancelled"
    assert time.monotonic() - started < 2 and "Traceback" not in stderr
    assert not [path for path in folder.iterdir() if path.name.startswith((".long", "long")) and path.is_dir()]


def test_interrupted_before_it_began():
    """While it waits for the secrets on stdin, an interrupt is a cancel too."""
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "embeddings.describe", "{}", "--secrets"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    time.sleep(2)
    os.kill(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 1 and only_json(stdout)["error"]["code"] == "cancelled", stderr


def test_the_answer_survives_a_locale_without_utf8(store):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "embeddings.describe", '{"store": "/größe"}']
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, env=environment)
    assert done.returncode == 1 and "größe" in only_json(done.stdout.decode("utf-8"))["error"]["message"]
