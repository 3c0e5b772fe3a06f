"""The parts that reading by the page is made of: Thrift, Snappy's beginning, walks, lists of files, cache, ranges."""

import itertools
import random
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings.sources import file_list, thrift
from cdse_qgis_plugin.engine.embeddings.sources.cache import Cache
from cdse_qgis_plugin.engine.embeddings.sources.http import public, retry_after
from cdse_qgis_plugin.engine.embeddings.sources.pace import Pace
from cdse_qgis_plugin.engine.embeddings.sources.pages import from_offset_index, read_header
from cdse_qgis_plugin.engine.embeddings.sources.ranges import joined, split
from cdse_qgis_plugin.engine.embeddings.sources.retry import Patience
from cdse_qgis_plugin.engine.embeddings.sources.snappy import decompress_start
from cdse_qgis_plugin.engine.embeddings.sources.source import Item
from cdse_qgis_plugin.engine.embeddings.sources.thrift import BINARY, I32, I64, LIST, STRUCT, Field, List
from cdse_qgis_plugin.engine.embeddings.sources.walk import Walk
from cdse_qgis_plugin.engine.errors import Cancelled

from .ranged import written

_scalars = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda value: Field(I32, value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: Field(I64, value)),
    st.binary(max_size=40).map(lambda value: Field(BINARY, value)),
    st.booleans().map(lambda value: Field(thrift.TRUE if value else thrift.FALSE, value)),
    st.floats(allow_nan=False).map(lambda value: Field(thrift.DOUBLE, value)),
    st.integers(-128, 127).map(lambda value: Field(thrift.BYTE, value)),
)
_numbers = st.integers(1, 400)
_structs = st.recursive(
    st.dictionaries(_numbers, _scalars, max_size=5),
    lambda inner: st.dictionaries(
        _numbers,
        st.one_of(
            _scalars,
            inner.map(lambda value: Field(STRUCT, value)),
            st.lists(inner, max_size=20).map(lambda values: Field(LIST, List(STRUCT, values))),
        ),
        max_size=4,
    ),
    max_leaves=12,
)


@given(_structs)
def test_what_is_written_is_read(fields):
    data = thrift.write_struct(fields)
    found, end = thrift.read_struct(b"before" + data + b"after", 6)
    assert found == fields and end == 6 + len(data)


@given(_structs, st.integers(0, 10**6))
def test_a_structure_that_is_cut_off(fields, at):
    data = thrift.write_struct(fields)
    with pytest.raises(thrift.Truncated):
        thrift.read_struct(data[: at % len(data)])


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_rubbish_is_told_as_such(data):
    for read in (thrift.read_struct, read_header, lambda data: from_offset_index(data, 100, 4)):
        try:
            read(data)
        except (thrift.Truncated, thrift.Malformed):
            continue


def test_a_footer_goes_through_unchanged():
    data = written(pa.table({"v": [[1.0, 2.0]] * 50, "name": ["x"] * 50}), write_page_index=True)
    length = int.from_bytes(data[-8:-4], "little")
    footer = data[-8 - length : -8]
    assert thrift.write_struct(thrift.read_struct(footer)[0]) == footer


