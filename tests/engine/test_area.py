"""Areas of requests: what is taken, what is refused and in which words."""

import numpy as np
import pytest
import shapely
import shapely.geometry
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cdse_qgis_plugin.engine.area import AreaRequest, check_lonlat, inside, parse_polygon

RING = [[2, 41], [3, 41], [3, 42], [2, 42], [2, 41]]
SQUARE = shapely.box(2, 41, 3, 42)
HOLE = [[2.4, 41.4], [2.6, 41.4], [2.6, 41.6], [2.4, 41.6], [2.4, 41.4]]


@pytest.mark.parametrize(
    "value",
    [
        RING,
        RING[:-1],
        [RING],
        {"type": "Polygon", "coordinates": [RING]},
        {"type": "Feature", "properties": None, "geometry": {"type": "Polygon", "coordinates": [RING]}},
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "Polygon", "coordinates": [[[x, y, 12.5] for x, y in RING]]},
        [tuple(point) for point in RING],
    ],
)
def test_every_way_to_write_a_polygon(value):
    assert parse_polygon(value).equals(SQUARE)


def test_holes_are_holes():
    polygon = parse_polygon([RING, HOLE])
    assert inside(polygon, np.array([2.5, 2.2]), np.array([41.5, 41.5])).tolist() == [False, True]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]], "crosses itself"),
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ([[0, 0], [1, 1], [2, 2], [0, 0]], "broken"),
        ([], "empty"),
        ([[0, 0], [1, 1]], "not a GeoJSON polygon"),
        ({}, "not a GeoJSON polygon"),
        ({"type": "Feature", "geometry": None}, "not a GeoJSON polygon"),
        ({"type": "Point", "coordinates": [1, 2]}, "is a Point"),
        ({"type": "LineString", "coordinates": RING}, "is a LineString"),
        ({"type": "FeatureCollection", "features": []}, "not a GeoJSON polygon"),
        ("POLYGON((0 0, 1 0, 1 1, 0 0))", "not a GeoJSON polygon"),
        (7, "not a GeoJSON polygon"),
        ([["a", "b"], ["c", "d"], ["e", "f"]], "not a GeoJSON polygon"),
        ([[0, 0], [float("nan"), 1], [1, 0], [0, 0]], "broken"),
        ([[300_000, 4_600_000], [310_000, 4_600_000], [310_000, 4_610_000]], "not in degrees"),
        ([[-17.1, 179.1], [-17.1, 179.9], [-16.9, 179.9]], "longitude first"),
    ],
)
def test_what_is_no_polygon_is_said(value, said):
    with pytest.raises(ValueError, match=said):
        parse_polygon(value)
    with pytest.raises(ValidationError, match=said):
        AreaRequest(polygon=value)


@pytest.mark.parametrize(
    "polygon",
    [
        [[179, -18], [181, -18], [181, -16], [179, -16]],
        [[-181, -18], [-179, -18], [-179, -16], [-181, -16]],
        shapely.geometry.mapping(
            shapely.MultiPolygon([shapely.box(179, -18, 180, -16), shapely.box(-180, -18, -179, -16)])
        ),
    ],
)
def test_a_polygon_across_the_antimeridian(polygon):
    request = AreaRequest(polygon=polygon)
    lon = np.array([179.5, -179.5, 180, -180, 179, -179, 178.9, -178.9, 0])
    assert request.within(lon, np.full(9, -17.0)).tolist() == [True] * 6 + [False] * 3
    assert request.may_hold((179.9, -17.5, 180.1, -17)) and request.may_hold((-179.2, -17.5, -179.1, -17))


@pytest.mark.parametrize(
    "bbox",
    [
        (2, 42, 3, 41),
        (2, -91, 3, 41),
        (2, 41, 3, 90.5),
        (float("nan"), 41, 3, 42),
        (2, 41, float("inf"), 42),
        (-400, 0, 3, 1),
        (300_000, 4_600_000, 310_000, 4_610_000),
    ],
)
def test_what_is_no_box_is_said(bbox):
    with pytest.raises(ValidationError, match=r"west, south, east, north"):
        AreaRequest(bbox=bbox)


@given(st.floats(-540, 540), st.floats(-90, 90))
def test_points_are_brought_into_range(lon, lat):
    found = check_lonlat((lon, lat))
    assert -180 <= found[0] < 180 and found[1] == lat
    assert np.cos(np.radians(found[0] - lon)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("point", [(0, 91), (541, 0), (float("nan"), 0), (0, float("inf"))])
def test_what_is_no_point_is_said(point):
    with pytest.raises(ValueError, match="longitude, latitude"):
        check_lonlat(point)


def test_box_and_polygon_together():
    request = AreaRequest(bbox=(2.5, 41, 4, 42), polygon=RING)
    lon, lat = np.array([2.2, 2.7, 3.5]), np.array([41.5, 41.5, 41.5])
    assert request.within(lon, lat).tolist() == [False, True, False]
    assert AreaRequest().within(lon, lat).all() and AreaRequest().may_hold((0, 0, 1, 1))
    assert not request.may_hold((3.2, 41, 3.5, 42)) and not request.may_hold((2.1, 41, 2.4, 42))
    assert request.may_hold((2.1, 41, 2.6, 42))


@given(st.floats(-200, 200), st.floats(-80, 80), st.floats(0.1, 40), st.floats(0.1, 9), st.data())
def test_within_never_exceeds_may_hold(west, south, width, height, data):
    """What lies in the area is never pruned away by the box around it."""
    ring = [[west, south], [west + width, south], [west + width, south + height], [west, south + height]]
    for request in (AreaRequest(polygon=ring), AreaRequest(bbox=(west, south, west + width, south + height))):
        lon = data.draw(st.floats(-180, 180))
        lat = data.draw(st.floats(-90, 90))
        if request.within(np.array([lon]), np.array([lat]))[0]:
            assert request.may_hold((lon, lat, lon, lat))
