"""Places, footprints and areas in any CRS: at the antimeridian, near the poles, off the Earth."""

from __future__ import annotations

import math

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle

from cdse_qgis_plugin.layers import areas, places

CRSS = ("EPSG:4326", "EPSG:3857", "EPSG:32601", "EPSG:3413", "EPSG:3031", "EPSG:3832")


def crs(name: str) -> QgsCoordinateReferenceSystem:
    return QgsCoordinateReferenceSystem(name)


def square(lon: float, lat: float, side: float = 0.1) -> list[tuple[float, float]]:
    """A ring with longitudes continuous around its centre, as the engine gives them."""
    half = side / 2
    corners = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
    return [(lon + x, lat + y) for x, y in corners]


def covers(area: dict, lon: float, lat: float) -> bool:
    """Whether a request's area holds a point, with the engine's meaning of longitudes."""
    if "bbox" in area:
        west, south, east, north = area["bbox"]
        return south <= lat <= north and (lon - west) % 360 <= ((east - west) % 360 or 360)
    shape = QgsGeometry.fromMultiPolygonXY(
        [
            [[QgsPointXY(*point[:2]) for point in ring] for ring in rings]
            for rings in (
                area["polygon"]["coordinates"]
                if area["polygon"]["type"] == "MultiPolygon"
                else [area["polygon"]["coordinates"]]
            )
        ]
    )
    return any(shape.contains(QgsPointXY(lon + turn, lat)) for turn in (-360, 0, 360))


@pytest.mark.parametrize("name", CRSS)
@pytest.mark.parametrize("place", [(179.99, 65.0), (-179.99, 65.0), (-170.5, 70.0)])
def test_a_place_comes_back_from_every_map(name, place):
    if name == "EPSG:3031":
        place = (place[0], -place[1])
    point = places.to_map(*place, crs(name))
    lon, lat = places.to_lonlat(point, crs(name))
    assert places.metres_between((lon, lat), place) < 0.01
    assert -180 <= lon < 180


@pytest.mark.parametrize(
    ("point", "name", "says"),
    [
        ((1e12, 1e12), "EPSG:32631", "no place on Earth"),
        ((0, 91), "EPSG:4326", "no place on Earth"),
        ((0, 0), "", "no coordinate reference system"),
    ],
)
def test_what_is_no_place_is_said(point, name, says):
    with pytest.raises(places.NoPlace, match=says):
        places.to_lonlat(QgsPointXY(*point), crs(name))


@pytest.mark.parametrize("lon", [180.0, -180.0, 179.97])
def test_a_footprint_across_the_antimeridian_becomes_two_parts_in_degrees(lon):
    shape = places.polygon(square(lon, 65))
    box = shape.boundingBox()
    assert box.xMinimum() == -180 and box.xMaximum() == 180
    assert shape.constGet().numGeometries() == 2
    assert shape.area() == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["EPSG:32601", "EPSG:3413", "EPSG:3832"])
def test_a_footprint_across_the_antimeridian_stays_whole_where_the_map_is(name):
    shape = places.footprint_on_map(square(180, 65), crs(name))
    assert not shape.isMultipart()
    assert max(shape.boundingBox().width(), shape.boundingBox().height()) < 40_000


def test_a_footprint_across_the_antimeridian_never_spans_the_map():
    shape = places.footprint_on_map(square(180, 65), crs("EPSG:3857"))
    assert shape.constGet().numGeometries() == 2
    assert sum(part.boundingBox().width() for part in shape.asGeometryCollection()) < 12_000
    assert places.extent_on_map([square(179.99, 65)], crs("EPSG:3857")).width() < 12_000


def test_a_footprint_near_a_pole_keeps_its_size_on_a_polar_map():
    # 0.5 degrees of longitude and 0.005 of latitude: about 550 m square at 89.4 degrees.
    ring = [(lon, lat) for lon, lat in ((-0.25, 89.4), (0.25, 89.4), (0.25, 89.405), (-0.25, 89.405), (-0.25, 89.4))]
    box = places.footprint_on_map(ring, crs("EPSG:3413")).boundingBox()
    assert 300 < math.sqrt(box.width() * box.height()) < 900


