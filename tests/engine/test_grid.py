"""The Major TOM grid against worked examples, published coordinates, and the definition it is a closed form of."""

import functools

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings import grid, patch_layout, places, utm
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

# place, lat, lon, cell, lower left lat and lon, upper right lat and lon, UTM, columns in its row
WORKED = [
    ("Rome", 41.9028, 12.4964, "466U_103R", 41.856287, 12.422111, 41.946108, 12.542714, 32633, 2985),
    ("Girona", 41.9794, 2.8214, "467U_23R", 41.946108, 2.777591, 42.035928, 2.898356, 32631, 2981),
    ("Brussels", 50.8503, 4.3517, "566U_30R", 50.838323, 4.267088, 50.928144, 4.409324, 32631, 2531),
    ("London", 51.5074, -0.1278, "573U_1L", 51.467066, -0.144173, 51.556886, 0, 32630, 2497),
    ("Gulf of Guinea", 0.01, 0.01, "0U_0R", 0, 0, 0.089820, 0.089820, 32631, 4008),
    ("south-west of it", -0.01, -0.01, "1D_1L", -0.089820, -0.089820, 0, 0, 32730, 4008),
    ("Sydney", -33.8688, 151.2093, "378D_1396R", -33.952096, 151.145865, -33.862275, 151.254135, 32756, 3325),
    ("Svalbard", 78.22, 15.65, "870U_35R", 78.143713, 15.291262, 78.233533, 15.728155, 32633, 824),
    ("Quito", -0.1807, -78.4678, "3D_874L", -0.269461, -78.502994, -0.179641, -78.413174, 32717, 4008),
    ("Fiji, east", -17, 179.99, "190D_1915R", -17.065868, 179.906054, -16.976048, 180, 32760, 3832),
    ("Fiji, west", -17, -179.99, "190D_1916L", -17.065868, -180, -16.976048, -179.906054, 32701, 3832),
]

# The places that the notebook of the talk prints, and the patch each of them is
PUBLISHED = [
    (41.93943, 2.83389, "466U_23R", 0, 2),
    (41.92046, 2.85939, "466U_23R", 1, 3),
    (41.92043, 2.83394, "466U_23R", 1, 2),
    (41.95329, 2.88881, "467U_23R", 4, 4),
    (41.95327, 2.86335, "467U_23R", 4, 3),
    (41.92049, 2.88483, "466U_23R", 1, 4),
    (42.02931, 2.88868, "467U_23R", 0, 4),
    (42.01021, 2.81227, "467U_23R", 1, 1),
    (41.95315, 2.78698, "467U_23R", 4, 0),
]

longitudes = st.floats(-180, 180, exclude_max=True)
latitudes = st.floats(-84.97, 85.05)


@functools.cache
def defined_rows():
    """Lower edges of rows by number, from dividing the way from pole to pole."""
    edges = np.sort(np.mod(np.linspace(-90, 90, 2005)[:-1], 180) - 90)
    return dict(zip(range(-1002, 1002), edges.tolist(), strict=True))


@functools.cache
def defined_columns(row):
    """Left edges of the columns of a row by number, from dividing the way around."""
    around = 2 * np.pi * 6378.137 * np.cos(defined_rows()[row] * np.pi / 180)
    edges = np.sort(np.mod(np.linspace(-180, 180, int(np.ceil(around / 10)) + 1)[:-1], 360) - 180)
    zero = int(np.flatnonzero(edges == 0)[0])
    return dict(zip(range(-zero, len(edges) - zero), edges.tolist(), strict=True))


def call(name, **arguments):
    return find(name)(arguments, Run())["cells"]


def refused(name, **arguments):
    with pytest.raises(EngineError) as caught:
        find(name)(arguments, Run())
    error = caught.value
    assert error.message.endswith(".") and error.hint.endswith("."), error.as_dict()
    return error


def patch(cell, patch_row, patch_column, cut, code=None):
    left, top, code = patch_layout.pictures(*grid.parse(cell), code)
    boxes = patch_layout.patch_boxes(left, top, cut, patch_row, patch_column)
    return boxes, *patch_layout.footprints(boxes, code)


