"""S3 with authentication on: the sets of CDSE by name, any bucket, and what goes wrong with keys."""

import concurrent.futures
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cdse_qgis_plugin.engine.embeddings.sources import opening
from cdse_qgis_plugin.engine.embeddings.sources.datasets import DATASETS
from cdse_qgis_plugin.engine.embeddings.sources.opening import reading
from cdse_qgis_plugin.engine.embeddings.sources.retry import Patience
from cdse_qgis_plugin.engine.endpoints import Endpoints
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from . import major_tom_files as major_tom
from .range_server import Fault, RangeServer
from .s3_server import S3Server
from .test_sources import COLUMN, ROW, area, assert_same, make

ROOT = Path(__file__).parents[2]
FOLDER = "auxdata/MajorTOM/embeddings"


@pytest.fixture(scope="module")
def parts():
    """Three files of a set, one above the other from south to north."""
    frames = [major_tom.frame(*major_tom.cells(ROW + 4 * i, COLUMN, 4, 20), dim=48, seed=i) for i in range(3)]
    return [major_tom.parquet(frame) for frame in frames]


@pytest.fixture(scope="module")
def server(parts):
    with S3Server("eodata") as running:
        for i, data in enumerate(parts):
            running.put(f"{FOLDER}/Core-S2L1C-SSL4EO/embeddings/part_{i * 50 + 1:05d}-{i * 50 + 50:05d}.parquet", data)
        running.put(f"{FOLDER}/Core-S2L1C-SSL4EO/README.md", b"about")
        yield running


def a_run(server, secrets=None, logged=None) -> Run:
    """A run with keys, and with the S3 service of this machine."""
    report = (lambda message: logged.append(str(message))) if logged is not None else None
    return Run(report, server.secrets if secrets is None else secrets, Endpoints({"S3": server.address}))


def refused(server, tmp_path, secrets=None, source="cdse:Core-S2L1C-SSL4EO", **request) -> EngineError:
    """The error of an import, which must leave nothing behind, say what to do, and give no key away."""
    logged = []
    run = a_run(server, secrets, logged)
    with pytest.raises(EngineError) as raised:
        make(source, tmp_path / "store", tmp_path, run, bbox=area(ROW, COLUMN), **request)
    error = raised.value
    assert error.message.endswith(".") and error.hint.endswith("."), error.as_dict()
    told = str(error.as_dict()) + "".join(logged)
    for secret in (run.secrets or {}).values():
        assert secret not in told
    assert not (tmp_path / "store").exists()
    return error


def test_a_set_of_cdse_by_name(server, parts, tmp_path):
    bbox = area(ROW + 5, COLUMN + 3, rows=4, columns=3)
    _, remote = make("cdse:Core-S2L1C-SSL4EO", tmp_path / "remote", tmp_path, a_run(server), bbox=bbox)
    folder = tmp_path / "Core-S2L1C-SSL4EO"
    folder.mkdir()
    for i, data in enumerate(parts):
        (folder / f"part_{i * 50 + 1:05d}-{i * 50 + 50:05d}.parquet").write_bytes(data)
    _, local = make(folder, tmp_path / "local", tmp_path, bbox=bbox)
    assert remote.count == local.count > 200
    assert_same(remote, local)
    assert remote.manifest["dataset"] == "Major TOM Core-S2L1C-SSL4EO"
    assert remote.manifest["source"]["path"] == "cdse:Core-S2L1C-SSL4EO"
    assert remote.manifest["source"]["files"] == 2


def test_a_bucket_and_a_key(server, parts, tmp_path):
    key = f"s3://eodata/{FOLDER}/Core-S2L1C-SSL4EO/embeddings/part_00001-00050.parquet"
    _, one = make(key, tmp_path / "one", tmp_path, a_run(server), bbox=area(ROW, COLUMN))
    folder = f"s3://eodata/{FOLDER}/Core-S2L1C-SSL4EO"
    _, all_of_it = make(folder, tmp_path / "all", tmp_path, a_run(server), bbox=area(ROW, COLUMN))
    assert_same(one, all_of_it)


