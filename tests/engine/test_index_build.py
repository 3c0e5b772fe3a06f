"""Building an index: its refusals, stops, kills and rivals; stores that lists do not suit."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import Cancelled, EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
from cdse_qgis_plugin.engine.similarity import index_files
from cdse_qgis_plugin.engine.similarity.coarse import list_count
from cdse_qgis_plugin.engine.similarity.index_choice import choose_index

from .disks import small_disk
from .engine_process import MAIN
from .indexed_stores import build, clustered, search, store_of

COUNT = 52_000
FEW = 20_000


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store that is indexed though it is small, so that building takes a moment only."""
    monkeypatch.setattr("cdse_qgis_plugin.engine.similarity.index_build.MIN_ROWS", 5000)
    return store_of(tmp_path / "störe", clustered(FEW, 16))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A store to build an index of in another process."""
    return store_of(tmp_path_factory.mktemp("large") / "store", clustered(COUNT, 32))


class Recorder:
    """A run that remembers all it was told, and does something when it hears a text."""

    def __init__(self, text=None, react=None):
        self.said = []
        self.run = Run(self._hear)
        self.run._INTERVAL_S = -1  # hear everything
        self._text = text
        self._react = react or self.run.cancel

    def _hear(self, message):
        self.said.append(message)
        if self._text and self._text in message["text"]:
            self._text = None
            self._react()

    def heard(self, text):
        return any(text in message["text"] for message in self.said)


def files(store):
    return sorted(path.name for path in index_files.folder(store).iterdir())


def test_list_counts_are_powers_of_two():
    assert [list_count(n) for n in (52_000, 200_000, 1_000_000, 10_000_000)] == [512, 1024, 2048, 8192]


def test_small_stores_need_no_index(tmp_path):
    small = store_of(tmp_path / "small", clustered(2000, 16))
    with pytest.raises(EngineError) as caught:
        build(small)
    assert caught.value.code == "index_not_needed"
    assert "2,000 patches" in caught.value.message and "50,000" in caught.value.hint
    assert not index_files.folder(small).exists()


def test_an_engine_without_faiss_says_so_and_searches_on(tmp_path):
    small = store_of(tmp_path / "small", clustered(500, 8))
    program = f"""
import json, sys
sys.modules["faiss"] = None
sys.path.insert(0, {str(MAIN.parents[2])!r})
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
try:
    find("similarity.build_index")({{"store": {str(small.path)!r}}}, Run())
except EngineError as error:
    said = error.as_dict()
like = [[{small.lon[3]}, {small.lat[3]}]]
found = find("similarity.search")({{"store": {str(small.path)!r}, "like": like, "k": 4}}, Run())
print(json.dumps([said, found["exact"], len(found["matches"])]))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    said, exact, matches = json.loads(done.stdout)
    assert said["code"] == "library_missing" and "faiss" in said["message"] and exact and matches == 4


def test_a_build_tells_its_progress_and_leaves_no_partial_files(store):
    recorder = Recorder()
    told = build(store, recorder.run)
    values = [message["value"] for message in recorder.said]
    assert values == sorted(values) and 0 <= values[0] < 0.05 and 0.8 < values[-1] <= 1
    assert told["lists"] == 256 and set(told["stages"]) == {"learn", "assign", "encode", "measure"}
    assert files(store)[-1] == "manifest.json" and "partial" not in files(store)
    assert find("embeddings.describe")({"store": str(store.path)}, Run())["index"]["lists"] == 256


@pytest.mark.parametrize("stage", ["Gathering", "Assigning", "Compressing", "true best"])
def test_a_stopped_build_goes_on_where_it_was(store, stage):
    with pytest.raises(Cancelled):
        build(store, Recorder(stage).run)
    told = search(store, 9, k=5)
    assert told["exact"] and told["notes"] == [], "a build that is not done does not disturb"
    again = Recorder()
    build(store, again.run)
    stages = ["Gathering", "Assigning", "Compressing", "true best"]
    done = stages[: stages.index(stage)]
    assert [text for text in stages if not again.heard(text)] == done
    assert choose_index(store, 0.9)[1] == []
    assert index_files.read_manifest(store) is not None


def test_what_an_interrupted_build_left_is_checked(store):
    with pytest.raises(Cancelled):
        build(store, Recorder("true best").run)
    for name in ("coarse.npz", "assigned.npy", "lists.faiss"):
        path = index_files.folder(store) / "partial" / name
        path.write_bytes(path.read_bytes()[:-100])
    again = Recorder()
    build(store, again.run)
    assert all(again.heard(text) for text in ("Gathering", "Assigning", "Compressing"))


def test_stages_of_another_store_are_not_taken_up(store):
    with pytest.raises(Cancelled):
        build(store, Recorder("Assigning").run)
    plan = index_files.folder(store) / "partial" / "plan.json"
    plan.write_text(plan.read_text().replace(str(FEW), str(FEW + 1)))
    again = Recorder()
    build(store, again.run)
    assert again.heard("Gathering")


