"""Bad input for an import: a sentence, a way on, and nothing left behind."""

import shutil
import subprocess
import sys

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from .disks import read_only_disk, small_disk
from .embedding_files import generic, import_file, list_array, refusal, scatter, vectors


def test_missing(tmp_path):
    error = refusal(tmp_path / "nowhere.parquet", tmp_path / "store")
    assert error.code == "no_source" and "nowhere.parquet" in error.message
    (tmp_path / "empty folder").mkdir()
    assert refusal(tmp_path / "empty folder", tmp_path / "store").code == "no_source"
    assert "Download" in refusal("gs://bucket/a.parquet", tmp_path / "store").hint


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("a.gpkg", "export it as GeoParquet"),
        ("a.csv", "dim_0"),
        ("a.npy", "latitude and longitude"),
        ("a.tif", "encode_image"),
        ("a.zip", "Unpack"),
        ("a.parquet", "Parquet or GeoParquet"),
    ],
)
def test_another_kind_of_file(tmp_path, name, way):
    path = tmp_path / name
    frame = generic(tmp_path / "source.parquet", 5)
    if name == "a.gpkg":
        frame.drop(columns="embedding").to_file(path)
    elif name == "a.csv":
        pandas.DataFrame(frame.drop(columns="geometry")).to_csv(path)
    elif name == "a.npy":
        np.save(path, vectors(5))
    else:
        path.write_bytes(b"something else altogether")
    error = refusal(path, tmp_path / "store")
    assert error.code == "not_parquet" and way in error.hint


def test_cut_off_and_empty(tmp_path):
    path = tmp_path / "a.parquet"
    generic(path, 500)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    error = refusal(path, tmp_path / "store")
    assert error.code == "source_damaged" and "end is missing" in error.message
    path.write_bytes(whole[:-200] + b"\0" * 192 + whole[-8:])
    assert refusal(path, tmp_path / "store").code == "source_damaged"
    path.write_bytes(b"")
    assert "0 bytes" in refusal(path, tmp_path / "store").message
    pq.write_table(
        pa.table({"embedding": list_array(vectors(5)), "lon": [1.0] * 5, "lat": [1.0] * 5}).slice(0, 0), path
    )
    assert refusal(path, tmp_path / "store").code == "empty_source"


def test_damage_in_the_middle_leaves_the_old_store(tmp_path):
    path = tmp_path / "a.parquet"
    generic(path, 3000)
    _, store = import_file(path, tmp_path / "store")
    before = store.vectors[:5].copy()
    generic(path, 6000).to_parquet(path, row_group_size=500)
    chunk = next(
        column
        for i in range(4)
        if (column := pq.ParquetFile(path).metadata.row_group(9).column(i)).path_in_schema.startswith("embedding")
    )
    with open(path, "r+b") as file:
        file.seek(chunk.data_page_offset)
        file.write(b"\xff" * 5000)
    error = refusal(path, tmp_path / "store")
    assert error.code == "source_damaged" and "a.parquet" in error.message and error.details
    again = find("embeddings.describe")({"store": str(tmp_path / "store")}, Run())
    assert again["count"] == 3000
    np.testing.assert_array_equal(store.vectors[:5], before)


def test_no_embedding_column_names_those_there_are(tmp_path):
    path = tmp_path / "a.parquet"
    generic(path, 5).drop(columns="embedding").assign(cloud=1, box=[[1, 2, 3, 4]] * 5).to_parquet(path)
    error = refusal(path, tmp_path / "store")
    assert error.code == "no_embedding" and all(
        name in error.hint for name in ("id (", "cloud (", "box (", "geometry (")
    )
    error = refusal(path, tmp_path / "store", vector_column="clud")
    assert "“clud”" in error.message and "Did you mean “cloud”?" in error.hint
    error = refusal(path, tmp_path / "store", vector_column="cloud")
    assert "holds int64, not vectors" in error.message


def test_ragged_vectors(tmp_path):
    path = tmp_path / "a.parquet"
    rows = vectors(300).tolist()
    lon, lat = scatter(300)
    rows[250], rows[270] = rows[250][:20], rows[270] * 2

    def write():
        table = {"embedding": pa.array(rows, pa.list_(pa.float32())), "lon": lon, "lat": lat}
        pq.write_table(pa.table(table), path, row_group_size=100)

    write()
    made, _ = import_file(path, tmp_path / "one")
    assert (made["count"], made["details"]["left_out"]) == (298, {"of another length": 2})
    rows[280] = rows[281] = [1.0]
    write()
    error = refusal(path, tmp_path / "two")
    assert error.code == "ragged_vectors"
    assert "24 numbers" in error.message and "row 250 has 20" in error.message


def test_two_dimensions_in_a_folder(tmp_path):
    (tmp_path / "in").mkdir()
    generic(tmp_path / "in" / "a.parquet", 5, 24)
    generic(tmp_path / "in" / "b.parquet", 5, 32)
    error = refusal(tmp_path / "in", tmp_path / "store")
    assert error.code == "mixed_dimensions"
    assert all(said in error.message for said in ("a.parquet", "b.parquet", "24", "32"))


