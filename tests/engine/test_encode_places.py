"""Where encoded patches lie: exact at every corner, in any CRS, across the antimeridian and at the poles."""

import affine
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image
from cdse_qgis_plugin.engine.embeddings.patch_grid import Footprints, PatchGrid, polygons_wkb
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.run import Run

from .rasters import textures, write

GRIDS = {
    "UTM": ("EPSG:32631", affine.Affine(10, 0, 500_000, 0, -10, 5_600_000)),
    "UTM across the antimeridian": ("EPSG:32601", affine.Affine(500, 0, 150_000, 0, -500, -1_800_000)),
    "Antarctic, over the pole": ("EPSG:3031", affine.Affine(1000, 0, -60_300, 0, -1000, 50_700)),
    "Arctic, over the pole": ("EPSG:3995", affine.Affine(1000, 0, -50_000, 0, -1000, 50_000)),
    "degrees": ("EPSG:4326", affine.Affine(0.01, 0, 4, 0, -0.01, 51)),
    "degrees from 0 to 360": ("EPSG:4326", affine.Affine(0.1, 0, 350, 0, -0.1, 51)),
    "degrees across 180": ("EPSG:4326", affine.Affine(0.1, 0, 176, 0, -0.1, 51)),
    "rotated": (
        "EPSG:32631",
        affine.Affine.translation(5e5, 5.6e6) @ affine.Affine.rotation(33) @ affine.Affine.scale(10, -10),
    ),
    "south up": ("EPSG:32631", affine.Affine(10, 0, 500_000, 0, 10, 5_500_000)),
    "another datum": ("EPSG:27700", affine.Affine(25, 0, 400_000, 0, -25, 300_000)),
}
EVERY = pytest.mark.parametrize("name", GRIDS)


def corners_by_hand(crs, transform, row, col, patch):
    """Centre and corners of one patch, point by point."""
    to_lonlat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    centre = to_lonlat.transform(*(transform @ (col + patch / 2, row + patch / 2)))
    around = [(col, row), (col, row + patch), (col + patch, row + patch), (col + patch, row)]
    return centre, [to_lonlat.transform(*(transform @ point)) for point in around]


@EVERY
@pytest.mark.parametrize(("patch", "stride"), [(16, 8), (15, 5), (16, 7), (10, 24)])
def test_every_corner_is_where_pyproj_says(name, patch, stride):
    crs, transform = GRIDS[name]
    grid = PatchGrid(96, 112, patch, stride)
    block = grid.block(1, 1, grid.rows - 1, grid.cols - 1)
    lon, lat, rings = Footprints(grid, transform, crs).of(block)
    rows, cols = grid.corners(block)
    assert len(lon) == len(rings) == block.rows * block.cols
    for number in range(0, len(lon), 7):
        centre, corners = corners_by_hand(crs, transform, rows[number], cols[number], patch)
        assert places.distance_m(lon[number], lat[number], *centre) < 1e-3
        for corner in corners:
            away = places.distance_m(*corner, *rings[number, :4].T)
            assert away.min() < 1e-3
        assert np.array_equal(rings[number, 0], rings[number, 4])
    assert (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all()


@EVERY
def test_longitudes_are_continuous_around_the_centre(name):
    crs, transform = GRIDS[name]
    grid = PatchGrid(96, 112, 16, 8)
    lon, _, rings = Footprints(grid, transform, crs).of(grid.block(0, 0, grid.rows, grid.cols))
    assert (np.abs(rings[:, :, 0] - lon[:, None]) <= 180).all()


@pytest.mark.parametrize("name", [name for name in GRIDS if "pole" not in name])
def test_rings_run_counter_clockwise(name):
    crs, transform = GRIDS[name]
    grid = PatchGrid(96, 112, 16, 8)
    _, _, rings = Footprints(grid, transform, crs).of(grid.block(0, 0, grid.rows, grid.cols))
    polygons = shapely.polygons(rings)
    assert shapely.is_valid(polygons).all() and shapely.is_ccw(shapely.get_exterior_ring(polygons)).all()


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(4, 200),
    width=st.integers(4, 200),
    patch=st.integers(4, 40),
    stride=st.integers(1, 60),
)
def test_blocks_cover_every_patch_once(height, width, patch, stride):
    grid = PatchGrid(height, width, patch, stride)
    found = [
        place for block in grid.blocks() for place in zip(*(part.tolist() for part in grid.corners(block)), strict=True)
    ]
    expected = {(r, c) for r in range(0, height - patch + 1, stride) for c in range(0, width - patch + 1, stride)}
    assert len(found) == len(expected) and set(found) == expected


def test_neighbouring_rows_of_a_store_are_neighbours_on_the_ground():
    grid = PatchGrid(3000, 3000, 16, 8)
    corners = np.concatenate([np.column_stack(grid.corners(block)) for block in grid.blocks()])
    groups = [corners[first : first + 4096] for first in range(0, len(corners), 4096)]
    spans = np.array([group.max(axis=0) - group.min(axis=0) for group in groups])
    assert spans.max() < 1100  # a row group is at most two blocks wide, of 375 patches of 3000 px


def test_wkb_is_what_shapely_writes():
    rings = np.random.default_rng(0).normal(size=(5, 5, 2))
    rings[:, 4] = rings[:, 0]
    expected = shapely.to_wkb(shapely.polygons(rings), byte_order=1)
    assert [row.tobytes() for row in polygons_wkb(rings)] == expected.tolist()


def test_corners_beyond_the_earth_are_left_out(tmp_path):
    """A view from far away has corners that look past the Earth."""
    pixels = textures(2, 128, 128)
    far = "+proj=geos +h=35785831 +lon_0=0 +sweep=y"
    image = write(
        tmp_path / "disc.tif", pixels, crs=far, transform=affine.Affine(90_000, 0, -5.76e6, 0, -90_000, 5.76e6)
    )
    made = encode_image(EncodeImageRequest(image=image, store=str(tmp_path / "store")), Run())
    assert 0 < made.count < 225 and made.skipped == 225 - made.count
    store = Store(made.store)
    assert np.isfinite(store.lon).all() and np.abs(store.lat).max() < 82


@EVERY
def test_a_click_in_the_middle_of_a_patch_finds_it(name, tmp_path):
    crs, transform = GRIDS[name]
    image = write(tmp_path / "image.tif", textures(2, 96, 112), crs=crs, transform=transform)
    made = encode_image(EncodeImageRequest(image=image, store=str(tmp_path / "store"), stride=16), Run())
    store = Store(made.store)
    assert made.count == store.count == 42
    for row in range(0, 42, 5):
        assert store.patch_at(store.lon[row], store.lat[row]) == row
    west, _, east, _ = made.bbox
    if "180" in name or "antimeridian" in name:
        assert west > 0 > east
    if name == "degrees from 0 to 360":
        assert -10 < west < east < 2


def test_a_plane_without_the_earth_is_refused(tmp_path):
    local = 'LOCAL_CS["a building",UNIT["metre",1],AXIS["X",EAST],AXIS["Y",NORTH]]'
    image = write(tmp_path / "image.tif", textures(2, 64, 64), crs=local)
    with pytest.raises(EngineError) as caught:
        encode_image(EncodeImageRequest(image=image, store=str(tmp_path / "store")), Run())
    assert caught.value.code == "no_crs" and caught.value.hint