@settings(max_examples=150)
@given(st.integers(0, 2**31), st.integers(1, 300_000), st.sampled_from(["noise", "text", "few", "zeros"]))
def test_the_beginning_of_a_snappy_stream(seed, size, kind):
    rng = np.random.default_rng(seed)
    plain = {
        "noise": lambda: rng.bytes(size),
        "text": lambda: b" ".join(b"%d" % value for value in rng.integers(0, 5000, size // 4 + 1))[:size],
        "few": lambda: np.round(rng.normal(size=size // 4 + 1)).astype(np.float32).tobytes()[:size],
        "zeros": lambda: bytes(size),
    }[kind]()
    squeezed = pa.compress(plain, "snappy", asbytes=True)
    assert decompress_start(squeezed) == plain
    cut = int(rng.integers(0, len(squeezed) + 1))
    found = decompress_start(squeezed[:cut])
    assert plain.startswith(found)
    if kind == "noise" and cut > 100:
        assert len(found) > 0.99 * cut - 100


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_a_snappy_stream_of_rubbish(data):
    try:
        assert len(decompress_start(data)) < 1 << 26
    except thrift.Malformed:
        return


def test_a_walk_is_taken_up_where_it_was_left():
    values = pa.array(np.random.default_rng(0).normal(size=(4000, 16)).astype(np.float32).tolist())
    data = written(pa.table({"v": values}), data_page_size=2048, write_batch_size=64)
    about = pq.read_metadata(pa.BufferReader(data)).row_group(0).column(0)
    start = about.dictionary_page_offset

    def walk() -> Walk:
        return Walk(start, start + about.total_compressed_size, 4000, about.num_values, 1, 1)

    def go(one: Walk, steps: int) -> None:
        for _ in range(steps):
            if not one.ended:
                one.take(data[slice(*one.next())])

    whole = walk()
    go(whole, 10_000)
    assert whole.ended and whole.known_rows == 4000
    for steps in (0, 1, 7, 40):
        first, second = walk(), walk()
        go(first, steps)
        second.load(first.dump())
        assert second.at == first.at and second.known_rows == first.known_rows
        go(second, 10_000)
        for name in ("offset", "size", "first_row", "within", "coded"):
            assert np.array_equal(getattr(second.map(), name), getattr(whole.map(), name))
    broken = walk()
    broken.load(b"no such thing")
    assert broken.at == start


def test_lists_in_every_form():
    base = "http://host/set/index.txt"
    assert file_list.addresses(b"a.parquet\n\n# no.parquet\n/b.parquet\nhttp://other/c.pq\nd.csv\n", "", base) == [
        "http://host/set/a.parquet",
        "http://host/b.parquet",
        "http://other/c.pq",
    ]
    assert file_list.addresses(b'["part_10.parquet", {"x": ["part_2.parquet?k=1"]}]', "", base) == [
        "http://host/set/part_10.parquet",
        "http://host/set/part_2.parquet?k=1",
    ]
    page = b"<html><a href=part_10.parquet></a><a href='part_9.parquet'></a><a name=x></a><a href=readme.html></a>"
    assert file_list.addresses(page, "text/html; charset=utf-8", base) == [
        "http://host/set/part_9.parquet",
        "http://host/set/part_10.parquet",
    ]
    for nothing in (b"", b"\xff\xfe\x00", b"{broken", b"hello", b"file:///etc/x.parquet", b"<html></html>"):
        assert file_list.addresses(nothing, "", base) == []


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**5))), st.integers(0, 10**5))
def test_near_ranges_become_one(pairs, gap):
    ranges = [(start, start + length) for start, length in pairs]
    found = joined(ranges, gap)
    assert all(any(low <= start and stop <= high for low, high in found) for start, stop in ranges)
    assert all(two[0] - one[1] > gap for one, two in itertools.pairwise(found))
    for one in found:
        pieces = split(one, 10_000)
        assert pieces[0][0] == one[0] and pieces[-1][1] == one[1]
        assert all(0 < stop - start <= 10_000 for start, stop in pieces)
        assert all(first[1] == second[0] for first, second in itertools.pairwise(pieces))


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_cache_gives_what_was_put(tmp_path_factory, seed):
    chance = random.Random(seed)
    data = chance.randbytes(5000)
    item = Item("x", len(data), "1")
    cache = Cache(tmp_path_factory.mktemp("cache"))
    kept = cache.of("label", item)
    known = np.zeros(len(data), dtype=bool)
    for _ in range(25):
        start = chance.randrange(len(data))
        stop = min(len(data), start + chance.randint(1, 900))
        missing = kept.missing(start, stop)
        assert sum(high - low for low, high in missing) == (~known[start:stop]).sum()
        assert (kept.get(start, stop) == data[start:stop]) if not missing else kept.get(start, stop) is None
        for low, high in [(start, stop)] if chance.random() < 0.2 else missing:  # two processes may overlap
            kept.put(low, data[low:high])
            known[low:high] = True
        assert kept.get(start, stop) == data[start:stop]
        if chance.random() < 0.2:
            kept = cache.of("label", item)
    assert cache.of("label", Item("x", len(data), "2")).get(0, 1) is None, "another version is another file"


