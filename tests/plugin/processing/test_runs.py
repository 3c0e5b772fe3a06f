"""The algorithms at work, with the real engine."""

from __future__ import annotations

import json
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)

from cdse_qgis_plugin.engine_link.blocking import run_blocking
from cdse_qgis_plugin.engine_link.call import Call

from .conftest import WRITE_POINTS, Feedback, in_engine

TEMPORARY = "TEMPORARY_OUTPUT"


def layer_of(kind: str, crs: str, shapes: list[QgsGeometry]) -> QgsVectorLayer:
    """A layer in memory with the shapes, given in EPSG:4326, in its own CRS."""
    layer = QgsVectorLayer(f"{kind}?crs={crs}", "drawn", "memory")
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), layer.crs(), QgsProject.instance().transformContext()
    )
    features = []
    for shape in shapes:
        moved = QgsGeometry(shape)
        moved.transform(transform)
        feature = QgsFeature()
        feature.setGeometry(moved)
        features.append(feature)
    assert layer.dataProvider().addFeatures(features)[0]
    return layer


def points(*places: tuple[float, float], crs: str = "EPSG:4326") -> QgsVectorLayer:
    """A point layer."""
    return layer_of("Point", crs, [QgsGeometry.fromPointXY(QgsPointXY(*place)) for place in places])


def ids(layer: QgsVectorLayer) -> list[str]:
    """The patches of a layer of matches, best first."""
    return [f["id"] for f in sorted(layer.getFeatures(), key=lambda feature: feature["rank"])]


def search(**parameters) -> dict:
    """Runs the search into memory."""
    return processing.run("cdse:similaritysearch", {"OUTPUT": TEMPORARY, **parameters})


def test_status_says_that_the_engine_answers():
    feedback = Feedback()
    found = processing.run("cdse:status", {}, feedback=feedback)
    assert found["READY"] is True and found["STATE"] == "ready"
    assert found["ENGINE_VERSION"] and Path(found["PYTHON"]).exists()
    assert any("READY" in line for line in feedback.lines)


def test_an_image_becomes_a_store(landscape, tmp_path):
    feedback = Feedback()
    path = str(tmp_path / "mein store ü")
    parameters = {"IMAGE": landscape.image, "STORE": path, "ENCODER": "statistics", "PATCH": 32, "BANDS": [1, 2, 3]}
    made = processing.run("cdse:encodeimage", parameters, feedback=feedback)
    described = run_blocking(Call("embeddings.describe", {"store": path}))
    assert made["STORE"] == path
    assert (made["COUNT"], made["DIM"]) == (described["count"], described["dim"])
    assert made["COUNT"] == 15 * 15  # 256 pixels, patches of 32, a step of half a patch
    assert made["ENCODER"] == described["encoder"] == "statistics"
    assert described["details"]["source"]["bands"] == [1, 2, 3]
    assert any("225" in line for line in feedback.lines)


def test_numbers_may_come_as_text(landscape, tmp_path):
    path = str(tmp_path / "store")
    parameters = {
        "IMAGE": landscape.image, "STORE": path, "ENCODER": "statistics", "PATCH": "32", "STRIDE": "32",
        "BANDS": "1;2", "MAX_NODATA": "0.5", "SEED": "3",
    }  # fmt: skip
    assert processing.run("cdse:encodeimage", parameters)["COUNT"] == 8 * 8
    found = search(STORE=path, LIKE_TEXT=landscape.text("Forest"), K="5", MIN_DISTANCE="10.5")
    assert found["COUNT"] == 5


def test_a_parquet_file_becomes_a_store(parquet_at, tmp_path):
    parameters = {"SOURCE": parquet_at(10, 50), "STORE": str(tmp_path / "store")}
    assert processing.run("cdse:importembeddings", parameters)["COUNT"] == 100
    # The extent in another CRS, around a quarter of the points.
    box = QgsRectangle(9.995, 49.995, 10.045, 50.045)
    there = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:3857"), QgsProject.instance()
    ).transformBoundingBox(box)
    text = f"{there.xMinimum()},{there.xMaximum()},{there.yMinimum()},{there.yMaximum()} [EPSG:3857]"
    parameters = {**parameters, "EXTENT": text, "VECTOR_COLUMN": "embedding", "CRS": "EPSG:4326"}
    made = processing.run("cdse:importembeddings", parameters)
    assert (made["COUNT"], made["DIM"], made["SKIPPED"]) == (25, 8, 75)