def start(store):
    """A build in a process of its own; its progress comes on stderr."""
    command = [sys.executable, "-u", str(MAIN), "run", "similarity.build_index", json.dumps({"store": str(store.path)})]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(process, text):
    """Reads stderr until a text comes."""
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        for line in process.stderr:
            if text in line:
                return
    finally:
        watchdog.cancel()
    raise AssertionError(f"“{text}” was never told")


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stderr.close()


@pytest.mark.parametrize("stage", ["Gathering", "true best"])
def test_a_killed_build_leaves_the_store_as_it_was(large, stage):
    process = start(large)
    wait_for(process, stage)
    kill(process)
    told = search(large, 9, k=5)
    assert told["exact"] and told["notes"] == [] and len(told["matches"]) == 5
    assert index_files.read_manifest(large) is None
    shutil.rmtree(index_files.folder(large))


def test_only_one_builds_and_the_next_takes_up_what_a_killed_one_left(large):
    process = start(large)
    wait_for(process, "Gathering")
    with pytest.raises(EngineError) as caught:
        build(large)
    assert caught.value.code == "index_busy" and caught.value.hint
    wait_for(process, "Compressing")
    kill(process)
    again = Recorder()
    build(large, again.run)
    assert again.heard("Compressing") and not again.heard("Assigning")
    assert len(files(large)) == 2


def test_a_killed_rebuild_leaves_the_old_index_in_use(large):
    before, manifest = files(large), index_files.read_manifest(large)
    process = start(large)
    wait_for(process, "Compressing")
    kill(process)
    assert index_files.read_manifest(large) == manifest
    assert index_files.read_lists(large, manifest).count == COUNT
    build(large)
    after = files(large)
    assert len(after) == 2 and after != before, "the new lists took the place of the old ones"


def test_a_store_made_anew_meanwhile_gets_no_old_index(store):
    anew = Recorder("true best", lambda: store_of(store.path, clustered(FEW, 16, seed=9)))
    with pytest.raises(EngineError) as caught:
        build(store, anew.run)
    assert caught.value.code == "store_changed"
    told = search(Store(store.path), 4, k=3)
    assert told["exact"] and told["notes"] == []


def test_vectors_that_do_not_gather_into_groups_stay_exact(tmp_path):
    rng = np.random.default_rng(3)
    random = store_of(tmp_path / "random", rng.normal(size=(COUNT, 64)))
    told = build(random)
    assert told["recall"] is None and "stay exact" in told["notes"][0]
    assert files(random) == ["manifest.json"], "lists that help nobody take no disk"
    answer = search(random, 100, k=10)
    assert answer["exact"] and answer["notes"] == []
    assert find("embeddings.describe")({"store": str(random.path)}, Run())["index"]["state"] == "no use"


@pytest.mark.parametrize("what", ["duplicates", "zeros", "zeros and others"])
def test_odd_vectors(tmp_path, what):
    some = clustered(COUNT, 50)  # fifty dimensions do not fill whole bytes
    vectors = {
        "duplicates": np.repeat(some[:26], COUNT // 26, axis=0),
        "zeros": np.zeros((COUNT, 50)),
        "zeros and others": np.where(np.arange(COUNT)[:, None] % 2, some, 0),
    }[what]
    odd = store_of(tmp_path / "odd", vectors)
    build(odd)
    index, exact = (choose_index(odd, recall)[0] for recall in (0.9, 1))
    shares = []
    for row in range(1, COUNT, 2000):
        query = odd.vectors[row] if odd.vectors[row].any() else np.eye(50, dtype=np.float32)[0]
        (_, found), (_, true) = (which.search(query, 100, Run(), None, "place") for which in (index, exact))
        assert len(found) == 100 and np.isfinite(found).all()
        shares.append(np.mean(found >= true[-1] - 1e-5))
    assert np.mean(shares) >= 0.87


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, store):
    with small_disk(tmp_path / "disk", 16) as disk:
        full = Store(shutil.copytree(store.path, disk / "store"))
        leave_free(disk, 300_000)
        with pytest.raises(EngineError) as caught:
            build(full)
        assert caught.value.code == "disk_full" and "searched exactly" in caught.value.hint
        assert search(full, 9, k=5)["exact"] and not index_files.folder(full).exists()


@pytest.mark.parametrize("text", ["Gathering", "Compressing"])
def test_a_disk_that_fills_up_takes_the_build_back(tmp_path, store, text):
    with small_disk(tmp_path / "disk", 16) as disk:
        filled = Store(shutil.copytree(store.path, disk / "store"))
        with pytest.raises(EngineError) as caught:
            build(filled, Recorder(text, lambda: leave_free(disk, 4096)).run)
        assert caught.value.code == "disk_full"
        assert files(filled) == []
        assert search(filled, 9, k=5)["exact"]


def leave_free(disk, size):
    """Fills a disk up to a few bytes."""
    stat = os.statvfs(disk)
    (disk / "ballast").write_bytes(bytes(stat.f_bavail * stat.f_frsize - size))
