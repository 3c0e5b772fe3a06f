"""Import of the layouts that people publish, and of every way to write a vector."""

import json
import math

import geopandas
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from .embedding_files import (
    by_id,
    centres,
    column,
    directions,
    generic,
    import_file,
    list_array,
    major_tom,
    points_table,
    scatter,
    vectors,
    with_header,
)


def same_directions(store, expected, ids, tolerance=1e-6):
    rows = by_id(store)
    found = np.array([store.vectors[rows[name]] for name in ids], dtype=np.float64)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found, directions(expected), atol=tolerance)


def test_major_tom(tmp_path):
    frame = major_tom(tmp_path / "part_00001-00050.parquet")
    made, store = import_file(tmp_path / "part_00001-00050.parquet", tmp_path / "store")
    assert (made["count"], made["dim"], made["skipped"], made["footprints"]) == (200, 48, 0, "published")
    assert made["details"]["transposition"].startswith("undecided: ")  # its vectors are noise
    assert any("transposed" in note and "where they were published" in note for note in made["notes"])
    assert made["licence"] == "CC-BY-SA-4.0" and "2412.05600" in made["citation"]
    assert (made["start"], made["end"]) == ("2020-02-23T10:50:19Z", "2020-02-23T10:50:19Z")
    assert made["patch_size_m"] == pytest.approx(2240, rel=0.02)
    same_directions(store, np.stack(frame.embedding), frame.unique_id)
    assert {"product_id", "grid_cell", "grid_row_u", "grid_col_r", "utm_crs", "centre_lat"} <= set(store.attributes)
    assert set(column(store, "pixel_bbox").values()) >= {"[0, 0, 224, 224]", "[844, 211, 1068, 435]"}
    rows = by_id(store)
    order = [rows[name] for name in frame.unique_id]
    assert (shapely.hausdorff_distance(store.footprints(order), frame.geometry.to_numpy()) < 1e-9).all()


def test_major_tom_folder_named_as_published(tmp_path):
    folder = tmp_path / "Core-S2RGB-DINOv2" / "embeddings"
    folder.mkdir(parents=True)
    major_tom(folder / "part_00001-00100.parquet", cells=2)
    made, _ = import_file(tmp_path / "Core-S2RGB-DINOv2", tmp_path / "store")
    assert made["dataset"] == "Major TOM Core-S2RGB-DINOv2" and made["encoder"] == "facebook/dinov2-base"


def test_earth_index(tmp_path):
    """id, fixed-size list, geometry of 320 m, geo and the older emb header."""
    lon, lat = scatter(50)
    frame = geopandas.GeoDataFrame(
        {"id": [f"18SUJ_{i}" for i in range(50)]},
        geometry=geopandas.points_from_xy(lon, lat, crs=4326).to_crs(32618).buffer(160, cap_style="square"),
    ).to_crs(4326)
    frame.to_parquet(tmp_path / "18SUJ.parquet")
    values = vectors(50, 384)
    table = pq.read_table(tmp_path / "18SUJ.parquet").append_column("embedding", list_array(values, "fixed"))
    pq.write_table(table, tmp_path / "18SUJ.parquet")
    with_header(
        tmp_path / "18SUJ.parquet",
        emb={
            "version": "0.0.1",
            "model": {"id": "softcon", "name": "SoftCon ViT-S/14", "version": "1", "source": "https://example.org"},
            "license": "CC-BY-4.0",
            "start_datetime": "2024-01-01T00:00:00Z",
            "datasets": ["sentinel-2-l2a"],
            "embedding": {"dim": 384, "quantization": None},
        },
    )
    made, store = import_file(tmp_path / "18SUJ.parquet", tmp_path / "store")
    assert (made["dim"], made["encoder"], made["licence"]) == (384, "SoftCon ViT-S/14", "CC-BY-4.0")
    assert made["details"]["source"]["datasets"] == ["sentinel-2-l2a"]
    assert made["details"]["source"]["start_datetime"] == "2024-01-01T00:00:00Z"
    assert made["details"]["encoder"]["version"] == "1" and not made["notes"]
    same_directions(store, values, frame.id)