@pytest.mark.parametrize("place", WORKED, ids=lambda place: place[0])
def test_worked_examples(place):
    _, lat, lon, name, south, west, north, east, code, columns = place
    (cell,) = call("embeddings.grid_locate", points=[[lon, lat]])
    assert cell["cell"] == name
    assert grid.names(cell["row"], cell["column"]) == name and grid.parse(name) == (cell["row"], cell["column"])
    ring = np.array(cell["polygon"])
    assert ring.shape == (5, 2) and (ring[0] == ring[-1]).all() and shapely.Polygon(ring).exterior.is_ccw
    np.testing.assert_allclose([*ring.min(0), *ring.max(0)], [west, south, east, north], atol=1e-6)
    assert grid.columns_in(cell["row"]) == columns
    assert utm.epsg(*grid.corners(cell["row"], cell["column"])) == code


def test_antimeridian_column_of_an_odd_row():
    lon, lat = -179.861139, 83.184176
    (west_side, east_side) = call("embeddings.grid_locate", points=[[lon, lat], [179.9, lat]])
    assert west_side == east_side and west_side["cell"] == "926U_238R"
    assert grid.columns_in(926) == 477
    ring = np.array(west_side["polygon"])
    assert ring[:, 0].min() < 180 < ring[:, 0].max() and np.ptp(ring[:, 0]) == pytest.approx(360 / 477)
    assert shapely.Polygon(ring).contains(shapely.Point(lon + 360, lat))


@pytest.mark.parametrize(
    ("name", "lat", "lon"),
    [
        ("922D_249L", -82.814371, -178.565737),
        ("454U_119R", 40.778443, 14.115321),
        ("384U_1207R", 34.491018, 131.513317),
    ],
)
def test_corners_of_published_cells(name, lat, lon):
    row, column = grid.parse(name)
    np.testing.assert_allclose(grid.corners(row, column), (lon, lat), atol=1e-6)
    assert grid.names(*grid.cells_at(*grid.corners(row, column))) == name


def test_the_grid_is_as_large_as_published():
    rows = np.arange(-grid.LAST_ROW, grid.LAST_ROW + 1)
    columns = grid.columns_in(rows)
    assert (len(rows), columns.sum(), (columns % 2).sum()) == (1893, 5_094_350, 926)
    assert grid.latitude(grid.LAST_ROW) <= 85 < grid.latitude(grid.LAST_ROW + 1)


def test_rows_and_columns_match_the_definition():
    defined = defined_rows()
    rows = np.array(list(defined))
    np.testing.assert_allclose(grid.latitude(rows), list(defined.values()), atol=1e-11)
    for row in (*range(-946, 947, 43), -945, 0, -1, 1, 925, 926, 946):
        columns = defined_columns(row)
        assert grid.columns_in(row) == len(columns)
        west, south = grid.corners(np.full(len(columns), row), np.array(list(columns)))
        np.testing.assert_allclose(west, list(columns.values()), atol=1e-11)
        np.testing.assert_allclose(south, defined[row], atol=1e-11)


@given(lon=longitudes, lat=latitudes)
@example(lon=-180.0, lat=0.0)
@example(lon=0.0, lat=0.0)
@example(lon=179.99999999999997, lat=83.2)
@example(lon=-180.0, lat=83.2)
def test_a_point_lies_in_its_cell(lon, lat):
    row, column = grid.cells_at(lon, lat)
    west, south, east, north = grid.edges(row, column)
    assert south <= lat < north
    assert west <= lon < east or west <= lon + 360 < east
    assert grid.parse(str(grid.names(row, column))) == (row, column)
    ring = shapely.Polygon(grid.rings(row, column))
    assert ring.intersects(shapely.Point(lon, lat)) or ring.intersects(shapely.Point(lon + 360, lat))
    if abs(lat - south) > 1e-9:  # the definition decides in other last bits
        columns = defined_columns(int(row))
        edges = np.array(list(columns.values()))
        assume(np.abs(edges - lon).min() > 1e-9)
        at = np.searchsorted(edges, lon) - 1  # -1, the last column, where the point lies left of the first
        assert column == list(columns)[at]


@given(lon=longitudes, lat=latitudes)
def test_a_corner_belongs_to_its_cell(lon, lat):
    cell = grid.cells_at(lon, lat)
    again = grid.cells_at(*grid.corners(*cell))
    assert (again[0], again[1]) == (cell[0], cell[1])


