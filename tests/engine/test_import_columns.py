"""Ids, times and attributes of imported patches."""

import datetime
import decimal

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .embedding_files import (
    by_id,
    column,
    generic,
    import_file,
    list_array,
    points_table,
    refusal,
    scatter,
    vectors,
    with_header,
)


@pytest.mark.parametrize("name", ["unique_id", "id", "tile_id", "ID"])
def test_ids_of_any_name(tmp_path, name):
    points_table(tmp_path / "a.parquet", **{name: [f"t{i}" for i in range(100)]})
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert set(by_id(store)) == {f"t{i}" for i in range(100)} and name not in made["attributes"]


def test_unique_id_comes_first_and_the_other_is_kept(tmp_path):
    points_table(tmp_path / "a.parquet", id=range(100), unique_id=[f"u{i}" for i in range(100)])
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["attributes"] == ["source_id"]
    assert column(store, "source_id") == {f"u{i}": i for i in range(100)}


def test_repeated_and_missing_ids_are_told_apart(tmp_path):
    names = pa.array(["a", "b", "a", None, "a", "c"])
    lon, lat = scatter(6)
    table = pa.table({"id": names, "embedding": list_array(vectors(6)), "lon": lon, "lat": lat})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=2)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert set(by_id(store)) == {"a", "a#2", "a#3", "b", "3", "c"}
    assert any(note.startswith("2 ids") for note in made["notes"])
    rows = by_id(store)
    assert store.lon[rows["a#3"]] == pytest.approx(lon[4])


def test_ids_are_unique_even_where_a_made_up_one_is_taken(tmp_path):
    lon, lat = scatter(5)
    table = {"id": pa.array(["a", "a", "a#2", None, "3"]), "embedding": list_array(vectors(5)), "lon": lon, "lat": lat}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    _, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert len(by_id(store)) == 5


def test_a_column_whose_values_mostly_repeat_is_no_id(tmp_path):
    """A tile that holds many patches does not name them."""
    points_table(tmp_path / "a.parquet", tile_id=["18SUJ", "18SUH"] * 50)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert set(by_id(store)) == {str(i) for i in range(100)} and made["attributes"] == ["tile_id"]


def test_row_numbers_of_several_files_name_the_file(tmp_path):
    (tmp_path / "in").mkdir()
    points_table(tmp_path / "in" / "north.parquet", count=3)
    points_table(tmp_path / "in" / "south.parquet", count=2)
    _, store = import_file(tmp_path / "in", tmp_path / "store")
    assert set(by_id(store)) == {"north/0", "north/1", "north/2", "south/0", "south/1"}


MOMENT = datetime.datetime(2021, 3, 4, 5, 6, 7)
UTC = datetime.UTC
TIMES = {
    "Major TOM": (["20210304T050607"], MOMENT),
    "ISO": (["2021-03-04T05:06:07"], MOMENT),
    "ISO with Z": (["2021-03-04T05:06:07Z"], MOMENT),
    "ISO with an offset": (["2021-03-04T07:06:07+02:00"], MOMENT),
    "ISO with a space and thousandths": (["2021-03-04 05:06:07.000"], MOMENT),
    "ISO date": (["2021-03-04"], MOMENT.replace(hour=0, minute=0, second=0)),
    "compact date": (["20210304"], MOMENT.replace(hour=0, minute=0, second=0)),
    "zoned": (pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "UTC")), MOMENT),
    "zoned elsewhere": (pa.array([MOMENT.replace(tzinfo=UTC)], pa.timestamp("us", "Asia/Tokyo")), MOMENT),
    "without a zone": (pa.array([MOMENT], pa.timestamp("ns")), MOMENT),
    "seconds": (pa.array([MOMENT], pa.timestamp("s")), MOMENT),
    "date": (pa.array([MOMENT.date()], pa.date32()), MOMENT.replace(hour=0, minute=0, second=0)),
    "dictionary": (pa.array(["20210304T050607"]).dictionary_encode(), MOMENT),
    "large string": (pa.array(["20210304T050607"], pa.large_string()), MOMENT),
}


@pytest.mark.parametrize("how", TIMES)
def test_times_however_written(tmp_path, how):
    written, expected = TIMES[how]
    points_table(tmp_path / "a.parquet", count=1, timestamp=written)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert store.time[0] == np.datetime64(expected, "ms")
    assert made["start"] == made["end"] == expected.isoformat() + "Z"
    assert made["attributes"] == []


def test_a_time_that_cannot_be_read_is_unknown_and_told(tmp_path):
    times = ["2021-03-04"] * 98 + ["soon", None]
    points_table(tmp_path / "a.parquet", datetime=times)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert np.isnat(store.time).sum() == 2
    assert "1 times in “datetime” could not be read." in made["notes"]


@pytest.mark.parametrize(
    ("name", "values"), [("date", ["yesterday"] * 5), ("time", [1614834367] * 5), ("timestamp", [2020] * 5)]
)
def test_what_is_no_time_stays_an_attribute(tmp_path, name, values):
    """Bare numbers may count anything, so only a column named year is read as years."""
    points_table(tmp_path / "a.parquet", count=5, **{name: values})
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert store.time is None and made["start"] is None
    assert made["attributes"] == ["source_time" if name == "time" else name]