def test_search_finds_the_kind_of_place_pointed_at(store, landscape):
    feedback = Feedback()
    parameters = {"STORE": store, "LIKE_TEXT": landscape.text("Forest"), "K": 8, "OUTPUT": TEMPORARY}
    found = processing.run("cdse:similaritysearch", parameters, feedback=feedback)
    layer = found["OUTPUT"]
    assert layer.crs().authid() == "EPSG:4326"
    assert QgsWkbTypes.geometryType(layer.wkbType()).name == "Polygon"
    assert found["COUNT"] == layer.featureCount() == 8
    assert found["EXACT"] is True and found["SCANNED"] == 31 * 31
    scores = [f["score"] for f in layer.getFeatures()]
    assert scores == sorted(scores, reverse=True) and found["BEST_SCORE"] == pytest.approx(scores[0])
    kinds = QgsRasterLayer(str(Path(landscape.image).with_name("landscape_kinds.tif")))
    transform = QgsCoordinateTransform(layer.crs(), kinds.crs(), QgsProject.instance())
    values = [
        kinds.dataProvider().sample(transform.transform(f.geometry().centroid().asPoint()), 1)[0]
        for f in layer.getFeatures()
    ]
    forest = kinds.dataProvider().sample(transform.transform(QgsPointXY(*landscape.kinds["Forest"])), 1)[0]
    assert values.count(forest) >= 6


def test_all_ways_to_give_an_example_are_the_same_example(store, landscape):
    place = landscape.kinds["Forest"]
    utm = points(place, crs="EPSG:32627")
    east, north = next(utm.getFeatures()).geometry().asPoint()
    given = [
        {"LIKE_TEXT": f"{place[0]},{place[1]}"},
        {"LIKE_TEXT": f"{east} {north} [EPSG:32627]"},
        {"LIKE_POINT": f"{place[0]},{place[1]} [EPSG:4326]"},
        {"LIKE_POINT": f"{east},{north} [EPSG:32627]"},
        {"LIKE": points(place)},
        {"LIKE": utm},
    ]
    first, *others = [ids(search(STORE=store, K=5, **each)["OUTPUT"]) for each in given]
    assert len(first) == 5
    assert all(other == first for other in others)


def test_examples_of_what_is_not_meant_change_the_answer(store, landscape):
    like = {"STORE": store, "LIKE": points(landscape.kinds["Green field"], landscape.kinds["Forest"]), "K": 10}
    plain = ids(search(**like)["OUTPUT"])
    sharpened = ids(search(**like, UNLIKE_TEXT=landscape.text("Orchard"))["OUTPUT"])
    assert plain != sharpened


def test_a_search_keeps_to_the_area(store, landscape):
    lon, lat = landscape.kinds["Forest"]
    box = QgsRectangle(lon - 0.008, lat - 0.006, lon + 0.002, lat + 0.006)
    everywhere = {"STORE": store, "LIKE_TEXT": landscape.text("Forest"), "K": 500}
    extent = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [EPSG:4326]"
    in_extent = search(**everywhere, EXTENT=extent)["OUTPUT"]
    in_polygon = search(**everywhere, AREA=layer_of("Polygon", "EPSG:32627", [QgsGeometry.fromRect(box)]))["OUTPUT"]
    assert 0 < in_extent.featureCount() < search(**everywhere)["COUNT"]
    assert set(ids(in_polygon)) == set(ids(in_extent))
    for feature in in_extent.getFeatures():
        assert box.contains(QgsPointXY(feature["lon"], feature["lat"]))


def test_polygons_that_overlap_are_one_area(store, landscape):
    lon, lat = landscape.kinds["Forest"]
    west, middle, east = (lon - 0.008, lon + 0.002), (lon - 0.008, lon), (lon - 0.004, lon + 0.002)
    whole, left, right = (
        QgsGeometry.fromRect(QgsRectangle(lons[0], lat - 0.006, lons[1], lat + 0.006)) for lons in (west, middle, east)
    )
    parameters = {"STORE": store, "LIKE_TEXT": landscape.text("Forest"), "K": 500}
    of_two = search(**parameters, AREA=layer_of("Polygon", "EPSG:4326", [left, right]))
    of_one = search(**parameters, AREA=layer_of("Polygon", "EPSG:4326", [whole]))
    assert ids(of_two["OUTPUT"]) == ids(of_one["OUTPUT"])


def test_places_keep_their_distance(store, landscape):
    found = search(STORE=store, LIKE_TEXT=landscape.text("Forest"), K=6, MIN_DISTANCE=500)["OUTPUT"]
    utm = QgsCoordinateTransform(found.crs(), QgsCoordinateReferenceSystem("EPSG:32627"), QgsProject.instance())
    centres = [utm.transform(QgsPointXY(f["lon"], f["lat"])) for f in found.getFeatures()]
    gaps = [a.distance(b) for i, a in enumerate(centres) for b in centres[:i]]
    assert len(centres) == 6 and min(gaps) > 498  # UTM and the sphere differ by a few tenths of a percent