@given(lon=longitudes, lat=st.floats(-84.9, 84.9))
def test_neighbours_tile_without_gap(lon, lat):
    row, column = grid.cells_at(lon, lat)
    west, south, east, north = grid.edges(row, column)
    other_west, other_south, _, _ = grid.edges(*grid.neighbour(row, column, 1))
    assert other_south == south
    assert other_west == east or other_west + 360 == pytest.approx(east, abs=1e-12)
    assert grid.neighbour(*grid.neighbour(row, column, 1), -1) == (row, column)
    above = np.stack(grid.cells_in((west, north, east, north + 1e-9)), axis=-1)
    assert (above[:, 0] == row + 1).all()
    spans = grid.edges(*above.T)
    assert (spans[:, 1] == north).all()
    lefts = places.near(spans[:, 0], west)
    rights = lefts + spans[:, 2] - spans[:, 0]
    np.testing.assert_allclose(lefts[1:], rights[:-1], atol=1e-9)
    assert lefts[0] <= west + 1e-9 and rights[-1] >= east - 1e-9


@pytest.mark.parametrize("row", [-946, -700, -1, 0, 466, 926, 946])
def test_a_row_closes_around_the_earth(row):
    columns = np.arange(grid.columns_in(row)) - grid.columns_in(row) // 2
    edges = grid.edges(row, columns)
    np.testing.assert_array_equal(edges[1:, 0], edges[:-1, 2])
    assert edges[-1, 2] - edges[0, 0] == pytest.approx(360, abs=1e-12)
    _, first = grid.neighbour(row, columns[-1], 1)
    assert first == columns[0]


def brute_force(west, south, east, north):
    """Cells that share an area with a box, by looking at every cell of the rows around."""
    found = set()
    for row, low in defined_rows().items():
        if abs(row) > 946 or low >= north or low + 180 / 2004 <= south:
            continue
        columns = defined_columns(row)
        step = 360 / len(columns)
        for column, left in columns.items():
            if any(left + turn < east and left + step + turn > west for turn in (-360, 0, 360)):
                found.add((row, column))
    return found


@given(
    west=longitudes,
    south=st.floats(-89, 88),
    width=st.floats(1e-6, 3),
    height=st.floats(1e-6, 0.4),
)
@example(west=179.0, south=83.1, width=2.0, height=0.2)
@example(west=-180.0, south=84.9, width=0.5, height=0.4)
def test_cells_of_a_box_are_those_of_brute_force(west, south, width, height):
    east, north = west + width, south + height
    assume(north <= 90)
    edge = np.abs(np.array(list(defined_rows().values()))[:, None] - [south, north]).min()
    assume(edge > 1e-9)
    expected = brute_force(west, south, east, north)
    rows, columns = grid.cells_in((west, south, east if east <= 180 else east - 360, north))
    found = list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert len(set(found)) == len(found)
    touching = {
        (row, column)
        for row, column in expected ^ set(found)
        if min(abs(places.wrap(np.array(grid.edges(row, column))[[0, 2, 0, 2]] - [west, west, east, east]))) < 1e-9
    }
    assert expected ^ set(found) == touching


def test_cells_of_a_box_come_in_order_and_begin_at_its_western_edge():
    cells = call("embeddings.grid_cells", bbox=[179.85, -17.1, -179.85, -17.0])
    assert [cell["cell"] for cell in cells] == [
        *(f"191D_{name}" for name in ("1913R", "1914R", "1915L", "1914L")),
        *(f"190D_{name}" for name in ("1914R", "1915R", "1916L", "1915L")),
    ]  # fmt: skip


def test_cells_of_whole_rows_come_once():
    for bbox in ([-180, 0.01, 180, 0.02], [10, 0.01, 370 - 1e-9, 0.02], [-360, 0.01, 360, 0.02], [0, 0.01, 360, 0.02]):
        rows, columns = grid.cells_in(bbox)
        assert (rows == 0).all() and sorted(columns) == list(range(-2004, 2004)), bbox


def test_a_box_that_is_a_cell_gives_that_cell():
    for name in ("466U_23R", "922D_249L", "0U_0R", "1D_1L", "926U_238R", "190D_1916L"):
        cell = grid.edges(*grid.parse(name))
        np.testing.assert_array_equal(grid.names(*grid.cells_in(cell)), [name])
        corner = (cell[0], cell[1], cell[0], cell[1])
        np.testing.assert_array_equal(grid.names(*grid.cells_in(corner)), [name])


def test_the_grid_ends_at_its_polar_limits():
    assert call("embeddings.grid_cells", bbox=[-180, 85.1, 180, 90]) == []
    assert call("embeddings.grid_cells", bbox=[-180, -90, 180, -85]) == []
    top = call("embeddings.grid_cells", bbox=[0, 84.98, 10, 90])
    assert {cell["row"] for cell in top} == {946}
    points = [[0, 90], [10, 85.05], [10, 85.07], [0, -90], [10, -84.96], [10, -84.98]]
    cells = call("embeddings.grid_locate", points=points)
    assert [cell and cell["row"] for cell in cells] == [None, 946, None, None, -946, None]


