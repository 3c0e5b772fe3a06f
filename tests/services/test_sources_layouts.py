"""Whatever a table looks like: over the network it becomes the same store as from the disk."""

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from cdse_qgis_plugin.engine.embeddings import grid
from cdse_qgis_plugin.engine.embeddings.sources import columns
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from ..engine import embedding_files as files
from . import major_tom_files as major_tom
from .range_server import RangeServer
from .test_sources import COLUMN, ROW, area, assert_same, make

BOX = [2.3, 41.3, 2.7, 41.6]
RING = [[2.2, 41.2], [2.8, 41.3], [2.6, 41.8], [2.2, 41.2]]


def generic(path, crs="EPSG:4326", **options):
    files.generic(path, count=400, dim=32, crs=crs)
    if options:
        geopandas.read_parquet(path).to_parquet(path, **options)


def null_vectors(path):
    files.generic(path, count=400)
    files.edit(path, lambda table: _with_nulls(table))


def _with_nulls(table):
    vectors = table["embedding"].to_pylist()
    column = pa.array([None if i % 9 == 4 else row for i, row in enumerate(vectors)], table["embedding"].type)
    return table.set_column(table.schema.get_field_index("embedding"), "embedding", column)


def wide(path):
    lon, lat = files.scatter(300)
    values = files.vectors(300, 20)
    pq.write_table(pa.table({"lat": lat, "lon": lon, **{f"dim_{i}": values[:, i] for i in range(20)}}), path)


def without_ids(path):
    lon, lat = files.scatter(300)
    table = {"vector": files.list_array(files.vectors(300).astype(np.float16)), "latitude": lat, "longitude": lon}
    pq.write_table(pa.table(table), path, row_group_size=64)


def geoarrow(path):
    frame = geopandas.read_parquet(path) if path.exists() else None
    generic(path)
    frame = geopandas.read_parquet(path)
    frame.to_parquet(path, geometry_encoding="geoarrow")


LAYOUTS = {
    "polygons in degrees": generic,
    "web mercator": lambda path: generic(path, "EPSG:3857"),
    "a covering": lambda path: generic(path, write_covering_bbox=True),
    "a covering in UTM": lambda path: generic(path, "EPSG:32631", write_covering_bbox=True),
    "geoarrow": geoarrow,
    "points": lambda path: files.points_table(path, count=400, name=[f"n{i % 7}" for i in range(400)]),
    "coordinates by other names": lambda path: files.points_table(path, names=("centroid_lon", "centroid_lat")),
    "missing vectors": null_vectors,
    "one column a dimension": wide,
    "no ids, small row groups": without_ids,
}