@pytest.mark.parametrize(("value", "reason"), [(np.nan, "not a number"), (0, "zero"), (None, "missing")])
def test_nothing_but_bad_vectors(tmp_path, value, reason):
    path = tmp_path / "a.parquet"
    lon, lat = scatter(7)
    rows = [None if value is None else [value] * 24] * 7
    pq.write_table(pa.table({"embedding": pa.array(rows, pa.list_(pa.float32())), "lon": lon, "lat": lat}), path)
    error = refusal(path, tmp_path / "store")
    assert error.code == "no_vectors" and reason in error.message


def test_no_place(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"embedding": list_array(vectors(5)), "lat": [1.0] * 5, "grid_cell": ["466U_23R"] * 5}), path
    )
    error = refusal(path, tmp_path / "store")
    assert error.code == "no_place" and "grid_cell" in error.hint
    nothing = pa.array([None] * 5, pa.float64())
    pq.write_table(pa.table({"embedding": list_array(vectors(5)), "lat": nothing, "lon": nothing}), path)
    assert refusal(path, tmp_path / "store").code == "no_place"


def test_source_inside_the_store(tmp_path):
    generic(tmp_path / "a.parquet", 20)
    import_file(tmp_path / "a.parquet", tmp_path / "store")
    for source in (tmp_path / "store", tmp_path / "store" / "patches.parquet"):
        error = refusal(source, tmp_path / "store")
        assert error.code == "source_in_store"
    shutil.copytree(tmp_path / "store", tmp_path / "other")
    assert "store already" in refusal(tmp_path / "other", tmp_path / "new").message


def test_a_store_inside_the_source_folder_is_not_read_again(tmp_path):
    (tmp_path / "in").mkdir()
    generic(tmp_path / "in" / "a.parquet", 20)
    for _ in range(2):
        made, _ = import_file(tmp_path / "in", tmp_path / "in" / "store")
        assert made["count"] == 20


def test_a_target_that_is_no_store_is_left_alone(tmp_path):
    generic(tmp_path / "a.parquet", 20)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    assert refusal(tmp_path / "a.parquet", tmp_path / "mine").code == "not_a_store"
    assert refusal(tmp_path / "a.parquet", tmp_path / "a.parquet").code in ("not_a_store", "source_in_store")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == 20


def test_paths_with_spaces_and_letters_of_the_world(tmp_path):
    folder = tmp_path / "Überblick 中文 [2024] *"
    folder.mkdir()
    generic(folder / "données é.parquet", 20)
    made, _ = import_file(folder / "données é.parquet", folder / "mon store ñ")
    assert made["count"] == 20 and made["dataset"] == "données é"


def test_progress_has_numbers_and_cancel_stops(tmp_path):
    generic(tmp_path / "a.parquet", 4000, 2048)
    said = []

    def report(message):
        said.append(message)
        if message.get("value") is not None and message["value"] > 0.2:
            run.cancel()

    run = Run(report)
    with pytest.raises(EngineError) as caught:
        find("embeddings.import")({"source": str(tmp_path / "a.parquet"), "store": str(tmp_path / "store")}, run)
    assert caught.value.code == "cancelled" and not (tmp_path / "store").exists()
    assert not list(tmp_path.glob(".store*"))
    texts = [message["text"] for message in said if message.get("value")]
    assert texts and "of 4,000 rows" in texts[-1]


def test_a_disk_that_fills_up_keeps_the_old_store(tmp_path):
    generic(tmp_path / "small.parquet", 20)
    generic(tmp_path / "large.parquet", 3000, 256)
    with small_disk(tmp_path / "disk", 4) as disk:
        import_file(tmp_path / "small.parquet", disk / "store")
        error = refusal(tmp_path / "large.parquet", disk / "store")
        assert error.code == "disk_full" and "are free" in error.message
        assert Store(disk / "store").count == 20


def test_a_folder_that_may_not_be_written(tmp_path):
    generic(tmp_path / "a.parquet", 20)
    with read_only_disk(tmp_path / "disk") as disk:
        error = refusal(tmp_path / "a.parquet", disk / "store")
        assert error.code == "not_allowed" and str(disk) in error.message


def test_bytes_beyond_memory_are_never_asked_for(tmp_path):
    """A file of 300 MB in one row group is imported by a process that may have little more than its libraries."""
    path, store = tmp_path / "big.parquet", tmp_path / "store"
    count, dim = 100_000, 768
    lon, lat = scatter(count)
    schema = pa.schema({"embedding": pa.list_(pa.float32()), "lon": pa.float64(), "lat": pa.float64()})
    table = pa.table({"embedding": list_array(vectors(count, dim)), "lon": lon, "lat": lat}, schema=schema)
    pq.write_table(table, path, row_group_size=count, use_dictionary=False)
    program = (
        "import json, resource, sys\n"
        "from cdse_qgis_plugin.engine.embeddings import importing\n"
        "from cdse_qgis_plugin.engine.operations import find\n"
        "from cdse_qgis_plugin.engine.run import Run\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "made = find('embeddings.import')({'source': sys.argv[1], 'store': sys.argv[2]}, Run())\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(made['count'], after - before)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(path), str(store)], capture_output=True, text=True, check=True, timeout=300
    )
    made, kilobytes = map(int, answer.stdout.split())
    assert made == count
    assert kilobytes < 0.9 * count * dim * 4 / 1024, f"{kilobytes / 1024:.0f} MB"