def test_clay_v0(tmp_path):
    frame = generic(tmp_path / "clay.parquet", 60, 768)
    frame = frame.drop(columns="id").rename(columns={"embedding": "embeddings"})
    frame.insert(0, "index", np.arange(60))
    frame["source_url"] = [f"s3://clay/{i}.tif" for i in range(60)]
    frame["date"] = [pandas.Timestamp("2021-05-06").date()] * 60
    frame.to_parquet(tmp_path / "clay.parquet")
    made, store = import_file(tmp_path / "clay.parquet", tmp_path / "store")
    assert (made["dim"], made["start"], made["attributes"]) == (768, "2021-05-06T00:00:00Z", ["index", "source_url"])
    same_directions(store, np.stack(frame.embeddings), [str(i) for i in range(60)])


def test_planet_like_with_null_vectors_and_web_mercator(tmp_path):
    frame = generic(tmp_path / "planet.parquet", 40, 512, crs="EPSG:3857").drop(columns="id")
    centres = frame.geometry.centroid.to_crs(4326)
    frame["datetime"] = pandas.date_range("2024-02-01", periods=40, tz="UTC")
    frame["centroid_lat"], frame["centroid_lon"] = centres.y, centres.x
    frame.loc[[3, 17], "embedding"] = None
    frame.to_parquet(tmp_path / "planet.parquet")
    made, store = import_file(tmp_path / "planet.parquet", tmp_path / "store")
    assert (made["count"], made["skipped"], made["details"]["source"]["crs"]) == (38, 2, "EPSG:3857")
    assert "Left out: 2 rows without a vector." in made["notes"]
    rows = by_id(store)
    assert "3" not in rows and "17" not in rows
    for i in (0, 20, 39):
        assert store.lon[rows[str(i)]] == pytest.approx(centres.x[i], abs=1e-9)
        assert store.lat[rows[str(i)]] == pytest.approx(centres.y[i], abs=1e-6)
    assert made["end"] == "2024-03-11T00:00:00Z"