@pytest.mark.parametrize("name", CRSS[:4])
def test_the_extent_of_a_store_across_the_antimeridian_is_not_the_whole_earth(name):
    extent = places.bbox_on_map([179.5, 64.5, -179.5, 65.5], crs(name))
    wide = places.bbox_on_map([-180, 50, 180, 70], crs(name))
    assert 0 < extent.width() < wide.width() / 50


def test_the_extent_of_a_store_of_the_whole_earth_ends_where_mercator_does():
    extent = places.bbox_on_map([-180, -90, 180, 90], crs("EPSG:3857"))
    assert extent.height() == pytest.approx(extent.width(), rel=0.01)


@pytest.mark.parametrize(
    ("name", "extent", "inside", "outside"),
    [
        ("EPSG:3857", (400_000, 6_000_000, 500_000, 6_100_000), (4.0, 47.7), (5.0, 47.7)),
        ("EPSG:4326", (179, 60, 181, 61), (-179.5, 60.5), (178.5, 60.5)),
        ("EPSG:32601", (200_000, 7_000_000, 500_000, 7_200_000), (179.5, 64.0), (-170.0, 64.0)),
        ("EPSG:3413", (-3e6, -3e6, 3e6, 3e6), (100.0, 88.0), (100.0, 20.0)),
        ("EPSG:3413", (-3e6, 1e6, -1e6, 3e6), (-180.0, 67.0), (0.0, 67.0)),
        ("EPSG:3031", (-1e6, -1e6, 1e6, 1e6), (10.0, -89.0), (10.0, -60.0)),
        ("EPSG:3857", (-3e7, -3e7, 3e7, 3e7), (170.0, 80.0), (170.0, 89.9)),
    ],
)
def test_a_map_view_becomes_an_area(name, extent, inside, outside):
    area = areas.area_of_extent(QgsRectangle(*extent), crs(name))
    assert covers(area, *inside) and not covers(area, *outside)


def test_a_view_larger_than_the_earth_is_the_whole_earth():
    area = areas.area_of_extent(QgsRectangle(-1000, -1000, 1000, 1000), crs("EPSG:4326"))
    assert area == {"bbox": [-180.0, -90.0, 180.0, 90.0]}


@pytest.mark.parametrize(
    ("name", "boxes", "inside", "outside"),
    [
        ("EPSG:32601", [(300_000, 6_700_000, 600_000, 6_800_000)], (-179.0, 60.7), (-172.0, 60.7)),
        ("EPSG:4326", [(4, 50, 5, 51), (6, 50, 7, 51)], (6.5, 50.5), (5.5, 50.5)),
        ("EPSG:3413", [(-300_000, -300_000, 600_000, 600_000)], (10.0, 89.5), (10.0, 70.0)),
        ("EPSG:3031", [(-300_000, -300_000, 600_000, 600_000)], (10.0, -89.5), (10.0, -70.0)),
    ],
)
def test_polygons_become_an_area(name, boxes, inside, outside):
    shapes = [QgsGeometry.fromRect(QgsRectangle(*box)) for box in boxes]
    area = areas.area_of_polygons(shapes, crs(name))
    assert covers(area, *inside) and not covers(area, *outside)


def test_a_hole_in_a_polygon_stays_a_hole():
    shape = QgsGeometry.fromWkt(
        "POLYGON((179 10, 183 10, 183 14, 179 14, 179 10),(180.5 11, 182 11, 182 13, 180.5 13, 180.5 11))"
    )
    area = areas.area_of_polygons([shape], crs("EPSG:4326"))
    assert covers(area, -177.5, 12) and not covers(area, -179, 12)


def test_empty_polygons_are_refused_with_a_sentence():
    with pytest.raises(places.NoPlace, match="empty"):
        areas.area_of_polygons([QgsGeometry.fromWkt("POLYGON((0 0, 1 1, 0 0))")], crs("EPSG:4326"))


def test_the_rings_of_an_area_can_be_drawn():
    (ring,) = areas.rings_of({"bbox": [179, 60, -179, 61]})
    assert max(lon for lon, _ in ring) == 181
    assert (
        len(areas.rings_of({"polygon": {"type": "MultiPolygon", "coordinates": [[square(0, 0)], [square(5, 5)]]}})) == 2
    )