def test_years(tmp_path):
    points_table(tmp_path / "a.parquet", count=3, year=pa.array([2019, None, 2021], pa.int16()))
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert column(store, "time")["2"].year == 2021 and column(store, "time")["1"] is None
    assert made["start"] == "2019-01-01T00:00:00Z"


def test_attributes_of_every_scalar_type_are_kept(tmp_path):
    kept = {
        "name": pa.array(["x"] * 4).dictionary_encode(),
        "large": pa.array(["y", None, "z", "z"], pa.large_string()),
        "flag": pa.array([True, False, None, True]),
        "small": pa.array([1, 2, 3, None], pa.int8()),
        "big": pa.array([2**63, 1, 2, 3], pa.uint64()),
        "half": pa.array(np.array([0.5, 1, 2, 3], np.float16)),
        "price": pa.array([decimal.Decimal("1.50")] * 4, pa.decimal128(9, 2)),
        "day": pa.array([datetime.date(2020, 1, 2)] * 4),
        "noon": pa.array([datetime.time(12, 0)] * 4, pa.time32("s")),
        "Lon": pa.array([9.0] * 4),
        "lon_": pa.array([7.0] * 4),
        "Größe m²": pa.array([1.25] * 4),
    }
    dropped = {
        "bands": pa.array([["a"], [], None, ["b"]]),
        "thumbnail": pa.array([b"png"] * 4),
        "meta": pa.array([{"a": 1}] * 4),
    }
    frame = generic(tmp_path / "a.parquet", 4)
    table = pq.read_table(tmp_path / "a.parquet")
    for name, values in {**kept, **dropped}.items():
        table = table.append_column(name, values)
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    made, store = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert made["attributes"] == [
        "name", "large", "flag", "small", "big", "half", "price", "day", "noon", "source_Lon", "lon_", "Größe m²"
    ]  # fmt: skip
    assert any("bands, thumbnail, meta" in note for note in made["notes"])
    rows = {row["id"]: row for row in store.rows(np.arange(4)).to_pylist()}
    first = rows[frame.id[0]]
    assert (first["name"], first["big"], first["price"], first["half"]) == ("x", 2**63, 1.5, 0.5)
    assert (first["noon"], first["source_Lon"], first["Größe m²"]) == ("12:00:00.000", 9.0, 1.25)
    assert rows["p1"]["large"] is None and rows["p2"]["flag"] is None and rows["p3"]["small"] is None


def test_the_index_of_pandas_is_no_attribute(tmp_path):
    frame = generic(tmp_path / "a.parquet", 10)
    frame.index = pandas.Index(range(100, 110))
    frame[frame.index != 105].to_parquet(tmp_path / "a.parquet", index=True)
    assert "__index_level_0__" in pq.read_schema(tmp_path / "a.parquet").names
    assert import_file(tmp_path / "a.parquet", tmp_path / "store")[0]["attributes"] == []


def test_columns_that_differ_between_files(tmp_path):
    (tmp_path / "in").mkdir()
    points_table(tmp_path / "in" / "a.parquet", count=3, cloud=[1, 2, 3], note=["x"] * 3)
    points_table(tmp_path / "in" / "b.parquet", count=3, cloud=[0.5, 1.0, 2.0], other=[1] * 3)
    made, store = import_file(tmp_path / "in", tmp_path / "store")
    assert made["attributes"] == ["cloud", "note"]
    assert column(store, "note")["a/0"] == "x" and column(store, "note")["b/0"] is None
    points_table(tmp_path / "in" / "b.parquet", count=3, cloud=["clear"] * 3)
    error = refusal(tmp_path / "in", tmp_path / "new")
    assert error.code == "mixed_columns" and "“cloud”" in error.message and "b.parquet" in error.message


def test_a_file_without_the_id_or_time_of_the_others(tmp_path):
    (tmp_path / "in").mkdir()
    points_table(tmp_path / "in" / "a.parquet", count=2, id=["x", "y"], date=["2020-01-01"] * 2)
    points_table(tmp_path / "in" / "b.parquet", count=2)
    _, store = import_file(tmp_path / "in", tmp_path / "store")
    assert set(by_id(store)) == {"a/0", "a/1", "b/0", "b/1"}
    assert column(store, "time")["b/0"] is None and column(store, "time")["a/0"].year == 2020


def test_licence_and_citation_of_stac_like_headers(tmp_path):
    points_table(tmp_path / "a.parquet")
    with_header(
        tmp_path / "a.parquet",
        emb={
            "type": "Collection",
            "title": "A set",
            "license": [{"name": "CC-BY-4.0"}],
            "sci:citation": "Somebody 2026",
            "links": [
                {"rel": "emb:model", "href": "https://example.org/m", "title": "M"},
                {"rel": "emb:source-data", "href": "https://example.org/s2"},
            ],
        },
    )
    made, _ = import_file(tmp_path / "a.parquet", tmp_path / "store")
    assert (made["dataset"], made["licence"], made["citation"], made["encoder"]) == (
        "A set", "CC-BY-4.0", "Somebody 2026", "M"
    )  # fmt: skip
    assert made["details"]["source"]["source_data"] == "https://example.org/s2"