def test_dates_narrow_a_search(parquet_at, tmp_path):
    made = processing.run("cdse:importembeddings", {"SOURCE": parquet_at(10, 50), "STORE": str(tmp_path / "store")})
    found = search(STORE=made["STORE"], LIKE_TEXT="10,50", K=100, START="2023-01-10", END="2023-01-19")
    days = sorted(f["time"].toString("yyyy-MM-dd") for f in found["OUTPUT"].getFeatures())
    assert days == [f"2023-01-{day}" for day in range(10, 20)]


@pytest.fixture(scope="module")
def pacific(parquet_at, tmp_path_factory) -> str:
    """A store on both sides of the antimeridian, east of Fiji."""
    path = str(tmp_path_factory.mktemp("pacific") / "store")
    run_blocking(Call("embeddings.import", {"source": parquet_at(179.955, -17.0), "store": path}))
    return path


def test_results_on_the_antimeridian_do_not_go_round_the_earth(pacific):
    found = search(STORE=pacific, LIKE_TEXT="179.995,-16.95", K=99)["OUTPUT"]
    longitudes = [f["lon"] for f in found.getFeatures()]
    assert found.featureCount() > 50 and min(longitudes) < -179.9 and max(longitudes) > 179.9
    for feature in found.getFeatures():
        for part in feature.geometry().asGeometryCollection():
            assert part.boundingBox().width() < 0.1
            assert part.boundingBox().xMinimum() >= -180 and part.boundingBox().xMaximum() <= 180


def test_an_area_on_the_antimeridian_is_one_area(pacific):
    # Drawn in a projection that shows the Pacific whole, as people there do.
    pdc = QgsVectorLayer("Polygon?crs=EPSG:3832", "drawn", "memory")
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), pdc.crs(), QgsProject.instance().transformContext()
    )
    west, east = transform.transform(QgsPointXY(179.974, -16.984)), transform.transform(QgsPointXY(-179.976, -16.936))
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(west, east)))
    pdc.dataProvider().addFeatures([feature])
    parameters = {"STORE": pacific, "LIKE_TEXT": "179.965,-16.95", "K": 99}
    in_polygon = ids(search(**parameters, AREA=pdc)["OUTPUT"])
    box = feature.geometry().boundingBox()
    extent = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [EPSG:3832]"
    in_extent = ids(search(**parameters, EXTENT=extent)["OUTPUT"])
    assert 10 < len(in_polygon) < 50
    assert in_polygon == in_extent


def test_an_area_of_parts_on_both_sides_of_the_antimeridian(pacific):
    # One polygon crosses it, the other lies far to the east, so that the two together span the map.
    crossing = QgsGeometry.fromRect(QgsRectangle(179.974, -16.984, 180.024, -16.936))
    far = QgsGeometry.fromRect(QgsRectangle(-171, -14, -170, -13))
    parameters = {"STORE": pacific, "LIKE_TEXT": "179.965,-16.95", "K": 99}
    alone = search(**parameters, AREA=layer_of("Polygon", "EPSG:4326", [crossing]))["OUTPUT"]
    both = search(**parameters, AREA=layer_of("Polygon", "EPSG:4326", [crossing, far]))["OUTPUT"]
    assert 10 < alone.featureCount() < 50
    assert ids(alone) == ids(both)


def test_scores_as_a_layer_and_as_a_raster(store, landscape, tmp_path):
    parameters = {
        "STORE": store, "LIKE_TEXT": landscape.text("Sea"),
        "OUTPUT": str(tmp_path / "scores.gpkg"), "RASTER": str(tmp_path / "scores.tif"),
    }  # fmt: skip
    made = processing.run("cdse:similarityscore", parameters)
    vector, raster = QgsVectorLayer(made["OUTPUT"]), QgsRasterLayer(made["RASTER"])
    scores = {f["id"]: f["score"] for f in vector.getFeatures()}
    assert made["COUNT"] == len(scores) == 31 * 31
    assert made["LEAST_SCORE"] == pytest.approx(min(scores.values()), abs=1e-6)
    assert made["BEST_SCORE"] == pytest.approx(max(scores.values()), abs=1e-6)
    assert (raster.width(), raster.height()) == (31, 31)
    transform = QgsCoordinateTransform(vector.crs(), raster.crs(), QgsProject.instance())
    for feature in list(vector.getFeatures())[::97]:
        centre = transform.transform(QgsPointXY(feature["lon"], feature["lat"]))
        assert raster.dataProvider().sample(centre, 1)[0] == pytest.approx(feature["score"], abs=1e-5)