def test_geometry_declared_in_a_projection_but_in_degrees_is_seen(tmp_path):
    frame = generic(tmp_path / "a.parquet", 30)
    frame["centroid_lon"], frame["centroid_lat"] = centres(frame.geometry)
    frame.set_crs(3857, allow_override=True).to_parquet(tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert any("EPSG:3857" in note and "in degrees" in note for note in made["notes"])
    assert store.lon.min() > 2 and store.lon.max() < 3


def packed(values, kind):
    return pa.array([row.tobytes() for row in values], kind)


ENCODINGS = {
    "list of float": lambda v: list_array(v),
    "large list": lambda v: list_array(v, pa.large_list),
    "fixed-size list": lambda v: list_array(v, "fixed"),
    "list of double": lambda v: list_array(v.astype(np.float64)),
    "list of half": lambda v: list_array(v.astype(np.float16)),
    "fixed-size list of half": lambda v: list_array(v.astype(np.float16), "fixed"),
    "list of int8": lambda v: list_array((v * 30).astype(np.int8)),
    "fixed-size list of int16": lambda v: list_array((v * 3000).astype(np.int16), "fixed"),
    "nested (1, D)": lambda v: pa.ListArray.from_arrays(pa.array(np.arange(len(v) + 1), pa.int32()), list_array(v)),
    "nested (1, D) fixed": lambda v: pa.FixedSizeListArray.from_arrays(list_array(v, "fixed"), 1),
    "nested (D, 1)": lambda v: list_array(v, "nested"),
    "halves without a logical type": lambda v: pa.ListArray.from_arrays(
        pa.array(np.arange(0, v.size + 1, v.shape[1]), pa.int32()),
        pa.array([half.tobytes() for half in v.astype("<f2").ravel()], pa.binary(2)),
    ),
    "fixed-size binary of half": lambda v: packed(v.astype("<f2"), pa.binary(v.shape[1] * 2)),
    "binary of float": lambda v: packed(v.astype("<f4"), pa.binary()),
    "tensor": lambda v: pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(v)),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_of_a_vector(tmp_path, encoding):
    values = vectors(300, 32)
    if encoding == "nested (D, 1)":
        inner = pa.ListArray.from_arrays(pa.array(np.arange(values.size + 1), pa.int32()), pa.array(values.ravel()))
        offsets = pa.array(np.arange(0, values.size + 1, 32), pa.int32())
        array = pa.ListArray.from_arrays(offsets, inner)
    else:
        array = ENCODINGS[encoding](values)
    lon, lat = scatter(300)
    pq.write_table(pa.table({"embedding": array, "lon": lon, "lat": lat}), tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["count"], made["dim"], made["skipped"]) == (300, 32, 0)
    tolerance = 0.02 if "int8" in encoding else 1e-3 if "hal" in encoding or "int16" in encoding else 1e-6
    same_directions(store, values, [str(i) for i in range(300)], tolerance)


@pytest.mark.parametrize("encoding", ["list of float", "fixed-size list", "nested (1, D)", "large list"])
def test_null_rows_do_not_shift_the_others(tmp_path, encoding):
    """Nulls in a list column leave gaps in its offsets; every other vector must stay with its row."""
    values = vectors(40, 32)
    array = ENCODINGS[encoding](values)
    pieces = [array.slice(0, 7), pa.nulls(3, array.type), array.slice(10)]
    array = pa.concat_arrays(pieces)
    lon, lat = scatter(40)
    pq.write_table(pa.table({"embedding": array, "lon": lon, "lat": lat}), tmp_path / "a.parquet", row_group_size=9)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["count"], made["skipped"]) == (37, 3)
    ids = [str(i) for i in range(40) if i not in (7, 8, 9)]
    same_directions(store, np.delete(values, [7, 8, 9], axis=0), ids)
    rows = by_id(store)
    assert [store.lon[rows[i]] for i in ids] == pytest.approx(np.delete(lon, [7, 8, 9]).tolist())


