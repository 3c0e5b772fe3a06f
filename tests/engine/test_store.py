"""The store and its writer: faithful rows, honest errors, and nothing lost when a build dies."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.embeddings.store import MANIFEST, PATCHES, ROW_GROUP, VECTORS, Store, open_store
from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
from cdse_qgis_plugin.engine.errors import Cancelled, EngineError, from_exception
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from .disks import read_only_disk, small_disk
from .stores import grid, make_store, squares

ROOT = Path(__file__).parents[2]
COUNT = 2 * ROW_GROUP + 37


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A store of three row groups in the order of its ids, whose vectors and attributes tell the row."""
    lon, lat = grid(60, -(-COUNT // 60))
    vectors = np.random.default_rng(0).normal(size=(COUNT, 8))
    folder = tmp_path_factory.mktemp("big")
    return make_store(folder / "store", vectors, lon[:COUNT], lat[:COUNT], number=pa.array(range(COUNT)))


@pytest.fixture
def small(tmp_path):
    lon, lat = grid(6, 5)
    return make_store(tmp_path / "store", np.random.default_rng(1).normal(size=(30, 8)), lon, lat)


def hidden(path):
    """What lies beside a store under hidden names."""
    return [found.name for found in path.parent.iterdir() if found.name.startswith(".")]


def refusal(code, function, *arguments, **named):
    with pytest.raises(EngineError) as caught:
        function(*arguments, **named)
    assert caught.value.code == code and caught.value.message and caught.value.hint
    return caught.value


def test_rows_come_back_as_they_were_given(big):
    assert (big.count, big.dim, big.row_groups, big.attributes) == (COUNT, 8, 3, ["number"])
    np.testing.assert_allclose(np.linalg.norm(big.vectors, axis=1), 1, atol=1e-6)
    table = big.rows(np.arange(COUNT))
    assert table.column("id").to_pylist() == [f"p{i}" for i in range(COUNT)]
    assert big.column("number").tolist() == list(range(COUNT))
    assert big.time is None
    assert sum(big.read_row_group(i, ["id"]).num_rows for i in range(3)) == COUNT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(st.integers(0, COUNT - 1), max_size=60))
def test_any_rows_in_any_order(big, rows):
    table = big.rows(np.array(rows, dtype=np.int64), ["number", "id"])
    assert table.column_names == ["number", "id"]
    assert table.column("number").to_pylist() == rows
    footprints = big.footprints(rows)
    assert len(footprints) == len(rows)
    for row, footprint in zip(rows, footprints, strict=True):
        assert shapely.covers(footprint, shapely.Point(big.lon[row], big.lat[row]))


def test_rows_at_the_seams_of_row_groups(big):
    rows = [COUNT - 1, 0, ROW_GROUP, ROW_GROUP - 1, 2 * ROW_GROUP, 2 * ROW_GROUP - 1, ROW_GROUP]
    assert big.rows(rows, ["number"]).column(0).to_pylist() == rows


def test_rows_of_a_store_with_other_row_groups(big, tmp_path):
    """The size of row groups is a choice of the writer, which another version may make otherwise."""
    shutil.copytree(big.path, tmp_path / "store")
    pq.write_table(pq.read_table(big.path / PATCHES), tmp_path / "store" / PATCHES, row_group_size=700)
    rows, store = [COUNT - 1, 0, 699, 700, 1400, ROW_GROUP, 5], Store(tmp_path / "store")
    assert store.rows(rows, ["number"]).column(0).to_pylist() == rows
    for group in range(store.row_groups):
        held = range(COUNT)[store.rows_of_group(group)]
        assert store.read_row_group(group, ["number"]).column(0).to_pylist() == list(held)


def test_patches_are_geoparquet(small):
    frame = geopandas.read_parquet(small.path / PATCHES)
    assert frame.crs == "OGC:CRS84" and len(frame) == 30
    some = geopandas.read_parquet(
        small.path / PATCHES, bbox=tuple(frame.total_bounds[[0, 1, 0, 1]] + [0, 0, 1e-3, 1e-3])
    )
    assert 0 < len(some) < 30, "the covering serves to read a part"
    geo = json.loads(pq.read_schema(small.path / PATCHES).metadata[b"geo"])
    assert geo["version"] == "1.1.0" and geo["columns"]["geometry"]["covering"]


def test_hilbert_order_keeps_rows_together_and_neighbours_near(tmp_path):
    lon, lat = grid(40, 40, lon0=179.9)
    shuffled = np.random.default_rng(3).permutation(1600)
    lon, lat = lon[shuffled], lat[shuffled]
    vectors = np.column_stack([np.cos(np.arange(1600.0)), np.sin(np.arange(1600.0))])
    store = make_store(tmp_path / "store", vectors, lon, lat, hilbert=True, number=pa.array(range(1600)))
    number = store.column("number")
    assert sorted(number) == list(range(1600))
    np.testing.assert_allclose(store.vectors, vectors[number], atol=1e-6)
    np.testing.assert_allclose(store.lon, lon[number])
    steps = [places.distance_m(store.lon[i], store.lat[i], store.lon[i + 1], store.lat[i + 1]) for i in range(1599)]
    assert np.median(steps) < 1100 and np.mean(steps) < 1500, "one step on the grid is 1000 m"
    west, _, east, _ = store.manifest["bbox"]
    assert west > 179 and east < -179, "the box crosses the antimeridian instead of going round the Earth"


def test_the_manifest_tells_times_size_and_attributes(tmp_path):
    times = np.array(["2021-01-01", "NaT", "2019-06-01T12:00:00", "2020-01-01"], dtype="datetime64[ms]")
    lon, lat = grid(2, 2)
    store = make_store(tmp_path / "store", np.eye(4), lon, lat, side_m=640, times=times, cloud=pa.array([1.0] * 4))
    manifest = store.manifest
    assert (manifest["start"], manifest["end"]) == ("2019-06-01T12:00:00Z", "2021-01-01T00:00:00Z")
    assert manifest["patch_size_m"] == pytest.approx(640, rel=0.01) and manifest["attributes"] == ["cloud"]
    assert np.isnat(store.time[1]) and store.time[0] == times[0]


@pytest.mark.parametrize(
    ("damage", "code", "said"),
    [
        (lambda path: shutil.rmtree(path), "no_store", "no embedding store"),
        (lambda path: (path / MANIFEST).unlink(), "no_store", "no embedding store"),
        (lambda path: (path / MANIFEST).write_text(""), "store_damaged", "not JSON"),
        (lambda path: (path / MANIFEST).write_bytes(b"\xff\xfe{}"), "store_damaged", "not JSON"),
        (lambda path: (path / MANIFEST).write_text((path / MANIFEST).read_text()[:100]), "store_damaged", "not JSON"),
        (lambda path: (path / MANIFEST).write_text("[]"), "store_damaged", "not a store's manifest"),
        (lambda path: edit(path, format="1"), "store_damaged", "not a store's manifest"),
        (lambda path: edit(path, format=2), "store_too_new", "newer version"),
        (lambda path: edit(path, count=None), "store_damaged", "lacks count"),
        (lambda path: edit(path, dim=-8), "store_damaged", "lacks count"),
        (lambda path: edit(path, count=31), "store_damaged", "(30, 8)"),
        (lambda path: edit(path, dim=9), "store_damaged", "(30, 8)"),
        (lambda path: (path / VECTORS).unlink(), "store_damaged", "vectors.npy is missing"),
        (lambda path: cut(path / VECTORS), "store_damaged", "vectors.npy"),
        (lambda path: (path / VECTORS).write_bytes(b""), "store_damaged", "vectors.npy"),
        (lambda path: np.save(path / VECTORS, np.zeros((30, 8))), "store_damaged", "vectors.npy"),
        (lambda path: (path / PATCHES).unlink(), "store_damaged", "patches.parquet is missing"),
        (lambda path: cut(path / PATCHES), "store_damaged", "patches.parquet cannot be read"),
        (lambda path: (path / PATCHES).write_bytes(b""), "store_damaged", "patches.parquet cannot be read"),
        (lambda path: pq.write_table(pq.read_table(path / PATCHES)[:29], path / PATCHES), "store_damaged", "29 rows"),
        (lambda path: without(path, "lon"), "store_damaged", "lon"),
        (lambda path: without(path, "geometry"), "store_damaged", "geometry"),
    ],
)  # fmt: skip
def test_every_damage_is_said(small, damage, code, said):
    damage(small.path)
    error = refusal(code, open_store, small.path)
    assert said in error.message
    error = refusal(code, find("embeddings.patch_at"), {"store": str(small.path), "points": [[10, 45]]}, Run())
    assert said in error.message


def edit(path, **fields):
    manifest = json.loads((path / MANIFEST).read_text())
    (path / MANIFEST).write_text(json.dumps({**manifest, **fields}))


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without(path, name):
    table = pq.read_table(path / PATCHES)
    pq.write_table(table.drop_columns(name), path / PATCHES)


def test_damage_in_the_middle_of_a_column_is_said_when_it_is_read(small):
    column = pq.ParquetFile(small.path / PATCHES).metadata.row_group(0).column(1)
    with open(small.path / PATCHES, "r+b") as file:
        file.seek(column.data_page_offset)
        file.write(b"\xff" * 40)
    assert "cannot be read" in refusal("store_damaged", lambda: Store(small.path).lon).message


def test_a_path_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    refusal("no_store", open_store, tmp_path / "file")
    refusal("no_store", open_store, "")


def test_a_rebuilt_store_is_opened_anew_while_readers_keep_the_old(small):
    before = open_store(small.path)
    assert open_store(small.path) is before
    old = before.vectors[:].copy()
    lon, lat = grid(3, 3, lon0=50.0)
    make_store(small.path, np.random.default_rng(9).normal(size=(9, 4)), lon, lat)
    after = open_store(small.path)
    assert (after.count, after.dim) == (9, 4)
    np.testing.assert_array_equal(before.vectors, old)
    assert before.rows([29, 0], ["id"]).column(0).to_pylist() == ["p29", "p0"]
    assert hidden(small.path) == []


@pytest.mark.parametrize("content", ["file in folder", "a file"])
def test_what_is_no_store_is_never_replaced(tmp_path, content):
    path = tmp_path / "mine"
    precious = path / "thesis.txt" if content == "file in folder" else path
    if precious != path:
        path.mkdir()
    precious.write_text("years of work")
    lon, lat = grid(2, 2)
    refusal("not_a_store", make_store, path, np.eye(4), lon, lat)
    assert precious.read_text() == "years of work" and hidden(path) == []


def test_an_empty_folder_and_missing_parents_are_taken(tmp_path):
    lon, lat = grid(2, 2)
    (tmp_path / "empty").mkdir()
    assert make_store(tmp_path / "empty", np.eye(4), lon, lat).count == 4
    assert make_store(tmp_path / "a" / "b" / "ç [x] *", np.eye(4), lon, lat).count == 4


def test_a_folder_that_becomes_something_else_meanwhile_is_left_alone(tmp_path):
    lon, lat = grid(2, 2)

    def build():
        with StoreWriter(tmp_path / "store", Run(), 4) as writer:
            writer.append(np.eye(4), rows(lon, lat))
            (tmp_path / "store").mkdir()
            (tmp_path / "store" / "thesis.txt").write_text("years of work")
            writer.finish(SAID)

    refusal("not_a_store", build)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["thesis.txt"] and hidden(tmp_path / "store") == []


SAID = {"encoder": {"name": "x"}, "dataset": "x", "source": {}, "licence": "x", "footprints": "x", "notes": []}


def rows(lon, lat):
    return pa.table(
        {"id": [str(i) for i in range(len(lon))], "lon": lon, "lat": lat, "geometry": pa.array(squares(lon, lat, 500))}
    )


def test_leaving_without_finish_leaves_nothing(small):
    before = small.vectors[:].copy()
    lon, lat = grid(2, 2)
    for failure in (KeyboardInterrupt, MemoryError, Cancelled):
        with pytest.raises(failure), StoreWriter(small.path, Run(), 4) as writer:
            writer.append(np.eye(4), rows(lon, lat))
            raise failure
    assert hidden(small.path) == []
    np.testing.assert_array_equal(Store(small.path).vectors, before)


def test_cancel_while_reordering_keeps_the_old_store(small):
    run = Run(lambda message: run.cancel() if "neighbours" in message["text"] else None)
    lon, lat = grid(70, 70)
    with pytest.raises(Cancelled), StoreWriter(small.path, run, 4, hilbert=True) as writer:
        writer.append(np.random.default_rng(1).normal(size=(4900, 4)), rows(lon, lat))
        writer.finish(SAID)
    assert Store(small.path).count == 30 and hidden(small.path) == []


def test_nothing_to_write_is_said(tmp_path):
    def build():
        with StoreWriter(tmp_path / "store", Run(), 4) as writer:
            writer.finish(SAID)

    refusal("no_patches", build)
    assert not (tmp_path / "store").exists() and hidden(tmp_path / "store") == []


BUILDER = """
    import sys, time
    import numpy as np
    from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
    from cdse_qgis_plugin.engine.run import Run
    from tests.engine.stores import grid
    from tests.engine.test_store import rows
    lon, lat = grid(40, 40)
    with StoreWriter(sys.argv[1], Run(), 4) as writer:
        writer.append(np.ones((1600, 4)), rows(lon, lat))
        print("building", flush=True)
        time.sleep(60)
"""


def builder(path):
    """Another process in the middle of a build."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUILDER), str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "building\n"
    return process


def test_a_killed_build_leaves_the_old_store_and_the_next_build_cleans_up(small):
    before = small.vectors[:].copy()
    process = builder(small.path)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert len(hidden(small.path)) == 1, "the killed build had begun"
    np.testing.assert_array_equal(Store(small.path).vectors, before)
    lon, lat = grid(2, 2)
    make_store(small.path, np.eye(4), lon, lat)
    assert Store(small.path).count == 4 and hidden(small.path) == []


def test_one_builder_at_a_time(small):
    process = builder(small.path)
    lon, lat = grid(2, 2)
    try:
        error = refusal("store_busy", make_store, small.path, np.eye(4), lon, lat)
        assert small.path.name in error.message
        assert make_store(small.path.with_name("another"), np.eye(4), lon, lat).count == 4
        assert process.poll() is None and len(hidden(small.path)) == 1, "the other's build is untouched"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
    assert make_store(small.path, np.eye(4), lon, lat).count == 4, "the system released the lock of the killed builder"


def test_one_builder_at_a_time_in_one_process_and_by_any_name(small, tmp_path):
    (tmp_path / "link").symlink_to(small.path)
    lon, lat = grid(2, 2)
    with StoreWriter(small.path, Run(), 4):
        refusal("store_busy", make_store, small.path, np.eye(4), lon, lat)
        refusal("store_busy", make_store, tmp_path / "x" / ".." / "store", np.eye(4), lon, lat)
        refusal("store_busy", make_store, tmp_path / "link", np.eye(4), lon, lat)


def test_a_kill_between_the_two_moves_is_mended_by_the_next_build(small):
    """Then the old store lies under a hidden name only; should the next build fail, it is there again."""
    os.replace(small.path, small.path.with_name(".store.0011aabb.partial"))
    with pytest.raises(Cancelled), StoreWriter(small.path, Run(), 4):
        raise Cancelled
    assert Store(small.path).count == 30 and hidden(small.path) == []


def test_the_leftovers_of_other_stores_are_not_touched(tmp_path):
    other = tmp_path / ".store2.0011aabb.partial"
    other.mkdir()
    (tmp_path / ".store.txt").write_text("mine")
    lon, lat = grid(2, 2)
    make_store(tmp_path / "store", np.eye(4), lon, lat)
    assert other.exists() and (tmp_path / ".store.txt").exists()


def test_too_little_space_is_known_before_anything_is_written(tmp_path):
    with small_disk(tmp_path / "disk", 2) as disk:
        lon, lat = grid(2, 2)
        assert make_store(disk / "store", np.eye(4), lon, lat).count == 4

        def build():
            with StoreWriter(disk / "store", Run(), 768, expected_rows=10_000):
                raise AssertionError("the check came too late")

        assert "are free" in refusal("disk_full", build).message
        assert Store(disk / "store").count == 4


@pytest.mark.parametrize("megabytes", [1, 3, 4])
def test_a_disk_that_fills_up_takes_nothing_with_it(tmp_path, megabytes):
    """It fills while vectors are written, while they are reordered, or later."""
    with small_disk(tmp_path / "disk", megabytes) as disk:
        lon, lat = grid(2, 2)
        make_store(disk / "store", np.eye(4), lon, lat)
        lon, lat = grid(80, 80)

        def build():
            try:
                with StoreWriter(disk / "store", Run(), 80) as writer:
                    for _ in range(10):
                        writer.append(np.random.default_rng(1).normal(size=(640, 80)), rows(lon[:640], lat[:640]))
                    writer.finish(SAID)
            except Exception as error:
                raise from_exception(error) from error

        refusal("disk_full", build)
        assert Store(disk / "store").count == 4 and hidden(disk / "store") == []


def test_a_file_size_limit_is_a_full_disk_too(tmp_path):
    """Without a disk of one's own: the quota of a process."""
    lon, lat = grid(2, 2)
    make_store(tmp_path / "store", np.eye(4), lon, lat)
    program = """
        import json, resource, sys
        import numpy as np
        from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
        from cdse_qgis_plugin.engine.errors import from_exception
        from cdse_qgis_plugin.engine.run import Run
        from tests.engine.stores import grid
        from tests.engine.test_store import SAID, rows
        lon, lat = grid(40, 40)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            with StoreWriter(sys.argv[1], Run(), 64) as writer:
                writer.append(np.ones((1600, 64)), rows(lon, lat))
                writer.finish(SAID)
        except Exception as error:
            print(json.dumps(from_exception(error).as_dict()))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "store")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["code"] == "disk_full", done.stderr
    assert Store(tmp_path / "store").count == 4 and hidden(tmp_path / "store") == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 100_000


def test_a_folder_that_may_not_be_written(tmp_path):
    lon, lat = grid(2, 2)
    with read_only_disk(tmp_path / "disk") as disk:
        with pytest.raises(OSError) as caught:
            make_store(disk / "store", np.eye(4), lon, lat)
        error = from_exception(caught.value)
        assert error.code == "not_allowed" and str(disk) in error.message


def test_patch_at_takes_the_patch_that_holds_the_point(big):
    for row in (0, 61, COUNT - 1, 1000):
        assert big.patch_at(big.lon[row], big.lat[row]) == row
        east, north = places.from_tangent(big.lon[row], big.lat[row], 450.0, -450.0)
        assert big.patch_at(east, north) == row
    west = places.from_tangent(big.lon[0], big.lat[0], -520.0, 0.0)
    assert big.patch_at(*west) is None


def test_patch_at_of_overlapping_patches_takes_the_nearest_centre(tmp_path):
    lon, lat = grid(10, 10, step_m=300)
    store = make_store(tmp_path / "store", np.random.default_rng(1).normal(size=(100, 4)), lon, lat, side_m=1000)
    for row in range(100):
        assert store.patch_at(*places.from_tangent(lon[row], lat[row], 120.0, -120.0)) == row


@pytest.mark.parametrize(
    ("lon0", "lat0"), [(179.95, -17.0), (-179.99, 65.0), (0.0, 89.95), (0.0, -89.95), (120.0, 89.99), (10.0, 0.0)]
)
def test_patch_at_on_seams_and_poles(tmp_path, lon0, lat0):
    """A grid laid over the antimeridian or a pole: everywhere on it the right patch is found."""
    side = 20
    lon, lat = grid(side, side, lon0=lon0, lat0=lat0)
    store = make_store(tmp_path / "store", np.random.default_rng(1).normal(size=(side**2, 4)), lon, lat, side_m=1000)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-1000, side * 1000, (2, 150))
    for east, north in zip(x, y, strict=True):
        column, line = np.round([east / 1000, north / 1000]).astype(int)
        if np.abs(np.array([east, north]) / 1000 % 1 - 0.5).min() < 0.02:
            continue  # on the line between two patches
        expected = line * side + column if 0 <= column < side and 0 <= line < side else None
        point = places.from_tangent(lon0, lat0, east, north)
        assert store.patch_at(float(places.wrap(point[0])), point[1]) == expected
        assert store.patch_at(float(places.wrap(point[0])) + 360, point[1]) == expected


def test_the_other_side_of_the_earth_holds_no_patch(tmp_path):
    """Seen from its antipode a patch surrounds the beholder."""
    store = make_store(tmp_path / "store", np.ones((1, 4)), [10.0], [45.0])
    assert store.patch_at(-170.0, -45.0) is None and store.patch_at(10.0, 45.0) == 0


def test_a_point_outside_is_outside_also_by_the_operation(small):
    answer = find("embeddings.patch_at")({"store": str(small.path), "points": [[10.0, 45.0], [0, 0]]}, Run())
    first, second = answer["patches"]
    assert first["id"] == "p0" and first["footprint"][0] == first["footprint"][-1] and second is None
