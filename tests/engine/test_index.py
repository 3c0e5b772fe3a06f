"""Searching with an index, against the exact answer."""

import json
import shutil

import numpy as np
import pytest

from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
from cdse_qgis_plugin.engine.similarity import index_files
from cdse_qgis_plugin.engine.similarity.index import ExactIndex
from cdse_qgis_plugin.engine.similarity.index_choice import choose_index
from cdse_qgis_plugin.engine.similarity.inverted import EXACT_ROWS

from .indexed_stores import build, clustered, search, store_of

COUNT = 120_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = store_of(tmp_path_factory.mktemp("index") / "störe", clustered(COUNT, 96))
    told = build(made)
    assert told["recall"] >= 0.99 and told["notes"] == []
    return made


@pytest.fixture
def rng():
    return np.random.default_rng(77)


@pytest.fixture
def copy(store, tmp_path):
    """A copy of the store and its index, to be damaged."""
    return Store(shutil.copytree(store.path, tmp_path / "copy"))


def directions(store, rng, kind, number=40):
    """Unit directions made here, not by the calibration under test."""
    pick = lambda few: np.asarray(store.vectors[np.sort(rng.choice(COUNT, few))], dtype=np.float64)  # noqa: E731
    made = {
        "place": lambda: pick(1)[0],
        "places": lambda: pick(3).sum(axis=0),
        "contrast": lambda: 2 * pick(2).mean(axis=0) - pick(2).mean(axis=0),
    }[kind]
    found = np.array([made() for _ in range(number)])
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def recall_of(index, store, queries, k, kind, wanted=None):
    """The share of the true best that an index finds; scores and order are checked on the way."""
    rows = np.arange(COUNT) if wanted is None else np.flatnonzero(wanted)
    shares = []
    for query in queries:
        scores = store.vectors[rows] @ query
        true = rows[np.argpartition(-scores, min(k, len(rows)) - 1)[:k]]
        found, told = index.search(query, k, Run(), wanted, kind)
        assert len(found) == len(set(found.tolist())) == min(k, len(rows))
        assert wanted is None or wanted[found].all()
        assert (np.diff(told) <= 0).all()
        np.testing.assert_allclose(told, store.vectors[found] @ query, atol=1e-5)
        shares.append(len(np.intersect1d(found, true)) / len(true))
    return np.mean(shares)


@pytest.mark.parametrize("kind", ["place", "places", "contrast"])
@pytest.mark.parametrize("asked", [0.9, 0.99])
def test_finds_the_share_that_was_measured(store, rng, kind, asked):
    index, notes = choose_index(store, asked)
    promise = index.promise(100, COUNT, kind)
    assert notes == [] and not promise.exact and promise.recall >= asked
    assert recall_of(index, store, directions(store, rng, kind), 100, kind) >= asked - 0.02


def test_a_search_for_less_looks_at_less_and_misses_more(store, rng):
    queries = directions(store, rng, "places")
    low, high = (recall_of(choose_index(store, asked)[0], store, queries, 100, "places") for asked in (0.9, 0.99))
    assert low < high <= 1, "the index is at work, and not the exact scan"


def test_calibration_predicts_what_a_search_finds(store, rng):
    """The whole grid is measured from one generous search; here single points of it are searched for real."""
    index, _ = choose_index(store, 0.9)
    cells = [cell for cell in index_files.read_manifest(store).recalls.cells if cell.share == 1 and cell.k == 100]
    assert {cell.kind for cell in cells} == {"place", "places", "contrast", "head"}
    for cell in cells:
        if cell.kind in ("place", "contrast"):
            for point in (cell.points[0], cell.points[-1]):
                asked, _ = choose_index(store, point.recall)
                reached = recall_of(asked, store, directions(store, rng, cell.kind, 25), 100, cell.kind)
                assert reached == pytest.approx(point.recall, abs=0.04)
    assert index.promise(100, COUNT, "head").recall >= 0.9


@pytest.mark.parametrize("share", [0.33, 0.6])
@pytest.mark.parametrize("shape", ["box", "anywhere"])
def test_filters_with_many_rows_search_inside_the_lists(store, rng, share, shape):
    wanted = np.zeros(COUNT, dtype=bool)
    if shape == "box":
        wanted[20_000 : 20_000 + int(share * COUNT)] = True
    else:
        wanted = rng.random(COUNT) < share
    index, _ = choose_index(store, 0.9)
    assert not index.promise(100, int(wanted.sum()), "place").exact
    assert recall_of(index, store, directions(store, rng, "place"), 100, "place", wanted) >= 0.88


def test_filters_with_few_rows_are_exact(store, rng):
    wanted = np.zeros(COUNT, dtype=bool)
    wanted[rng.choice(COUNT, EXACT_ROWS, replace=False)] = True
    index, _ = choose_index(store, 0.9)
    assert index.promise(100, EXACT_ROWS).exact
    assert recall_of(index, store, directions(store, rng, "places"), 100, "places", wanted) == 1


def test_a_filter_far_from_the_direction_still_fills_the_answer(store, rng):
    query = directions(store, rng, "place", 1)[0]
    wanted = np.zeros(COUNT, dtype=bool)
    wanted[np.argsort(store.vectors @ query)[: int(0.35 * COUNT)]] = True
    index, _ = choose_index(store, 0.9)
    rows, _ = index.search(query, 100, Run(), wanted, "place")
    assert len(rows) == 100 and wanted[rows].all()