@pytest.mark.parametrize("where", [{"bbox": BOX}, {"polygon": RING}, {"bbox": BOX, "polygon": RING}, {}], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_store(tmp_path, monkeypatch, layout, where):
    monkeypatch.setattr(columns, "SMALL", 0)
    path = tmp_path / "part.parquet"
    LAYOUTS[layout](path)
    with RangeServer({"/part.parquet": path.read_bytes()}) as server:
        told, remote = make(f"{server.address}/part.parquet", tmp_path / "remote", tmp_path, **where)
    here, local = make(path, tmp_path / "local", tmp_path, **where)
    assert_same(remote, local)
    assert remote.count > 5 and told["skipped"] == here["skipped"]
    mine = [note for note in told["notes"] if not note.startswith("Read ") and "differ in length" not in note]
    assert mine == here["notes"]


def test_cells_that_are_not_those_of_the_grid_are_not_believed(tmp_path):
    """Columns of the same name may count the cells of another grid."""
    path = tmp_path / "part.parquet"
    frame = major_tom.frame(*major_tom.cells(ROW, COLUMN, 6, 8), dim=32)
    frame["grid_row_u"] = (frame["grid_row_u"] * 2).astype(np.int16)
    path.write_bytes(major_tom.parquet(frame))
    with RangeServer({"/part.parquet": path.read_bytes()}) as server:
        where = {"bbox": area(ROW + 1, COLUMN + 1), "transposition": "keep"}
        _, remote = make(f"{server.address}/part.parquet", tmp_path / "remote", tmp_path, **where)
    assert_same(remote, make(path, tmp_path / "local", tmp_path, **where)[1])
    assert remote.count > 30


def test_a_polygon_within_one_cell(tmp_path):
    path = tmp_path / "part.parquet"
    path.write_bytes(major_tom.parquet(major_tom.frame(*major_tom.cells(ROW, COLUMN, 6, 8), dim=32)))
    west, south, east, north = grid.edges(ROW + 3, COLUMN + 4)
    ring = shapely.Point((west + east) / 2, (south + north) / 2).buffer(0.025)
    polygon = shapely.geometry.mapping(ring)
    with RangeServer({"/part.parquet": path.read_bytes()}) as server:
        _, remote = make(f"{server.address}/part.parquet", tmp_path / "remote", tmp_path, polygon=polygon)
    assert_same(remote, make(path, tmp_path / "local", tmp_path, polygon=polygon)[1])
    assert 1 <= remote.count <= 9


def estimate(source, cache, **where):
    return find("embeddings.estimate")({"source": str(source), "cache": str(cache), **where}, Run())


@pytest.mark.parametrize("options", [{}, {"write_page_index": True}, {"row_group_size": 900}], ids=str)
def test_an_estimate_comes_true(tmp_path, options):
    data = major_tom.parquet(major_tom.frame(*major_tom.cells(ROW, COLUMN, 20, 30), dim=128), **options)
    with RangeServer({"/Core-S2L1C-SSL4EO/part.parquet": data}) as server:
        source = f"{server.address}/Core-S2L1C-SSL4EO/part.parquet"
        for cells in ((1, 1), (2, 3), (6, 8)):
            where = {"bbox": area(ROW + 5, COLUMN + 5, *cells)}
            told = estimate(source, tmp_path / "one", **where)
            server.forget()
            store = make(source, tmp_path / f"store{cells}", tmp_path / f"cache{cells}", **where)[1]
            assert 0.9 * store.count <= told["patches"] <= 1.1 * store.count + 2
            assert 0.4 < told["megabytes"] / (server.sent / 1e6) < 2.5
            assert told["minutes"] == pytest.approx(told["megabytes"] / 80 / 60, abs=0.001)
            assert not told["refusal"] and told["unknown"] and told["known"]


def test_an_estimate_of_everything_is_exact(tmp_path):
    data = major_tom.parquet(major_tom.frame(*major_tom.cells(ROW, COLUMN, 4, 5), dim=16))
    (tmp_path / "part.parquet").write_bytes(data)
    here = estimate(tmp_path / "part.parquet", tmp_path)
    assert here["exact"] and here["patches"] == here["patches_in_total"] == 500
    assert here["minutes"] == 0 and here["megabytes"] == pytest.approx(len(data) / 1e6, rel=0.3)
    with RangeServer({"/part.parquet": data}) as server:
        there = estimate(f"{server.address}/part.parquet", tmp_path)
        assert there["exact"] and there["patches"] == 500 and there["connections"] == 4
        assert server.sent < 70_000, "more than the footer was read"


def test_an_estimate_tells_what_an_import_would_refuse(tmp_path):
    data = major_tom.parquet(major_tom.frame(*major_tom.cells(ROW, COLUMN, 4, 5), dim=16))
    with RangeServer({"/part.parquet": data}) as server:
        told = estimate(f"{server.address}/part.parquet", tmp_path, max_patches=400)
    assert "500" in told["refusal"] and "max_patches" in told["refusal"]


def test_an_estimate_for_where_nothing_is(tmp_path):
    data = major_tom.parquet(major_tom.frame(*major_tom.cells(ROW, COLUMN, 4, 5), dim=16))
    with RangeServer({"/part.parquet": data}) as server:
        told = estimate(f"{server.address}/part.parquet", tmp_path, bbox=[-30, -30, -29, -29])
    assert told["files"] == told["patches"] == told["megabytes"] == 0


def test_an_estimate_of_a_table_without_a_grid(tmp_path):
    """Evenly spread points: half of the box means about half of the points."""
    lon, lat = files.scatter(4000)
    table = pa.table({"lon": lon, "lat": lat, "vector": files.list_array(files.vectors(4000, 64))})
    pq.write_table(table, tmp_path / "points.parquet")
    with RangeServer({"/points.parquet": (tmp_path / "points.parquet").read_bytes()}) as server:
        told = estimate(f"{server.address}/points.parquet", tmp_path, bbox=[2.0, 41.0, 2.5, 42.0])
    assert told["patches"] == pytest.approx(2000, rel=0.1)
    assert any("evenly" in sentence for sentence in told["unknown"])
