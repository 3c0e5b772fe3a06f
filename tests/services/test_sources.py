"""Importing over the network gives what importing the same file from the disk gives, and reads little of it."""

import json

import numpy as np
import pytest

from cdse_qgis_plugin.engine.embeddings import grid
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from . import major_tom_files as major_tom
from .range_server import RangeServer

ROW, COLUMN = 462, 15


@pytest.fixture(scope="module")
def patches():
    """30 x 20 cells of 25 patches around Girona."""
    return major_tom.frame(*major_tom.cells(ROW, COLUMN, 20, 30), dim=128)


@pytest.fixture(scope="module")
def plain(patches):
    """The patches as geopandas writes them by default."""
    return major_tom.parquet(patches)


def area(row: int, column: int, rows: int = 1, columns: int = 2) -> list[float]:
    """The box around some cells, a little smaller than they are."""
    west, south, _, _ = grid.edges(row, column)
    _, _, east, north = grid.edges(row + rows - 1, column + columns - 1)
    return [west + 0.005, south + 0.005, east - 0.005, north - 0.005]


def make(source, store, tmp_path, run=None, **request):
    """Imports into a store and opens it."""
    answer = find("embeddings.import")(
        {"source": str(source), "store": str(store), "cache": str(tmp_path / "cache"), **request}, run or Run()
    )
    return answer, Store(store)


def assert_same(one: Store, other: Store) -> None:
    """Two stores hold the same, bit for bit, and say the same of it."""
    assert one.count == other.count
    everything = np.arange(one.count)
    assert one.rows(everything).equals(other.rows(everything))
    assert np.array_equal(np.asarray(one.vectors), np.asarray(other.vectors))


def test_an_area_over_http_is_the_same_as_from_the_disk(tmp_path, plain):
    (tmp_path / "part_1.parquet").write_bytes(plain)
    bbox = area(ROW + 9, COLUMN + 12)
    with RangeServer({"/part_1.parquet": plain}) as server:
        told, remote = make(f"{server.address}/part_1.parquet", tmp_path / "remote", tmp_path, bbox=bbox)
        assert server.sent < 0.3 * len(plain)  # in so small a file a page of 1 MB is much
        assert server.most_at_once <= 4
    _, local = make(tmp_path / "part_1.parquet", tmp_path / "local", tmp_path, bbox=bbox)
    assert_same(remote, local)
    assert 40 <= remote.count <= 50
    assert json.dumps(told).count("127.0.0.1")