@pytest.mark.parametrize("name", ["scores.geojson", "scores.fgb", "scores.shp"])
def test_scores_in_a_format_that_only_qgis_writes(name, store, landscape, tmp_path):
    target = str(tmp_path / name)
    made = processing.run(
        "cdse:similarityscore", {"STORE": store, "LIKE_TEXT": landscape.text("Sea"), "OUTPUT": target}
    )
    layer = QgsVectorLayer(made["OUTPUT"])
    assert layer.isValid() and layer.featureCount() == 31 * 31
    assert layer.fields().indexOf("score") >= 0 and layer.crs().authid() == "EPSG:4326"


def test_scores_of_an_area_only(store, landscape):
    lon, lat = landscape.kinds["Forest"]
    extent = f"{lon - 0.004},{lon + 0.004},{lat - 0.004},{lat + 0.004} [EPSG:4326]"
    made = processing.run(
        "cdse:similarityscore",
        {"STORE": store, "LIKE_TEXT": landscape.text("Sea"), "EXTENT": extent, "OUTPUT": TEMPORARY},
    )
    assert 0 < made["COUNT"] < 31 * 31


def test_matches_go_to_a_file(store, landscape, tmp_path):
    target = str(tmp_path / "found places.gpkg")
    made = search(STORE=store, LIKE_TEXT=landscape.text("Village"), K=3, OUTPUT=target)
    layer = QgsVectorLayer(target)
    assert made["OUTPUT"] == target and layer.featureCount() == 3
    assert {"rank", "score", "distance_m", "id", "lon", "lat"} <= set(layer.fields().names())


def test_columns_of_the_source_come_along_whatever_they_are_called(tmp_path):
    path = str(tmp_path / "points.parquet")
    more = '"fid": [f"f{i}" for i in range(len(lon))], "Score": 7.5, "geom": "x", "Größe": range(len(lon)), "id": '
    script = WRITE_POINTS.replace('"id": ', more)
    in_engine(script, path=path, lon=[10 + 0.01 * i for i in range(9)], lat=[50.0] * 9)
    made = processing.run("cdse:importembeddings", {"SOURCE": path, "STORE": str(tmp_path / "store")})
    target = str(tmp_path / "found.gpkg")
    search(STORE=made["STORE"], LIKE_TEXT="10,50", K=3, OUTPUT=target)
    layer = QgsVectorLayer(target)
    assert layer.featureCount() == 3
    best = next(feature for feature in layer.getFeatures() if feature["rank"] == 1)
    assert best["Größe"] == int(best["id"][1:])
    assert best["fid_"] == f"f{best['Größe']}" and best["Score_"] == 7.5 and best["geom_"] == "x"
    assert best["score"] <= 1


def test_loaded_results_are_styled_documented_and_grouped(store, landscape, qgis_iface):
    project = QgsProject.instance()
    project.clear()
    processing.runAndLoadResults(
        "cdse:similaritysearch", {"STORE": store, "LIKE_TEXT": landscape.text("Forest"), "K": 12, "OUTPUT": TEMPORARY}
    )
    (layer,) = project.mapLayers().values()
    assert layer.renderer().type() == "graduatedSymbol"
    assert len(layer.renderer().legendSymbolItems()) >= 3
    assert layer.metadata().licenses() and layer.metadata().history()
    assert json.loads(layer.metadata().history()[1].split("similarity.search ")[1])["k"] == 12
    assert project.layerTreeRoot().findGroup("Copernicus").findLayer(layer) is not None
    assert layer.customProperty("skipMemoryLayersCheck") is None  # a temporary layer is lost when QGIS is closed
    project.clear()


@pytest.mark.parametrize("name", ["scores.gpkg", "scores.geojson"])
def test_loaded_scores_are_styled_and_documented(name, store, landscape, tmp_path, qgis_iface):
    project = QgsProject.instance()
    project.clear()
    parameters = {"STORE": store, "LIKE_TEXT": landscape.text("Sea"), "OUTPUT": str(tmp_path / name)}
    processing.runAndLoadResults("cdse:similarityscore", parameters)
    (layer,) = project.mapLayers().values()
    assert layer.renderer().type() == "graduatedSymbol" and layer.renderer().classAttribute() == "score"
    ranges = layer.renderer().ranges()
    inside = [any(r.lowerValue() <= f["score"] <= r.upperValue() for r in ranges) for f in layer.getFeatures()]
    assert len(inside) == 31 * 31 and all(inside)  # nothing is hidden
    assert layer.metadata().licenses() and "similarity.score" in layer.metadata().history()[1]
    assert project.layerTreeRoot().findGroup("Copernicus").findLayer(layer) is not None
    project.clear()