def test_from_the_command_line_with_keys_on_stdin(server, tmp_path):
    (tmp_path / "endpoints.json").write_text(json.dumps({"S3": server.address}))
    request = {
        "source": "cdse:Core-S2L1C-SSL4EO", "store": str(tmp_path / "store"), "cache": str(tmp_path / "cache"),
        "bbox": list(map(float, area(ROW, COLUMN))),
    }  # fmt: skip
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "--secrets"]
    command += ["--endpoints", str(tmp_path / "endpoints.json"), "embeddings.import", json.dumps(request)]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(server.secrets), capture_output=True, text=True, check=True
    )  # fmt: skip
    assert json.loads(done.stdout)["count"] > 40
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in server.secrets.values():
        assert secret not in done.stdout + done.stderr and secret.encode() not in kept


def test_an_estimate_before_anything_is_read(server, parts, tmp_path):
    request = {"source": "cdse:Core-S2L1C-SSL4EO", "bbox": area(ROW, COLUMN, 2, 2), "cache": str(tmp_path)}
    told = find("embeddings.estimate")(request, a_run(server))
    _, store = make(request["source"], tmp_path / "store", tmp_path, a_run(server), bbox=request["bbox"])
    assert told["files_in_total"] == 3 and told["files"] == 1
    assert abs(told["patches"] - store.count) <= 4
    assert told["megabytes_in_total"] == pytest.approx(sum(map(len, parts)) / 1e6, abs=0.01)
    assert 0 < told["megabytes"] < told["megabytes_in_total"]


def test_more_than_a_thousand_keys(server, parts, tmp_path):
    def put(number: int) -> None:
        server.put(
            f"many/part_{number:05d}.txt" if number else "many/zz_last.parquet", parts[0] if not number else b"."
        )

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(1101)))
    _, store = make("s3://eodata/many", tmp_path / "store", tmp_path, a_run(server), bbox=area(ROW, COLUMN))
    assert store.count > 40


def test_wrong_keys(server, tmp_path):
    unknown = {"s3_access_key": "AKIAIOSFODNN7EXAMPLE", "s3_secret_key": server.secrets["s3_secret_key"]}
    assert refused(server, tmp_path, unknown).code == "wrong_key"
    other_half = {**server.secrets, "s3_secret_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
    error = refused(server, tmp_path, other_half)
    assert error.code == "wrong_key" and "secret key" in error.message


def test_keys_that_may_not(server, tmp_path):
    stranger = server.stranger()
    error = refused(server, tmp_path, stranger)
    assert error.code == "denied" and "keys" in error.message


def test_keys_that_were_withdrawn(server, tmp_path):
    keys = server._user("*", "gone")
    server.forget_key(keys, "gone")
    error = refused(server, tmp_path, keys)
    assert error.code == "wrong_key" and "run out" in error.message


def test_no_keys(server, tmp_path):
    assert refused(server, tmp_path, {}).code == "no_keys"
    with RangeServer({}) as closed:
        # Unsigned requests are open to the sets of others; where they are not, the service says so.
        closed.fault_for = lambda request: Fault(status=403)
        error = refused(closed, tmp_path, {}, source="s3://eodata/somewhere")
    assert error.code == "denied" and "none were given" in error.message


def test_names_that_do_not_exist(server, tmp_path):
    error = refused(server, tmp_path, source="cdse:Core-S2L1C-SSL4E")
    assert error.code == "unknown_dataset" and "Core-S2L1C-SSL4EO" in error.hint
    assert all(name in error.hint for name in DATASETS)
    assert refused(server, tmp_path, source="cdse:Core-S2L2A-MMEarth").code == "dense_dataset"
    assert refused(server, tmp_path, source="s3://nobodys-bucket/x").code == "no_source"
    assert refused(server, tmp_path, source="s3://eodata/no/such/folder").code == "no_source"
    assert refused(server, tmp_path, source="cdse:Core-S2RGB-DINOv2").code == "no_source"


def test_an_object_that_is_replaced_while_it_is_read(server, parts, tmp_path):
    """The listing says one version, the reading would meet another."""
    server.put("moving/part.parquet", parts[0])
    with reading("s3://eodata/moving", a_run(server), str(tmp_path)) as source:
        (item,) = source.items()
        server.put("moving/part.parquet", parts[1])
        with pytest.raises(EngineError) as raised:
            source.open([item])
    assert raised.value.code == "source_changed"


def test_no_server(server, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", Patience(2, 0.05))
    nobody = S3Server("eodata")
    nobody.secrets = server.secrets
    error = refused(nobody, tmp_path)
    assert error.code == "no_network"