def test_too_large_a_box_is_refused_before_it_is_counted_out():
    error = refused("embeddings.grid_cells", bbox=[-180, -90, 180, 90])
    assert error.code == "too_many_cells" and "5,094,350" in error.message and "100,000" in error.message
    assert len(call("embeddings.grid_cells", bbox=[0, 0, 3, 3], limit=2000)) == 34 * 34
    assert refused("embeddings.grid_cells", bbox=[0, 0, 3, 3], limit=1000).code == "too_many_cells"
    assert refused("embeddings.grid_cells", bbox=[0, 10, 3, 3]).code == "bad_request"


def test_names_are_read_kindly():
    cells = call("embeddings.grid_locate", points=[[0.01, 0.01]], names=[" 466u_23r ", "922D_249L"])
    assert [cell["cell"] for cell in cells] == ["0U_0R", "466U_23R", "922D_249L"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "not the name"), ("466U23R", "not the name"), ("466U_23", "not the name"), ("466X_23R", "not the name"),
        ("0D_1R", "not the name"), ("1U_0L", "not the name"), ("466U_23R_1", "not the name"),
        ("-466U_23R", "not the name"), ("٣U_1R", "not the name"), ("947U_0R", "946U"), ("99999D_0R", "946D"),
        ("466U_1493R", "1492R"), ("0U_2004R", "2003R"),
    ],
)  # fmt: skip
def test_names_that_are_none_are_explained(name, said):
    error = refused("embeddings.grid_locate", names=[name])
    assert error.code == "bad_cell" and said in error.message


def test_requests_without_a_place_or_with_a_wrong_one():
    assert "nothing to locate" in refused("embeddings.grid_locate").message
    assert "degrees" in refused("embeddings.grid_locate", points=[[0, 91]]).message


def test_many_names_at_once():
    row, column, known = grid.parse_all(["466U_23R", None, "nonsense", "922D_249L", "466U_23R"])
    assert known.tolist() == [True, False, False, True, True]
    assert list(zip(row[known], column[known], strict=True)) == [(466, 23), (-922, -249), (466, 23)]


@pytest.mark.parametrize(
    ("where", "lon", "lat", "zone"),
    [
        ("Bergen", 5.3, 60.4, 32), ("west of the Norwegian exception", 2.99, 60.4, 31), ("Oslo", 10.7, 59.9, 32),
        ("above it", 5.3, 64.0, 31), ("below it", 5.3, 55.99, 31), ("Svalbard 0", 8.99, 78, 31),
        ("Svalbard 9", 9, 78, 33), ("Svalbard 21", 21, 78, 35), ("Svalbard 33", 33, 78, 37),
        ("Svalbard 41", 41.99, 78, 37), ("east of it", 42, 78, 38),
        ("below Svalbard", 9, 71.99, 32), ("above Svalbard", 8, 84.0, 32), ("west of Svalbard", -0.01, 78, 30),
        ("the antimeridian", 180, 0, 1), ("just before", 179.99, 0, 60), ("just after", -180, 0, 1),
    ],
)  # fmt: skip
def test_utm_zones_with_their_exceptions(where, lon, lat, zone):
    assert utm.zone(lon, lat) == zone


def test_layouts():
    fine, coarse = patch_layout.layout(224), patch_layout.layout(384)
    assert (fine.offsets, fine.stride, fine.side) == ((0, 211, 422, 633, 844), 211, 5)
    assert (coarse.offsets, coarse.stride, coarse.side) == ((0, 342, 684), 342, 3)
    assert patch_layout.layout(1068).offsets == (0,)
    for size in range(16, 1069):
        cut = patch_layout.layout(size)
        assert cut.offsets[0] == 0 and cut.offsets[-1] + size == 1068
        assert (np.diff(cut.offsets) > 0).all()
    with pytest.raises(ValueError, match="1068"):
        patch_layout.layout(1069)


def test_published_coordinates_are_met_within_a_metre():
    errors = []
    for lat, lon, cell, patch_row, patch_column in PUBLISHED:
        _, found_lon, found_lat, _ = patch(cell, patch_row, patch_column, patch_layout.layout(224))
        errors.append(float(places.distance_m(lon, lat, found_lon, found_lat)[0]))
    assert max(errors) < 1, errors
    # They are printed with five decimals, which is up to 0.7 m at this latitude.
    assert np.hypot(0.5e-5 * 111_195, 0.5e-5 * 111_195 * np.cos(np.radians(41.9))) > max(errors) - 0.01


