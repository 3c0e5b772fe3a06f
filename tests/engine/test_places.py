"""Places on the globe: properties that hold everywhere, seams and poles included, and pyproj as an oracle."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings import places

LON = st.floats(-540, 540, allow_nan=False)
LAT = st.floats(-90, 90, allow_nan=False)
METRES = st.floats(-2e6, 2e6)
SPHERE = pyproj.Geod(a=places.EARTH_RADIUS_M, f=0)


def apart(lon0, lat0, lon, lat):
    return float(SPHERE.inv(lon0, lat0, lon, lat)[2])


@given(LON)
def test_wrap_keeps_the_place_and_the_range(lon):
    wrapped = float(places.wrap(lon))
    assert -180 <= wrapped < 180
    turns = (lon - wrapped) / 360
    assert turns == pytest.approx(round(turns), abs=1e-9)


@pytest.mark.parametrize("lon", [np.nextafter(-180, -181), np.nextafter(180, 0), -540.0, 180.0])
def test_wrap_at_the_seam(lon):
    assert -180 <= places.wrap(lon) < 180


@given(LON, LON)
def test_near_moves_by_whole_turns_to_within_half_of_one(lon, lon0):
    near = float(places.near(lon, lon0))
    assert abs(near - lon0) <= 180 + 1e-9
    assert (near - lon) / 360 == pytest.approx(round((near - lon) / 360), abs=1e-9)


@given(LON, LAT, LON, LAT)
def test_distance_is_that_of_the_great_circle(lon0, lat0, lon, lat):
    assert places.distance_m(lon0, lat0, lon, lat) == pytest.approx(apart(lon0, lat0, lon, lat), abs=0.5)


@given(LON, LAT, LON, LAT)
def test_unit_vectors_order_like_distances(lon0, lat0, lon, lat):
    a, b = places.unit_vectors([lon0, lon], [lat0, lat])
    chord = np.linalg.norm(a - b)
    assert 2 * places.EARTH_RADIUS_M * np.arcsin(min(1, chord / 2)) == pytest.approx(
        float(places.distance_m(lon0, lat0, lon, lat)), abs=1
    )


@given(LON, LAT, METRES, METRES)
def test_the_tangent_plane_there_and_back(lon0, lat0, x, y):
    lon, lat = places.from_tangent(lon0, lat0, x, y)
    assert abs(lat) <= 90
    again = places.to_tangent(lon0, lat0, lon, lat)
    assert np.hypot(again[0] - x, again[1] - y) < 0.05
    assert abs(lon - lon0) <= 180 + 1e-9, "longitudes are continuous around the centre"


@given(LON, LAT, LON, LAT)
def test_the_tangent_plane_keeps_distance_and_bearing(lon0, lat0, lon, lat):
    x, y = places.to_tangent(lon0, lat0, lon, lat)
    distance = apart(lon0, lat0, lon, lat)
    assert np.hypot(x, y) == pytest.approx(distance, abs=0.5)
    if 1e3 < distance < 1.9e7 and abs(lat0) < 89.9:
        bearing = SPHERE.inv(lon0, lat0, lon, lat)[0]
        assert places.wrap(np.degrees(np.arctan2(x, y)) - bearing) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(("lon", "lat"), [(0, 0), (10, 45), (179.9999, -17), (-180, 0), (33, 90), (0, -90)])
def test_the_antipode_is_as_far_away_as_can_be(lon, lat):
    x, y = places.to_tangent(lon, lat, places.wrap(lon + 180), -lat)
    assert np.hypot(x, y) == pytest.approx(np.pi * places.EARTH_RADIUS_M)


@pytest.mark.parametrize("lat", [90, -90, 89.9999])
def test_a_square_around_a_pole_goes_round_it(lat):
    corners = places.from_tangent(12.0, lat, np.array([-1, 1, 1, -1]) * 5e3, np.array([-1, -1, 1, 1]) * 5e3)
    turns = np.sort(places.wrap(corners[0]))
    assert np.diff(np.append(turns, turns[0] + 360)) == pytest.approx(90, abs=0.5)
    assert np.abs(corners[1]) == pytest.approx(90 - np.degrees(np.hypot(5e3, 5e3) / places.EARTH_RADIUS_M), abs=1e-3)


@given(LON, st.lists(st.floats(0, 179), min_size=1, max_size=30))
def test_lon_range_is_the_narrowest_that_holds_all(start, offsets):
    """Longitudes within half a turn: the range is theirs, wherever the antimeridian is."""
    lon = places.wrap(start + np.array(offsets))
    west, east = places.lon_range(lon)
    assert -180 <= west < 180 and -180 <= east < 180
    width = (east - west) % 360
    assert width == pytest.approx(max(offsets) - min(offsets), abs=1e-6) or width == pytest.approx(360, abs=1e-6)
    assert places.in_bbox(lon, np.zeros(len(lon)), [west, -1, east, 1]).all()


def test_lon_range_across_the_antimeridian():
    assert places.lon_range(np.array([179.0, -179.0, 178.0])) == (178.0, -179.0)
    assert places.lon_range(np.array([180.0])) == (-180.0, -180.0)
    assert places.lon_range(np.array([-10.0, 10.0])) == (-10.0, 10.0)


@given(LON, LAT, st.floats(-360, 360), st.floats(0, 360))
def test_in_bbox_agrees_with_walking_east(lon, lat, west, width):
    """A point is in a box exactly when going east from its western edge one meets it before the eastern edge."""
    east = west + width
    if not -360 <= east <= 360:
        east -= 360
    ahead = (lon - west) % 360
    if min(abs(ahead - width), ahead, 360 - ahead) < 1e-6:
        return  # on an edge, where rounding decides
    expected = ahead <= width
    assert places.in_bbox(np.array([lon]), np.array([lat]), [west, -90, east, 90])[0] == expected or width == 360


@pytest.mark.parametrize(
    ("bbox", "inside", "outside"),
    [
        ([170, -20, -170, 20], [175, 180, -180, -175, 170, -170, 190, 540], [0, 169.9, -169.9]),
        ([170, -20, 190, 20], [175, 180, -180, -175, 170, -170], [0, 169.9, -169.9]),
        ([-190, -20, -170, 20], [175, 180, -180, -175, 170, -170], [0, 169.9, -169.9]),
        ([170, -20, 180, 20], [170, 175, 180, -180], [-179.9, 0]),
        ([-180, -20, -170, 20], [180, -180, -175], [179.9, 0]),
        ([-180, -20, 180, 20], [180, -180, 0, 90], []),
        ([0, -20, 360, 20], [180, -180, 0, 90, -1], []),
        ([5, -20, 5, 20], [5, 365], [5.001, -5]),
        ([10, -20, -10, 20], [180, 10, -10, 90], [0, 9.9]),
    ],
)
def test_in_bbox_at_the_seam(bbox, inside, outside):
    zero = np.zeros(len(inside))
    assert places.in_bbox(np.array(inside, dtype=float), zero, bbox).all()
    assert not places.in_bbox(np.array(outside, dtype=float), np.zeros(len(outside)), bbox).any()
    assert not places.in_bbox(np.array(inside, dtype=float), zero + 20.1, bbox).any()


@given(st.floats(-360, 360), st.floats(0, 300), st.floats(-360, 360), st.floats(0, 300), st.data())
def test_boxes_that_share_a_point_meet(west, width, west2, width2, data):
    one, other = [west, -1, west + width, 1], [west2, 0, west2 + width2, 2]
    lon = west + data.draw(st.floats(0, 1)) * width
    if places.in_bbox(np.array([lon]), np.array([0.5]), other)[0]:
        assert places.boxes_meet(one, other) and places.boxes_meet(other, one)


def test_boxes_that_lie_apart_do_not_meet():
    assert not places.boxes_meet([170, 0, -170, 1], [-169, 0, 169, 1])
    assert not places.boxes_meet([0, 0, 1, 1], [0, 1.1, 1, 2])
    assert places.boxes_meet([170, 0, 190, 1], [-175, 0, -174, 1])
    assert places.boxes_meet([-180, -90, 180, 90], [3, 3, 3, 3])
