"""Over the network, places are checked with what an area brings anyway: nothing more is read."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdse_qgis_plugin.engine.embeddings import grid, importing, places
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from ..engine.major_tom_files import Field, block, geo_metadata_without_covering, major_tom_table
from .range_server import RangeServer


def served(table, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({b"geo": geo_metadata_without_covering()}), out, **options)
    return out.getvalue()


def fetch(data, store, cache, **request):
    """Imports over HTTP; returns the answer, the store, and how many bytes were sent."""
    with RangeServer({"/part_1.parquet": data}) as server:
        source = {"source": f"{server.address}/part_1.parquet", "store": str(store), "cache": str(cache)}
        made = find("embeddings.import")({**source, **request}, Run())
        return made, Store(store), server.sent


@pytest.mark.parametrize("options", [{}, {"write_page_index": True}, {"data_page_version": "2.0"}], ids=str)
@pytest.mark.parametrize("defect", [True, False], ids=["transposed", "right"])
def test_what_comes_with_an_area_decides(tmp_path, monkeypatch, defect, options):
    cells = block(2.8, 41.9, 20, 30)
    table, lon, lat, _ = major_tom_table(cells, Field(7, dim=256), defect=defect)
    data = served(table, **options)
    west, south, east, north = grid.edges(*cells[310])
    bbox = [west + 0.01, south + 0.01, east - 0.01, north + 0.05]
    made, store, sent = fetch(data, tmp_path / "store", tmp_path / "one", bbox=bbox)
    assert made["details"]["transposition"] == ("corrected" if defect else "not affected")
    test = made["details"]["transposition_test"]
    assert 9 < test["cells"] < 300  # more than the area has, and not the whole file
    true = dict(zip(table["unique_id"].to_pylist(), zip(lon, lat, strict=True), strict=True))
    inside = places.in_bbox(lon, lat, bbox)
    assert store.count == inside.sum() > 20
    at = np.array([true[name] for name in store.column("id")]).T
    assert np.hypot(*places.to_tangent(*at, store.lon, store.lat)).max() < 1
    # the same without looking at places costs the same
    monkeypatch.setattr(importing, "settle_positions", lambda *_: None)
    _, _, least = fetch(data, tmp_path / "other", tmp_path / "two", bbox=bbox)
    assert sent <= least * 1.01


def test_one_area_tells_for_another_of_the_same_file(tmp_path):
    """Where an area alone does not tell, an earlier one of this version of the file does, and of another does not."""
    cells = block(2.8, 41.9, 4, 40)
    table = major_tom_table(cells, Field(7, dim=256), defect=True)[0]
    vectors = np.array(table["embedding"].combine_chunks().flatten()).reshape(-1, 256).copy()
    vague = np.repeat(np.arange(len(cells)) % 40 < 12, 25)  # the west of it is noise
    vectors[vague] = np.random.default_rng(1).normal(size=(vague.sum(), 256))
    column = pa.ListArray.from_arrays(
        pa.array(np.arange(0, vectors.size + 1, 256), pa.int32()), pa.array(vectors.ravel())
    )
    table = table.set_column(table.schema.get_field_index("embedding"), "embedding", column)
    data = served(table, data_page_size=100_000)
    areas = []
    for first, last in ((44, 44), (20, 3 * 40 + 30)):
        west, south, _, _ = grid.edges(*cells[first])
        _, _, east, north = grid.edges(*cells[last])
        areas.append([west + 0.01, south + 0.01, east - 0.01, north - 0.01])
    cache = tmp_path / "cache"
    with RangeServer({"/part_1.parquet": data}) as server:

        def fetched(store, area):
            source = {"source": f"{server.address}/part_1.parquet", "store": str(tmp_path / store)}
            made = find("embeddings.import")({**source, "cache": str(cache), "bbox": area}, Run())
            return made["details"]["transposition"], made["notes"]

        assert fetched("first", areas[0])[0].startswith("undecided")
        assert fetched("second", areas[1])[0] == "corrected"
        answer, notes = fetched("third", areas[0])
        assert answer == "corrected" and any("another area of the same file" in note for note in notes)
        server.files["/part_1.parquet"] = served(table, data_page_size=50_000)
        assert fetched("fourth", areas[0])[0].startswith("undecided")