def test_null_elements_count_as_not_a_number(tmp_path):
    rows = vectors(120).tolist()
    rows[5][3] = None
    rows[6][0] = math.nan
    rows[7][23] = math.inf
    rows[8] = [0.0] * 24
    rows[9] = []
    lon, lat = scatter(120)
    lat[10] = math.nan
    table = pa.table({"embedding": pa.array(rows, pa.list_(pa.float32())), "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["count"], made["skipped"]) == (114, 6)
    assert made["details"]["left_out"] == {
        "with a value that is not a number": 3,
        "that are zero throughout": 1,
        "without a vector": 1,
        "without a place": 1,
    }
    assert not {"5", "6", "7", "8", "9", "10"} & set(by_id(store))


@pytest.mark.parametrize("stem", ["dim_", "feature_", "A", "e"])
def test_one_column_a_dimension(tmp_path, stem):
    values = vectors(50, 64)
    start = 1 if stem == "feature_" else 0
    pattern = f"{stem}{{:02}}" if stem == "A" else f"{stem}{{}}"
    columns = {pattern.format(i + start): values[:, i] for i in reversed(range(64))}
    lon, lat = scatter(50)
    pq.write_table(pa.table({**columns, "lon": lon, "lat": lat, "band_2": lon}), tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["dim"], made["attributes"]) == (64, ["band_2"])
    same_directions(store, values, [str(i) for i in range(50)])


def test_alpha_earth_int8_is_turned_back(tmp_path):
    """(v / 127.5)² · sign(v), −128 for no data, as the product page says."""
    stored = np.random.default_rng(1).integers(-127, 128, (30, 64)).astype(np.int8)
    stored[4, 9] = -128
    lon, lat = scatter(30)
    table = pa.table({f"A{i:02}": stored[:, i] for i in range(64)} | {"lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet")
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["count"], made["skipped"]) == (29, 1)
    real = np.sign(stored.astype(float)) * (stored / 127.5) ** 2
    same_directions(store, np.delete(real, 4, axis=0), [str(i) for i in range(30) if i != 4])


@pytest.mark.parametrize(
    "header",
    [
        {"emb:quantization": {"method": "linear", "original_dtype": "float32", "scale": [0.02], "offset": [-2.5]}},
        {"embedding": {"dim": 24, "quantization": {"method": "linear", "scale": 0.02, "offset": -2.5}}},
        {"geoemb:quantization": {"method": "linear", "scale": {"type": "scalar", "scale": 0.02, "offset": -2.5}}},
    ],
)
def test_quantised_vectors_follow_the_header(tmp_path, header):
    values = vectors(60).clip(-2.4, 2.4)
    stored = np.round((values + 2.5) / 0.02).astype(np.uint8)
    lon, lat = scatter(60)
    pq.write_table(pa.table({"embedding": list_array(stored), "lon": lon, "lat": lat}), tmp_path / "a.parquet")
    with_header(tmp_path / "a.parquet", emb=header)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert any("scale and offset" in note for note in made["notes"])
    same_directions(store, values, [str(i) for i in range(60)], 0.01)


def test_quantised_vectors_without_a_scale_are_told(tmp_path):
    points_table(tmp_path / "a.parquet")
    stored = (vectors(100) * 30).astype(np.int8)
    lon, lat = scatter(100)
    pq.write_table(pa.table({"embedding": list_array(stored), "lon": lon, "lat": lat}), tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert any("int8" in note and "taken as they are" in note for note in made["notes"])


def test_an_embedding_is_found_by_name_before_length(tmp_path):
    lon, lat = scatter(20)
    both = {"pixels": list_array(vectors(20, 300)), "Emb": list_array(vectors(20, 16))}
    table = pa.table({**both, "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet")
    assert import_file(tmp_path / "a.parquet", tmp_path / "one")[0]["dim"] == 16
    assert import_file(tmp_path / "a.parquet", tmp_path / "two", vector_column="pixels")[0]["dim"] == 300


def test_without_a_name_the_longest_list_is_taken(tmp_path):
    lon, lat = scatter(20)
    table = pa.table({"bands": list_array(vectors(20, 13)), "z": list_array(vectors(20, 64)), "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet")
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["dim"] == 64 and made["details"]["source"]["vectors"] == "z"


def test_a_header_of_another_dimension_is_told(tmp_path):
    points_table(tmp_path / "a.parquet")
    with_header(tmp_path / "a.parquet", emb={"emb:dimensions": 512, "license": "CC0-1.0", "emb:model": "m"})
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["dim"] == 24 and made["licence"] == "CC0-1.0" and made["encoder"] == "m"
    assert any("512 dimensions" in note and "24" in note for note in made["notes"])


def test_a_header_that_is_no_json_is_no_obstacle(tmp_path):
    points_table(tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet").replace_schema_metadata({"emb": "{", "geo": json.dumps([1])})
    pq.write_table(table, tmp_path / "a.parquet")
    assert import_file(tmp_path / "a.parquet", tmp_path / "store")[0]["count"] == 100


def test_a_folder_of_files(tmp_path):
    (tmp_path / "in" / "year=2024").mkdir(parents=True)
    generic(tmp_path / "in" / "a.parquet", 30)
    frame = generic(tmp_path / "in" / "year=2024" / "b.parquet", 40, crs="EPSG:32631")
    frame.assign(extra=1, id=[f"q{i}" for i in range(40)]).to_parquet(tmp_path / "in" / "year=2024" / "b.parquet")
    pq.write_table(pa.table({"grid_cell": ["a"]}), tmp_path / "in" / "metadata.parquet")
    made, store = import_file(tmp_path / "in", tmp_path / "store")
    assert made["count"] == 70 and made["details"]["source"]["files"] == 2
    assert any("metadata.parquet" in note for note in made["notes"])
    assert store.lon.min() > 1.9 and store.lon.max() < 3.1
    assert column(store, "id").keys() == {f"p{i}" for i in range(30)} | {f"q{i}" for i in range(40)}