def test_more_than_was_measured_is_exact(store, rng):
    index, _ = choose_index(store, 0.9)
    assert index.promise(20_000, COUNT).exact
    assert recall_of(index, store, directions(store, rng, "places", 2), 20_000, "places") == 1


def test_many_directions_at_once_find_what_each_finds(store, rng):
    queries = directions(store, rng, "place", 11)
    for index in (choose_index(store, 0.9)[0], choose_index(store)[0]):
        for wanted in (None, rng.random(COUNT) < 0.5):
            together = index.search_many(queries, 30, Run(), wanted, "place")
            for query, (rows, scores) in zip(queries, together, strict=True):
                alone, values = index.search(query, 30, Run(), wanted, "place")
                assert rows.tolist() == alone.tolist()
                np.testing.assert_allclose(scores, values, atol=1e-6)


def test_exact_rows_of_an_area_are_read_in_runs(rng):
    vectors = rng.normal(size=(4000, 24)).astype(np.float32)
    query = rng.normal(size=24).astype(np.float32)
    wanted = np.zeros(4000, dtype=bool)
    for start, stop in ((0, 40), (100, 101), (555, 700), (3990, 4000)):
        wanted[start:stop] = True
    rows, scores = ExactIndex(vectors).search(query, 50, Run(), wanted)
    every = vectors @ query
    expected = np.flatnonzero(wanted)[np.argsort(-every[wanted])[:50]]
    assert rows.tolist() == expected.tolist()
    np.testing.assert_allclose(scores, every[expected], rtol=1e-5)


def test_the_operation_tells_what_it_did(store):
    told = search(store, 777, k=40)
    assert (told["exact"], told["scanned"], told["notes"]) == (False, COUNT, [])
    assert told["recall"] >= 0.99 and "faiss" in told["engine"]
    exact = search(store, 777, k=40, exact=True)
    assert (exact["exact"], exact["recall"], exact["engine"]) == (True, 1.0, "numpy")
    assert search(store, 777, k=40, recall=1)["exact"]
    found, true = ({match["row"] for match in answer["matches"]} for answer in (told, exact))
    assert len(found & true) >= 38
    described = find("embeddings.describe")({"store": str(store.path)}, Run())["index"]
    assert described["state"] == "ready" and described["recall"] >= 0.99


def test_answers_are_spread_out_with_an_index_too(store):
    """A least distance rejects most candidates, so the search has to ask the index for more, and more again."""
    told, exact = (search(store, 60_060, k=60, min_distance_m=12_000, exact=exact) for exact in (False, True))
    rows, true = ([match["row"] for match in answer["matches"]] for answer in (told, exact))
    assert len(rows) == 60 and len(set(rows) & set(true)) >= 50
    x, y = np.divmod(rows, int(np.ceil(np.sqrt(COUNT))))
    apart = np.hypot(x[:, None] - x, y[:, None] - y)[~np.eye(60, dtype=bool)]
    assert apart.min() >= 11.9  # patches lie a kilometre apart


def damaged_lists(store, change):
    path = next(index_files.folder(store).glob("lists-*.faiss"))
    data = bytearray(path.read_bytes())
    path.unlink()
    change(path, data)


def truncate(store):
    damaged_lists(store, lambda path, data: path.write_bytes(data[: len(data) // 2]))


def flip_a_bit(store):
    def flip(path, data):
        data[len(data) // 2] ^= 4
        path.write_bytes(data)

    damaged_lists(store, flip)


def remove(store):
    damaged_lists(store, lambda path, data: None)


def change_manifest(store, change):
    path = index_files.folder(store) / index_files.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def foreign_lists(store):
    """Lists with the right checksum that are something else."""

    def swap(path, data):
        path.write_bytes(b"IxFI" + bytes(1000))
        change_manifest(store, lambda m: m.update(bytes=1004, crc32=index_files.checksum(path)))

    damaged_lists(store, swap)


def garble_manifest(store):
    (index_files.folder(store) / index_files.MANIFEST).write_bytes(b'{"format": 1, "store": \xff')


def escape_the_folder(store):
    change_manifest(store, lambda m: m.update(file="../vectors.npy"))


def test_an_index_moves_with_its_store(copy):
    assert not search(copy, 5, k=5)["exact"]


@pytest.mark.parametrize(
    "damage",
    [truncate, flip_a_bit, remove, foreign_lists, garble_manifest, escape_the_folder],
    ids=lambda f: f.__name__,
)
def test_a_damaged_index_is_left_aside_with_a_note(copy, damage):
    damage(copy)
    told = search(copy, 5, k=5)
    assert told["exact"] and "damaged" in told["notes"][0] and "Build the index again" in told["notes"][0]
    assert len(told["matches"]) == 5


def test_an_index_of_a_newer_version_is_left_aside(copy):
    change_manifest(copy, lambda m: m.update(format=99))
    told = search(copy, 5, k=5)
    assert told["exact"] and "newer version" in told["notes"][0]


@pytest.mark.parametrize("field", ["count", "dim", "created", "rows"])
def test_an_index_of_another_state_is_left_aside(copy, field):
    change_manifest(copy, lambda m: m["store"].update({field: "2001-01-01" if field == "created" else 7}))
    told = search(copy, 5, k=5)
    assert told["exact"] and "earlier state" in told["notes"][0]
    described = find("embeddings.describe")({"store": str(copy.path)}, Run())["index"]
    assert described["state"] == "unusable" and "earlier state" in described["note"]