def test_what_was_cut_or_removed_is_not_taken_for_known(tmp_path):
    cache = Cache(tmp_path)
    item = Item("x", 100, "1")
    cache.of("l", item).put(0, b"a" * 50)
    kept = cache.of("l", item)
    (path,) = kept.folder.glob("*.range")
    path.write_bytes(b"a" * 20)
    assert cache.of("l", item).missing(0, 50) == [(0, 50)]
    assert kept.get(0, 50) is None and kept.missing(0, 50) == [(0, 50)]
    (kept.folder / ".dead.partial").write_bytes(b"half")
    assert cache.of("l", item).held == 0


def test_the_cache_keeps_to_its_limit_and_drops_what_was_used_longest_ago(tmp_path):
    cache = Cache(tmp_path)
    items = [Item(f"file {i}", 1000, "1") for i in range(5)]
    for item in items:
        cache.of("l", item).put(0, bytes(1000))
        time.sleep(0.02)
    cache.of("l", items[0])  # used again
    cache.trim(3000)
    assert [cache.of("l", item).held for item in items] == [1000, 0, 0, 1000, 1000]
    cache.trim(0)
    assert not any(cache.of("l", item).held for item in items)


def test_waiting_times():
    patience = Patience(first_s=1, longest_s=60)
    assert 0.5 <= patience.wait_s(1, None) <= 1
    assert 4 <= patience.wait_s(4, None) <= 8
    assert patience.wait_s(30, None) <= 60
    assert patience.wait_s(1, 5) == 5
    assert retry_after({"Retry-After": "7"}) == 7
    assert retry_after({"Retry-After": "Mon, 23 Nov 2026 10:00:30 GMT"}, now=1795428000) == pytest.approx(30)
    assert retry_after({"Retry-After": "Mon, 23 Nov 2020 10:00:30 GMT"}) == 0
    assert retry_after({"Retry-After": "soon"}) is None and retry_after({}) is None


def test_addresses_without_secrets():
    assert public("https://me:word@host:8/a%20b/c.parquet?X-Amz-Signature=1#x") == "https://host:8/a b/c.parquet"


def test_a_page_index_is_believed_only_if_it_can_be_true():
    def index(*pages) -> bytes:
        places = [{1: Field(I64, at), 2: Field(I32, size), 3: Field(I64, row)} for at, size, row in pages]
        return thrift.write_struct({1: Field(LIST, List(STRUCT, places))})

    good = from_offset_index(index((50, 10, 0), (60, 10, 40)), 100, 4)
    assert good.dictionary == (4, 50) and good.first_row.tolist() == [0, 40]
    for bad in (index(), index((50, 10, 5)), index((50, 10, 0), (40, 10, 40)), index((50, 10, 0), (60, 0, 40)),
                index((50, 10, 0), (60, 10, 400)), index((2, 10, 0)), index((50, 10, 30), (60, 10, 0))):  # fmt: skip
        with pytest.raises(thrift.Malformed):
            from_offset_index(bad, 100, 4)


def test_so_many_requests_a_minute_and_no_more():
    pace, stop = Pace(8, a_minute=10, minute_s=0.5), threading.Event()
    begun = []
    for _ in range(25):
        with pace.turn(stop):
            begun.append(time.monotonic())
    assert all(later - one >= 0.49 for one, later in zip(begun, begun[10:], strict=False))
    stop.set()
    with pytest.raises(Cancelled):
        for _ in range(11):
            with pace.turn(stop):
                pass


def test_turns_at_a_time():
    pace, stop, at_once, most = Pace(3), threading.Event(), [], []

    def work() -> None:
        with pace.turn(stop):
            at_once.append(1)
            most.append(len(at_once))
            time.sleep(0.02)
            at_once.pop()

    for allowed in (3, 2, 1, 1):
        most.clear()
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert max(most) == allowed
        pace.slow_down()
