"""Reading by the page gives, bit for bit, what pyarrow reads, whatever wrote the file."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings.parquet_source import plain
from cdse_qgis_plugin.engine.embeddings.sources import bodies, columns
from cdse_qgis_plugin.engine.embeddings.sources.cache import Cache

from .cut_pages import cut_file
from .ranged import Opened, rows_of, written

ROWS = 700
FLOATS = pa.list_(pa.float32())
SMALL_PAGES = {"data_page_size": 2048, "write_batch_size": 32}


@pytest.fixture(autouse=True)
def _everything_by_page(monkeypatch):
    """Small chunks would be read whole; here even they are read by the page."""
    monkeypatch.setattr(columns, "SMALL", 0)


def beginnings_only(monkeypatch, slack: int = 300):
    """Has even small pages read only as far as they are wanted."""
    monkeypatch.setattr(bodies, "_LEAST_SAVED", 1)
    monkeypatch.setattr(bodies, "_SLACK", slack)


def lists(values: np.ndarray, kind=pa.list_) -> pa.Array:
    """A matrix as a list column."""
    offsets = np.arange(0, values.size + 1, values.shape[1], dtype=np.int64 if kind is pa.large_list else np.int32)
    of = pa.LargeListArray if kind is pa.large_list else pa.ListArray
    return of.from_arrays(offsets, pa.array(values.ravel()))


def table(rows: int = ROWS, seed: int = 0) -> pa.Table:
    """A table with a vector of every kind and the other columns of an embedding file."""
    rng = np.random.default_rng(seed)
    f32 = rng.normal(size=(rows, 24)).astype(np.float32)
    nested = lists(f32[:, :12])
    return pa.table(
        {
            "list32": lists(f32),
            "list64": lists(f32[:, :7].astype(np.float64)),
            "list16": lists(f32[:, :5].astype(np.float16)),
            "fixed32": pa.FixedSizeListArray.from_arrays(pa.array(f32.ravel()), 24),
            "fixed16": pa.FixedSizeListArray.from_arrays(pa.array(f32[:, :6].astype(np.float16).ravel()), 6),
            "large": lists(f32[:, :9], pa.large_list),
            "nested": pa.ListArray.from_arrays(np.arange(rows + 1, dtype=np.int32), nested),
            "int8": lists((f32[:, :16] * 20).astype(np.int8)),
            "few": lists(np.round(f32[:, :8])),
            "missing": pa.array([None if i % 11 == 3 else row.tolist() for i, row in enumerate(f32[:, :4])], FLOATS),
            "ragged": pa.array([row[: i % 5].tolist() for i, row in enumerate(f32)], FLOATS),
            "holes": pa.array([[None, float(row[0]), None] for row in f32], FLOATS),
            "id": [f"{i:05d}{'x' * (i % 40)}" for i in range(rows)],
            "name": [None if i % 7 == 0 else f"product {i // 50}" for i in range(rows)],
            "category": pa.array([f"c{i % 3}" for i in range(rows)]).dictionary_encode(),
            "wkb": pa.array([bytes([i % 256]) * 60 for i in range(rows)], pa.binary()),
            "row": pa.array(np.arange(rows) // 30, pa.int16()),
            "flag": pa.array(np.arange(rows) % 3 == 0),
            "time": pa.array(np.arange(rows) * 1000, pa.timestamp("ms", tz="UTC")),
            "lat": pa.array(f32[:, 0]),
            "box": pa.StructArray.from_arrays([pa.array(f32[:, 1]), pa.array(f32[:, 2])], ["xmin", "ymin"]),
        }
    )  # fmt: skip


TABLE = table()


def choices(groups: list[int]) -> list[dict[int, np.ndarray]]:
    """Rows to ask for: a run, single ones far apart, the ends, all of them."""
    rng = np.random.default_rng(5)
    return [
        {g: np.arange(n // 3, min(n // 3 + 50, n)) for g, n in enumerate(groups)},
        {g: np.sort(rng.choice(n, min(n, 9), replace=False)) for g, n in enumerate(groups)},
        {0: np.array([0]), len(groups) - 1: np.array([groups[-1] - 1])},
        {g: np.arange(n) for g, n in enumerate(groups)},
    ]


def check(data: bytes, names=None) -> Opened:
    """Compares every choice of rows with what pyarrow reads."""
    expected = pq.read_table(pa.BufferReader(data), columns=names)
    groups = pq.read_metadata(pa.BufferReader(data))
    groups = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    starts = np.concatenate([[0], np.cumsum(groups)])
    with Opened(data) as opened:
        for rows in choices(groups):
            wanted = np.concatenate([starts[g] + found for g, found in sorted(rows.items())])
            numbers, found = rows_of(opened.file, expected.schema.names, rows)
            assert numbers == wanted.tolist()
            same = expected.take(pa.array(wanted)).combine_chunks()
            for name in expected.schema.names:
                column = plain(same.select([name]).to_batches()[0]).column(0)
                ours = found.column(name).combine_chunks()
                assert ours.type == column.type, name
                assert ours.equals(column), name
    return opened


def same(found: pa.Table, expected: pa.Table, name: str, rows: np.ndarray) -> bool:
    """Whether a column is what the given rows of a table hold."""
    return found.column(name).combine_chunks().equals(expected.column(name).combine_chunks().take(pa.array(rows)))


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize("beginnings", [True, False])
def test_every_way_of_writing(monkeypatch, compression, version, dictionary, index, beginnings):
    if beginnings:
        beginnings_only(monkeypatch)
    options = {"data_page_version": version, "use_dictionary": dictionary, "write_page_index": index}
    check(written(TABLE, compression=compression, data_page_size=4096, write_batch_size=64, **options))


@pytest.mark.parametrize("group", [1, 200, 700])
def test_row_groups(group):
    check(written(TABLE.slice(0, min(ROWS, group * 40)), row_group_size=group, **SMALL_PAGES))


@pytest.mark.parametrize("encoding", ["BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED", "DELTA_BYTE_ARRAY"])
def test_other_encodings(encoding):
    names = {"BYTE_STREAM_SPLIT": ["list32", "lat"], "DELTA_BINARY_PACKED": ["row"], "DELTA_BYTE_ARRAY": ["id"]}[
        encoding
    ]
    kinds = {name + (".list.element" if "list" in name else ""): encoding for name in names}
    check(written(TABLE.select(names), column_encoding=kinds, use_dictionary=False, **SMALL_PAGES))


def test_dictionary_that_overflows_into_plain_pages():
    some = TABLE.select(["list32", "id", "list16"])
    for index in (True, False):
        data = written(some, write_page_index=index, dictionary_pagesize_limit=4096, **SMALL_PAGES)
        about = pq.read_metadata(pa.BufferReader(data)).row_group(0).column(0)
        assert about.has_dictionary_page and "PLAIN" in about.encodings
        check(data)


def test_checksums_are_written_and_still_right():
    for version in ("1.0", "2.0"):
        check(
            written(
                TABLE, write_page_checksum=True, data_page_version=version, data_page_size=2048, write_batch_size=32
            )
        )


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("beginnings", [True, False])
def test_pages_that_begin_in_the_middle_of_a_row(monkeypatch, compression, packed, checksums, beginnings):
    if beginnings:
        beginnings_only(monkeypatch)
    values = np.random.default_rng(1).normal(size=(600, 24)).astype(np.float32)
    cuts = np.sort(np.random.default_rng(2).choice(np.arange(1, values.size), 90, replace=False))
    data = cut_file(values, cuts, compression, packed, checksums)
    assert np.array_equal(np.stack(pq.read_table(pa.BufferReader(data)).column("v").to_numpy()), values)
    opened = check(data)
    within = opened.file.group(0)._leaves[0].pages.within
    assert within.sum() > 0.7 * len(within)
    assert not opened.file.notes


def test_a_row_longer_than_a_page():
    values = np.random.default_rng(1).normal(size=(40, 1000)).astype(np.float32)
    opened = check(cut_file(values, np.arange(300, values.size, 300)))
    assert not opened.file.notes


def test_only_the_pages_of_the_rows_are_read():
    values = np.random.default_rng(1).normal(size=(20_000, 64)).astype(np.float32)
    for index, limit in ((True, 0.01), (False, 0.02)):
        data = written(
            pa.table({"v": lists(values)}), data_page_size=16384, use_dictionary=False, write_page_index=index
        )
        with Opened(data) as opened:
            before = opened.traffic.bytes
            rows_of(opened.file, ["v"], {0: np.arange(7000, 7050)})
            assert opened.traffic.bytes - before < limit * len(data)


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
@pytest.mark.parametrize("index", [True, False])
def test_of_long_pages_only_the_beginning_is_read(compression, index):
    values = np.random.default_rng(1).normal(size=(12_000, 128)).astype(np.float32)
    texts = pa.array([f"{i * 7919:060d}" for i in range(len(values))])
    some = pa.table({"v": lists(values), "t": texts})
    data = written(some, use_dictionary=False, write_page_index=index, compression=compression)
    with Opened(data) as opened:
        opened.file.keep({0: np.arange(4300, 4350)})
        before = opened.traffic.bytes
        (_, batch), *_ = opened.file.batches(["v", "t"], 100)
        assert same(pa.Table.from_batches([batch]), some, "v", np.arange(4300, 4350))
        assert same(pa.Table.from_batches([batch]), some, "t", np.arange(4300, 4350))
        # Row 4350 is at 0.12 of a page of the vectors and about 0.28 of one of the texts.
        assert opened.traffic.bytes - before < 0.6 * (1 << 20)


def test_vectors_of_different_length_are_read_up_to_the_last_and_said_to_be():
    ragged = check(written(TABLE.select(["ragged"]), **SMALL_PAGES), ["ragged"])
    assert "differ in length" in next(iter(ragged.file.notes))
    even = check(written(TABLE.select(["list32"]), **SMALL_PAGES), ["list32"])
    assert not even.file.notes


def test_lengths_that_only_add_up_are_not_taken_for_even():
    """Two rows that make good for each other leave the sum as if all were even, but move the rows between them."""
    lengths = np.full(3000, 16)
    lengths[700], lengths[2100] = 17, 15
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    values = np.random.default_rng(2).normal(size=offsets[-1]).astype(np.float32)
    uneven = pa.table({"v": pa.ListArray.from_arrays(offsets, pa.array(values))})
    data = written(uneven, use_dictionary=False, **SMALL_PAGES)
    expected = pq.read_table(pa.BufferReader(data))
    for first in (100, 690, 1500, 2090, 2900):
        rows = np.arange(first, first + 20)
        with Opened(data) as opened:
            _, found = rows_of(opened.file, ["v"], {0: rows})
            assert same(found, expected, "v", rows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 400), st.integers(1, 40), st.sampled_from([0.0, 0.0, 0.1]), st.sampled_from([1, 7, 64, 1024]),
    st.sampled_from([64, 500, 3000, 1 << 20]), st.booleans(), st.booleans(), st.sampled_from(["1.0", "2.0"]),
    st.sampled_from(["none", "snappy", "gzip", "zstd"]), st.integers(0, 2**31), st.sampled_from([None, 0, 300]),
)  # fmt: skip
def test_any_table(monkeypatch, rows, dim, nulls, batch, page, dictionary, index, version, compression, seed, slack):
    if slack is not None:
        beginnings_only(monkeypatch, slack)
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, dim)).astype(np.float32)
    column = [None if rng.random() < nulls else row.tolist() for row in values]
    data = written(
        pa.table({"v": pa.array(column, pa.list_(pa.float32())), "i": np.arange(rows)}), write_batch_size=batch,
        data_page_size=page, use_dictionary=dictionary, write_page_index=index, data_page_version=version,
        compression=compression,
    )  # fmt: skip
    expected = pq.read_table(pa.BufferReader(data))
    wanted = np.flatnonzero(rng.random(rows) < rng.choice([0.02, 0.3, 1.0]))
    with Opened(data) as opened:
        _, found = rows_of(opened.file, ["v", "i"], {0: wanted}, size=int(rng.integers(1, rows + 1)))
        if not len(wanted):
            assert found is None
            return
        for name in ("v", "i"):
            assert (
                found.column(name)
                .combine_chunks()
                .equals(expected.take(pa.array(wanted)).column(name).combine_chunks())
            )


def test_what_was_read_is_not_read_again(tmp_path):
    data = written(TABLE, **SMALL_PAGES)
    with Opened(data, Cache(tmp_path)) as opened:
        rows_of(opened.file, TABLE.schema.names, {0: np.arange(10, 60)})
        assert opened.traffic.requests > 0
    for again in (np.arange(10, 60), np.arange(20, 30)):
        with Opened(data, Cache(tmp_path)) as opened:
            _, found = rows_of(opened.file, TABLE.schema.names, {0: again})
            assert opened.traffic.requests == 0
            assert same(found, TABLE, "list32", again)


def test_a_whole_file_is_read_once_and_in_large_parts(tmp_path):
    values = np.random.default_rng(1).normal(size=(60_000, 256)).astype(np.float32)
    data = written(pa.table({"v": lists(values)}), use_dictionary=False, data_page_size=1 << 16)
    with Opened(data, Cache(tmp_path)) as opened:
        at = 0
        for _, batch in opened.file.batches(["v"], 5000):
            found = batch.column(0).flatten().to_numpy().reshape(-1, 256)
            assert np.array_equal(found, values[at : at + len(found)])
            at += len(found)
        assert at == len(values)
        assert opened.traffic.bytes < len(data) + 100_000
        assert opened.traffic.requests < 25
