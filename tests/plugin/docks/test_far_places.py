"""The whole way, from an image to results on the map, across the antimeridian and at the pole."""

from __future__ import annotations

import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRectangle

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call
from cdse_qgis_plugin.layers import places

from ..waiting import until

MIDDLES = {"antimeridian": ("EPSG:32601", (180.0, 65.0)), "pole": ("EPSG:3413", (0.0, 90.0))}


@pytest.fixture(scope="module")
def far(landscape, tmp_path_factory):
    """Stores of the landscape moved to far places, by name."""
    made = {}
    for name, (crs_name, middle) in MIDDLES.items():
        folder = tmp_path_factory.mktemp(name)
        crs = QgsCoordinateReferenceSystem(crs_name)
        point = places.to_map(*middle, crs)
        image, source = str(folder / "image.tif"), gdal.Open(landscape.image)
        moved = gdal.GetDriverByName("GTiff").CreateCopy(image, source)
        half = source.RasterXSize * 10 / 2
        moved.SetGeoTransform((point.x() - half, 10, 0, point.y() + half, 0, -10))
        moved.SetProjection(crs.toWkt())
        moved.FlushCache()
        del moved, source
        store = str(folder / "store")
        run_blocking(Call("embeddings.encode_image", {"image": image, "store": store}))
        made[name] = store
    return made


@pytest.mark.parametrize(
    ("name", "crs", "clicks"),
    [
        ("antimeridian", "EPSG:32601", [(179.995, 65.0), (-179.995, 65.0)]),
        ("antimeridian", "EPSG:3413", [(179.995, 65.0), (-179.995, 65.0)]),
        ("antimeridian", "EPSG:3832", [(179.995, 65.0), (-179.995, 65.0)]),
        ("antimeridian", "EPSG:3857", [(179.995, 65.0)]),
        ("antimeridian", "EPSG:4326", [(-179.995, 65.0)]),
        ("pole", "EPSG:3413", [(10.0, 89.995), (-120.0, 89.998), (0.0, 90.0)]),
        ("pole", "EPSG:5041", [(100.0, 89.995)]),
    ],
)
def test_clicks_and_results_are_where_they_should_be(desk, far, name, crs, clicks):
    desk.session.open_store(far[name])
    until(lambda: desk.session.store, what="the store to open")
    crs_of_map = QgsCoordinateReferenceSystem(crs)
    for click in clicks:
        desk.look_at(crs, _around(click, crs_of_map))
        answer = desk.find(click)
        assert desk.panel.messages.text() == ""
        (example,) = desk.session.now.examples
        assert places.metres_between(example.point, click) < 60
        shape = places.footprint_on_map(example.ring, crs_of_map)
        box = places.extent_on_map([example.ring], crs_of_map)
        assert shape.contains(places.to_map(*example.point, crs_of_map)), "the patch that is outlined was clicked"
        assert max(box.width(), box.height()) < (2_000 if not crs_of_map.isGeographic() else 0.02)
        assert len(answer.matches) == 50
        band = desk.conductor.marks._bands["examples"].asGeometry()
        assert band.contains(places.to_map(*example.point, crs_of_map))
    for layer in QgsProject.instance().mapLayers().values():
        for feature in layer.getFeatures():
            for part in feature.geometry().asGeometryCollection():
                part_box = part.boundingBox()
                assert part_box.xMinimum() >= -180 and part_box.xMaximum() <= 180
                if name == "antimeridian":
                    assert part_box.width() < 0.01, "no polygon goes around the Earth"


def test_the_view_across_the_antimeridian_limits_a_search(desk, far):
    desk.session.open_store(far["antimeridian"])
    until(lambda: desk.session.store, what="the store to open")
    crs = QgsCoordinateReferenceSystem("EPSG:32601")
    desk.look_at("EPSG:32601", _around((180.0, 65.0), crs, 400))
    desk.panel.options.area.choose("view")
    desk.panel.options.number.setValue(200)
    answer = desk.find((179.999, 65.0))
    shown = desk.canvas.extent()
    assert {m["lon"] > 0 for m in answer.matches} == {True, False}, "both sides are found"
    points = [places.to_map(m["lon"], m["lat"], crs) for m in answer.matches]
    shown.grow(0.01)
    assert all(shown.contains(point) for point in points)


def test_zooming_to_the_store_shows_it_and_not_the_whole_earth(desk, far):
    desk.session.open_store(far["antimeridian"])
    until(lambda: desk.session.store, what="the store to open")
    for crs in ("EPSG:32601", "EPSG:3857", "EPSG:4326"):
        desk.look_at(crs)
        extent = desk.canvas.extent()
        assert extent.width() < (50_000 if crs != "EPSG:4326" else 0.5)


def _around(place, crs, reach: float = 900):
    """An extent around a place, in the units of the CRS; moved inside where the map ends at the antimeridian."""
    point = places.to_map(*place, crs)
    reach = reach / 111_000 * 2 if crs.isGeographic() else reach
    return QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
