"""Servers that misbehave and files that are not right: what can be read is read, and the rest is said in words."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cdse_qgis_plugin.engine.embeddings.sources import opening
from cdse_qgis_plugin.engine.embeddings.sources.retry import Patience
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from . import major_tom_files as major_tom
from .range_server import Fault, RangeServer
from .test_sources import COLUMN, ROW, area, assert_same, make

ROOT = Path(__file__).parents[2]
BBOX = area(ROW + 5, COLUMN + 5, rows=2, columns=3)
PATH = "/part.parquet"


@pytest.fixture(scope="module")
def frame():
    return major_tom.frame(*major_tom.cells(ROW, COLUMN, 12, 16), dim=64)


@pytest.fixture(scope="module")
def data(frame):
    """Small pages, so that many requests can go wrong."""
    return major_tom.parquet(frame, data_page_size=16 << 10, use_dictionary=False)


@pytest.fixture
def server(data):
    with RangeServer({PATH: data}) as running:
        yield running


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", Patience(attempts=3, first_s=0.02, longest_s=0.3))


@pytest.fixture
def expected(data, tmp_path):
    (tmp_path / "local.parquet").write_bytes(data)
    return make(tmp_path / "local.parquet", tmp_path / "local", tmp_path, bbox=BBOX)[1]


def remote(server, tmp_path, run=None, path=PATH, **request):
    return make(server.address + path, tmp_path / "remote", tmp_path, run, **{"bbox": BBOX, **request})[1]


def refused(server, tmp_path, run=None, path=PATH, **request) -> EngineError:
    """The error of an import, which must leave nothing behind and say what to do."""
    with pytest.raises(EngineError) as raised:
        remote(server, tmp_path, run, path, **request)
    error = raised.value
    assert error.message.endswith(".") and error.hint.endswith("."), error.as_dict()
    assert not (tmp_path / "remote").exists()
    assert not list(tmp_path.glob(".remote*")), "a partial store was left behind"
    return error


@pytest.mark.parametrize(
    ("status", "code"), [(403, "denied"), (401, "denied"), (404, "no_source"), (410, "no_source"), (400, "no_source")]
)
def test_refusals(server, tmp_path, status, code):
    server.fault_for = lambda request: Fault(status=status) if len(server.log) > 3 else None
    error = refused(server, tmp_path)
    assert error.code == code and str(status) in error.message
    assert len(server.log) < 10, "what will not pass is not tried again"


@pytest.mark.parametrize("status", [429, 498, 500, 502, 503, 504])
def test_a_busy_server(server, tmp_path, expected, impatient, status):
    server.faults = [None, None, Fault(status=status), None, Fault(status=status), Fault(status=status)]
    assert_same(remote(server, tmp_path), expected)


def test_the_server_says_how_long_to_wait(server, tmp_path, expected):
    server.fault_for = lambda request: Fault(status=503, headers={"Retry-After": "1"}) if len(server.log) == 4 else None
    assert_same(remote(server, tmp_path), expected)
    asked, again = server.log[3], server.log[4]
    assert asked.status == 503 and again.range == asked.range
    assert 1.0 <= again.at - asked.at < 3


def test_too_many_requests_for_too_long(server, tmp_path, impatient):
    server.fault_for = lambda request: Fault(status=429)
    said = []
    error = refused(server, tmp_path, Run(said.append))
    assert error.code == "rate_limited" and "slow down" in error.message


def test_a_wait_that_is_too_long_is_not_begun(server, tmp_path):
    server.fault_for = lambda request: Fault(status=429, headers={"Retry-After": "1800"})
    began = time.monotonic()
    error = refused(server, tmp_path)
    assert error.code == "rate_limited" and "30 minutes" in error.message
    assert time.monotonic() - began < 5


def test_a_server_that_allows_fewer_connections(data, tmp_path, impatient):
    """Other programs of the same person use connections too: after 429 we go on with fewer."""
    files = {f"/part_{i}.parquet": data for i in range(6)}
    with RangeServer({**files, "/list.txt": "\n".join(files).encode()}) as server:

        def limited(request):
            return Fault(status=429) if server.at_once > 2 else Fault(wait_s=0.02)

        server.fault_for = limited
        store = remote(server, tmp_path, path="/list.txt")
        refusals = [i for i, request in enumerate(server.log) if request.status == 429]
        assert store.count > 100 and refusals
        assert refusals[-1] < len(server.log) / 2, "refused again and again"


def test_a_server_that_stays_broken(server, tmp_path, impatient):
    server.fault_for = lambda request: Fault(status=500) if len(server.log) > 4 else None
    assert refused(server, tmp_path).code == "server_error"


@pytest.mark.parametrize("operation", ["import", "estimate"])
@pytest.mark.parametrize(
    "source", ["http://", "https:///x", "http://[::1/x", "http://127.0.0.1:99999/x", "s3://", "s3://B_ad!!/x",
               "ftp://host/x", "gs://bucket/x", "/no/such/file.parquet"],
)  # fmt: skip
def test_what_is_no_source(tmp_path, operation, source):
    request = {"source": source, **({"store": str(tmp_path / "remote")} if operation == "import" else {})}
    with pytest.raises(EngineError) as raised:
        find(f"embeddings.{operation}")({**request, "cache": str(tmp_path)}, Run())
    assert raised.value.code == "no_source"
    assert raised.value.message.endswith(".") and raised.value.hint.endswith(".")


def test_nobody_there(tmp_path, impatient):
    with RangeServer({}) as gone:
        pass
    error = refused(gone, tmp_path)
    assert error.code == "no_network" and "no connection" in error.message


@pytest.mark.parametrize("fault", [Fault(reset=True, after=3000), Fault(short=True, after=3000), Fault(reset=True)])
def test_connections_that_break_go_on_where_they_broke(server, tmp_path, expected, impatient, fault):
    remote(server, tmp_path)
    whole = server.sent
    server.forget()
    server.faults = [None, None, fault, None, fault, None, None, fault]
    _, store = make(server.address + PATH, tmp_path / "again", tmp_path / "elsewhere", bbox=BBOX)
    assert_same(store, expected)
    # A reset takes with it what has arrived but was not looked at yet; nothing else is read twice.
    assert server.sent <= whole + 3 * fault.after


def test_a_file_that_changes_while_it_is_read(server, tmp_path, frame):
    def replace(request):
        if len(server.log) == 5:
            server.files[PATH] = major_tom.parquet(frame.sample(frac=1, random_state=1), data_page_size=16 << 10)

    server.fault_for = replace
    error = refused(server, tmp_path)
    assert error.code == "source_changed" and "changed" in error.message
    server.fault_for = None
    assert remote(server, tmp_path).count > 100  # and the new one can be read from its beginning


def test_a_change_is_seen_without_entity_tags(data, tmp_path):
    with RangeServer({PATH: data}, etags=False) as server:

        def grow(request):
            if len(server.log) == 5:
                server.files[PATH] = data + b"x"

        server.fault_for = grow
        assert refused(server, tmp_path).code == "source_changed"


def test_stopping_takes_less_than_a_second(server, tmp_path):
    for fault in (Fault(a_second=2000), Fault(wait_s=20), Fault(status=503, headers={"Retry-After": "50"})):
        server.fault_for = lambda request, fault=fault: fault if len(server.log) > 3 else None
        run = Run()
        began = []
        threading.Timer(1.0, lambda run=run, began=began: (began.append(time.monotonic()), run.cancel())).start()
        assert refused(server, tmp_path, run).code == "cancelled"
        assert time.monotonic() - began[0] < 1
        server.forget()


def test_at_most_four_connections(data, tmp_path):
    files = {f"/part_{i}.parquet": data for i in range(9)}
    with RangeServer({**files, "/list.txt": "\n".join(files).encode()}) as server:
        server.fault_for = lambda request: Fault(wait_s=0.03)
        remote(server, tmp_path, path="/list.txt", bbox=None)
        assert 2 <= server.most_at_once <= 4


def test_a_server_without_ranges(data, tmp_path):
    with RangeServer({PATH: data + bytes(60 << 20)}, ranges=False) as server:
        assert refused(server, tmp_path).code == "no_ranges"
        assert server.sent < 20 << 20, "the whole file was read for nothing"


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda data: data[:-5000], "source_damaged", "not whole"),
        (lambda data: b"", "source_damaged", "empty"),
        (lambda data: data[:-4] + b"PARE", "not_parquet", "encrypted"),
        (lambda data: b"<html>hello</html>" * 99, "not_parquet", "not a Parquet file"),
        (lambda data: b"GIF89a" * 99, "not_parquet", "not a Parquet file"),
        (lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", "source_damaged", "damaged"),
        (lambda data: data[:-400] + bytes(392) + data[-8:], "source_damaged", "damaged"),
        (lambda data: b"PAR1", "source_damaged", "damaged"),
    ],
)
def test_files_that_are_not_right(data, tmp_path, spoil, code, words):
    with RangeServer({PATH: spoil(data)}) as server:
        error = refused(server, tmp_path)
    assert error.code == code and words in error.message


@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("index", [True, False])
def test_damaged_pages(frame, tmp_path, checksums, index):
    """A few bytes within the vectors that are read are wrong."""
    options = {"write_page_checksum": checksums, "write_page_index": index}
    good = major_tom.parquet(frame, data_page_size=16 << 10, use_dictionary=False, **options)
    with RangeServer({PATH: good}) as server:
        remote(server, tmp_path)
        pages = [request.range for request in server.log if request.sent > 12_000]
    bad = bytearray(good)
    for start, stop in pages:
        if stop < len(good):  # not the footer
            for at in range(start + 1000, stop - 1000, 3000):
                bad[at] ^= 0xFF
    with RangeServer({PATH: bytes(bad)}) as server:
        try:
            make(server.address + PATH, tmp_path / "bad", tmp_path / "other", bbox=BBOX)
        except EngineError as error:
            assert error.code == "source_damaged" and error.hint
        else:
            assert not checksums, "a wrong checksum was not noticed"


def test_a_page_header_that_is_rubbish(frame, tmp_path):
    good = major_tom.parquet(frame, data_page_size=16 << 10, use_dictionary=False)
    with RangeServer({PATH: good}) as server:
        remote(server, tmp_path)
        headers = [request.range for request in server.log if request.sent == 256]
    start = headers[len(headers) // 2][0]
    bad = good[:start] + b"\xff" * 40 + good[start + 40 :]
    with RangeServer({PATH: bad}) as server:
        with pytest.raises(EngineError) as raised:
            make(server.address + PATH, tmp_path / "bad", tmp_path / "other", bbox=BBOX)
        assert raised.value.code == "source_damaged"


def test_a_page_index_that_is_rubbish_is_not_used(frame, tmp_path, expected):
    from cdse_qgis_plugin.engine.embeddings.sources import thrift

    good = major_tom.parquet(frame, data_page_size=16 << 10, use_dictionary=False, write_page_index=True)
    length = int.from_bytes(good[-8:-4], "little")
    tree, _ = thrift.read_struct(good[-8 - length : -8])
    bad = bytearray(good)
    for chunk in tree[4].value.values[0][1].value.values:
        at, size = chunk[4].value, chunk[5].value
        bad[at : at + size] = b"\x77" * size
    with RangeServer({PATH: bytes(bad)}) as server:
        assert_same(remote(server, tmp_path), expected)


def test_an_area_without_data(server, tmp_path):
    error = refused(server, tmp_path, bbox=[100.0, -30.0, 101.0, -29.0])
    assert error.code == "outside_area"
    inside_the_file = refused(server, tmp_path, bbox=area(ROW + 5, COLUMN + 40))
    assert inside_the_file.code == "outside_area"


def test_an_area_across_the_antimeridian(tmp_path):
    """Fiji: cells on either side, of which the last one of an odd row lies across."""
    from cdse_qgis_plugin.engine.embeddings import grid

    row = np.repeat(np.arange(-192, -186), 6)
    _, column = grid.neighbour(row, grid.cells_at(np.full(36, 179.999), grid.latitude(row) + 0.01)[1], 0)
    column = grid.neighbour(row, column, np.tile(np.arange(-3, 3), 6))[1]
    data = major_tom.parquet(major_tom.frame(row, column, 32), data_page_size=4096)
    (tmp_path / "fiji.parquet").write_bytes(data)
    bbox = [179.9, -17.1, -179.9, -16.9]
    with RangeServer({PATH: data}) as server:
        found = remote(server, tmp_path, bbox=bbox)
    assert_same(found, make(tmp_path / "fiji.parquet", tmp_path / "local", tmp_path, bbox=bbox)[1])
    lon = found.column("lon")
    assert found.count > 50 and (lon > 179.8).any() and (lon < -179.8).any()


def test_the_second_time_nothing_is_read_again(server, tmp_path, expected):
    remote(server, tmp_path)
    server.forget()
    assert_same(make(server.address + PATH, tmp_path / "second", tmp_path, bbox=BBOX)[1], expected)
    assert server.sent < 100


def test_more_than_allowed_is_refused_before_it_is_read(server, data, tmp_path):
    error = refused(server, tmp_path, max_patches=100)
    assert error.code == "too_many_patches" and "100" in error.message
    assert server.sent < 0.2 * len(data)
    server.forget()
    assert refused(server, tmp_path, bbox=None, max_patches=4000).code == "too_many_patches"
    assert server.sent < 70_000


def test_no_room_on_the_disk(server, tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000))
    assert refused(server, tmp_path).code == "disk_full"


def test_keys_in_an_address_stay_secret(data, tmp_path):
    with RangeServer({PATH: data}) as server:
        address = server.address.replace("//", "//someone:hushhush@") + PATH + "?X-Amz-Signature=abcdef0123456789"
        said = []
        told, store = make(address, tmp_path / "store", tmp_path, Run(said.append), bbox=BBOX)
        everything = json.dumps([told, store.manifest, said])
        server.fault_for = lambda request: Fault(status=403)
        with pytest.raises(EngineError) as raised:
            make(address, tmp_path / "store2", tmp_path / "new", Run(said.append), bbox=BBOX)
    everything += json.dumps([raised.value.as_dict(), said]) + str(list((tmp_path / "cache").rglob("*")))
    assert "hushhush" not in everything and "abcdef0123456789" not in everything


def test_a_redirect_that_runs_out(data, tmp_path, expected):
    """What a mirror redirects to is signed for some minutes only."""
    with RangeServer({"/signed-1": data, "/signed-2": data}) as server:
        server.redirects["/part.parquet"] = "/signed-1"

        def expire(request):
            if len(server.log) > 8:
                server.redirects["/part.parquet"] = "/signed-2"
                return Fault(status=403) if request.path == "/signed-1" else None

        server.fault_for = expire
        assert_same(remote(server, tmp_path), expected)
        asked = [request.path for request in server.log]
        assert asked.count("/part.parquet") == 2, "every range asked anew where it lies"


@pytest.mark.parametrize("kind", ["text", "json", "html"])
def test_lists_of_files(frame, data, tmp_path, kind):
    west = frame[frame.grid_col_r < COLUMN + 7]
    east = frame[frame.grid_col_r >= COLUMN + 7]
    files = {"/set/part_2.parquet": major_tom.parquet(west), "/set/part_10.parquet": major_tom.parquet(east)}
    lists = {
        "text": "# the parts\n/set/part_2.parquet\npart_10.parquet\nREADME.md\n",
        "json": json.dumps({"files": [{"path": "part_2.parquet"}, {"path": "/set/part_10.parquet", "size": 3}]}),
        "html": '<!DOCTYPE html><ul><li><a href="../">up</a><li><a href="part_10.parquet">10</a>'
        '<li><a href="part_2.parquet">2</a></ul>',
    }
    with RangeServer({**files, "/set/": lists[kind].encode()}) as server:
        server.types["/set/"] = {"text": "text/plain", "json": "application/json", "html": "text/html"}[kind]
        found = remote(server, tmp_path, path="/set/")
    assert found.manifest["source"]["files"] == 2
    (tmp_path / "whole.parquet").write_bytes(data)
    whole = make(tmp_path / "whole.parquet", tmp_path / "whole", tmp_path, bbox=BBOX)[1]
    assert sorted(found.column("id")) == sorted(whole.column("id"))


def test_killed_and_taken_up_again(data, tmp_path, expected):
    """kill -9 in the middle of reading; the next run reads only what is missing."""
    with RangeServer({PATH: data}) as server:
        server.fault_for = lambda request: Fault(wait_s=0.05)
        request = {
            "source": server.address + PATH, "store": str(tmp_path / "remote"), "cache": str(tmp_path / "cache"),
            "bbox": list(map(float, BBOX)),
        }  # fmt: skip
        command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "embeddings.import", json.dumps(request)]
        # First without an interruption, to know what it takes; then killed at about half of it.
        whole = {**request, "cache": str(tmp_path / "cache0"), "store": str(tmp_path / "store0")}
        subprocess.run([*command[:-1], json.dumps(whole)], cwd=ROOT, check=True, capture_output=True)
        takes = server.sent
        server.forget()
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while server.sent < 0.6 * takes and child.poll() is None:
            time.sleep(0.005)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        read = server.sent
        assert not (tmp_path / "remote").exists()
        server.forget()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        assert server.sent < takes - 0.5 * read
    from cdse_qgis_plugin.engine.embeddings.store import Store

    assert_same(Store(tmp_path / "remote"), expected)