def test_patches_of_the_published_area():
    bbox = (2.78, 41.9, 2.90, 42.1)
    counts = {}
    row, column = grid.cells_in(bbox)
    for i, j in zip(row, column, strict=True):
        where = np.mgrid[:5, :5].reshape(2, -1)
        _, lon, lat, _ = patch(str(grid.names(i, j)), *where, patch_layout.layout(224))
        counts[str(grid.names(i, j))] = int(places.in_bbox(lon, lat, bbox).sum())
    assert {cell: count for cell, count in counts.items() if count} == {
        "466U_23R": 15,
        "467U_23R": 25,
        "468U_23R": 16,
    }


def test_published_corners_near_the_south_pole():
    """The first rows of the first published file, printed by the publisher's own notebook."""
    left, top, code = patch_layout.pictures(*grid.parse("922D_249L"))
    assert code == 32701
    np.testing.assert_allclose([left, top - 10_680], [477797.3568, 803626.7103], atol=5e-5)
    fine = patch_layout.layout(224)
    boxes, lon, lat, _ = patch("922D_249L", np.arange(5), np.zeros(5, dtype=int), fine)
    np.testing.assert_allclose(boxes[:2, [2, 3]], [[480037.3568, 814306.7103], [480037.3568, 812196.7103]], atol=5e-5)
    assert f"{np.float32(lat[0]):.6f}" == "-82.731987" and f"{np.float32(lon[0]):.6f}" == "-178.492844"
    assert patch_layout.pictures(*grid.parse("918D_75L"))[2] == 32722
    assert fine.offsets[-1] == 844 and fine.offsets[-1] + 224 == 1068


@given(lon=longitudes, lat=st.floats(-83, 84), size=st.sampled_from([224, 384]))
@example(lon=179.95, lat=-16.9, size=224)
@example(lon=-179.999, lat=70.0, size=384)
def test_patches_lie_in_their_picture_and_their_longitudes_are_continuous(lon, lat, size):
    row, column = grid.cells_at(lon, lat)
    cut = patch_layout.layout(size)
    where = np.mgrid[: cut.side, : cut.side].reshape(2, -1)
    boxes, lons, lats, shapes = patch(str(grid.names(row, column)), *where, cut)
    np.testing.assert_allclose(np.ptp(boxes, axis=0), 10_680 - size * 10)
    np.testing.assert_allclose(boxes[:, 2:] - boxes[:, :2], size * 10)
    west, south, _, _ = grid.edges(row, column)
    east, north = places.to_tangent(west, south, lons, lats)
    assert np.hypot(east - 5000, north - 5000).max() < 8_000  # within the cell, turned as UTM turns it
    corners = np.array([shapely.get_coordinates(shape) for shape in shapes])
    assert (np.abs(corners[..., 0] - lons[:, None]) < 180).all() and shapely.is_valid(shapes).all()
    side = np.hypot(*places.to_tangent(corners[:, 0, 0], corners[:, 0, 1], corners[:, 1, 0], corners[:, 1, 1]))
    np.testing.assert_allclose(side, size * 10, rtol=0.01)


def test_patches_follow_the_zone_of_their_product():
    """A product of the neighbouring zone shows the same cell turned the other way, at the same place."""
    where = np.mgrid[:5, :5].reshape(2, -1)
    name = str(grid.names(*grid.cells_at(6.02, 48.0)))
    fine = patch_layout.layout(224)
    _, lon, lat, _ = patch(name, *where, fine, 32631)
    _, other_lon, other_lat, _ = patch(name, *where, fine, 32632)
    apart = np.hypot(*places.to_tangent(lon, lat, other_lon, other_lat))
    assert 500 < apart.max() < 1100  # turned by 4.5 degrees around the corner of the cell


def test_projecting_many_zones_at_once():
    lon, lat = np.array([2.8, -178.5, 151.2, 15.6]), np.array([41.9, -82.7, -33.9, 78.2])
    code = utm.epsg(lon, lat)
    assert code.tolist() == [32631, 32701, 32756, 32633]
    np.testing.assert_allclose(utm.to_lonlat(*utm.from_lonlat(lon, lat, code), code), [lon, lat], atol=1e-9)
    assert np.isnan(utm.to_lonlat([np.nan], [0.0], [32631])[0][0])
