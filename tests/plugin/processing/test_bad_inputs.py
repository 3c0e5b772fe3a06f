"""Bad input gets a sentence, before anything starts where that is possible; nothing is left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import processing
import pytest
from osgeo import gdal, osr
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingException,
    QgsVectorLayer,
)

from cdse_qgis_plugin.engine_link import environment
from cdse_qgis_plugin.processing.base import BadInput
from cdse_qgis_plugin.processing.examples import parse_points

from .conftest import algorithm, refusal

TEMPORARY = "TEMPORARY_OUTPUT"
INSIDE = "-21,40"


def raster(path: Path, pixels: np.ndarray, epsg: int = 32627, nodata: float | None = None) -> str:
    """Writes bands x rows x columns as a GeoTIFF; without CRS when epsg is 0."""
    bands, rows, columns = pixels.shape
    file = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, bands, gdal.GDT_Float32)
    file.SetGeoTransform((500_000, 10, 0, 4_430_000, 0, -10))
    if epsg:
        system = osr.SpatialReference()
        system.ImportFromEPSG(epsg)
        file.SetProjection(system.ExportToWkt())
    for band in range(bands):
        file.GetRasterBand(band + 1).WriteArray(pixels[band].astype("float32"))
        if nodata is not None:
            file.GetRasterBand(band + 1).SetNoDataValue(nodata)
    file.FlushCache()
    return str(path)


def polygons(*texts: str, crs: str = "EPSG:4326") -> QgsVectorLayer:
    """A polygon layer of WKT."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}" if crs else "Polygon", "drawn", "memory")
    if not crs:
        layer.setCrs(layer.crs().__class__())
    features = []
    for text in texts:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(text))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def failure(name: str, **parameters) -> str:
    """The sentence with which a run ends; fails when it does not end with one."""
    with pytest.raises(QgsProcessingException) as raised:
        processing.run(f"cdse:{name}", parameters)
    return str(raised.value)


def one_sentence(text: str) -> bool:
    """Whether a text is for people: no traceback, no code, not too long, and it ends."""
    return "Traceback" not in text and "Error" not in text and 20 < len(text) < 500 and text.strip()[-1] in ".!”)"


# ---- turned down before the start


def test_a_raster_without_a_crs(tmp_path, landscape):
    image = raster(tmp_path / "nowhere.tif", np.random.default_rng(0).random((3, 64, 64)), epsg=0)
    sentence = refusal("encodeimage", {"IMAGE": image, "STORE": TEMPORARY})
    assert "no coordinate reference system" in sentence and "Assign projection" in sentence


def test_a_raster_that_is_not_there(tmp_path):
    sentence = refusal("encodeimage", {"IMAGE": str(tmp_path / "gone.tif"), "STORE": TEMPORARY})
    assert "gone.tif" in sentence


def test_a_map_service_has_no_pixels(qgis_app):
    from qgis.core import QgsRasterLayer

    tiles = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}.png&zmax=3", "Tiles", "wms")
    assert tiles.isValid()
    sentence = refusal("encodeimage", {"IMAGE": tiles, "STORE": TEMPORARY})
    assert "“Tiles” comes from a map service" in sentence and "GeoTIFF" in sentence


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("K", 0, "“Number of places” is 0. Choose a number from 1 to"),
        ("K", "-3", "“Number of places” is -3."),
        ("K", "many", "“many”, which is no number"),
        ("MIN_DISTANCE", -1, "“Least distance between places (metres)” is -1."),
    ],
)
def test_numbers_out_of_range(name, value, expected, store):
    assert expected in refusal(
        "similaritysearch", {"STORE": store, "LIKE_TEXT": INSIDE, "OUTPUT": TEMPORARY, name: value}
    )


def test_no_example_at_all(store):
    assert "No example was given" in refusal("similaritysearch", {"STORE": store, "OUTPUT": TEMPORARY})
    assert "No example was given" in refusal(
        "similarityscore", {"STORE": store, "UNLIKE_TEXT": INSIDE, "OUTPUT": TEMPORARY}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("here", "“here” is not a point"),
        ("4,35; 50", "“50” is not a point"),
        ("4.35,50.85,7", "“4.35,50.85,7” is not a point"),
        ("4.35,50.85 [EPSG:0]", "“EPSG:0” is no coordinate reference system"),
    ],
)
def test_points_that_cannot_be_read(text, expected, qgis_app):
    with pytest.raises(BadInput, match=expected.replace("[", r"\[")):
        parse_points(text)


def test_a_point_that_is_nowhere_on_earth(store):
    assert "no place on Earth" in refusal(
        "similaritysearch", {"STORE": store, "LIKE_TEXT": "0,91", "OUTPUT": TEMPORARY}
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" ; ", []),
        ("4.35,50.85", [[4.35, 50.85]]),
        ("4.35 50.85;-1e1, +.5 [EPSG:4326]", [[4.35, 50.85], [-10, 0.5]]),
        ("190,0", [[-170, 0]]),
    ],
)
def test_points_that_can_be_read(text, expected, qgis_app):
    assert parse_points(text) == [pytest.approx(place) for place in expected]


BOW_TIE = "POLYGON((-21.01 39.99, -20.99 40.01, -20.99 39.99, -21.01 40.01, -21.01 39.99))"


def test_a_polygon_that_crosses_itself(store):
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "AREA": polygons(BOW_TIE), "OUTPUT": TEMPORARY}
    sentence = refusal("similaritysearch", parameters)
    assert "crosses itself" in sentence and "Fix geometries" in sentence


def test_an_area_without_a_polygon(store):
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "AREA": polygons(), "OUTPUT": TEMPORARY}
    assert "holds no polygon" in refusal("similaritysearch", parameters)


def test_an_extent_and_polygons_together(store):
    square = "POLYGON((-21.01 39.99, -20.99 39.99, -20.99 40.01, -21.01 40.01, -21.01 39.99))"
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "AREA": polygons(square), "EXTENT": "-21,-20,39,40 [EPSG:4326]"}
    assert "Leave one of them empty" in refusal("similaritysearch", {**parameters, "OUTPUT": TEMPORARY})


def test_an_empty_extent(store):
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "EXTENT": "1,1,2,2 [EPSG:4326]", "OUTPUT": TEMPORARY}
    assert "extent is empty" in refusal("similaritysearch", parameters)


def test_examples_without_a_crs_or_without_a_point(store):
    empty = QgsVectorLayer("Point?crs=EPSG:4326", "empty", "memory")
    assert "“empty” holds no point" in refusal("similaritysearch", {"STORE": store, "LIKE": empty, "OUTPUT": TEMPORARY})
    lost = QgsVectorLayer("Point", "lost", "memory")
    lost.setCrs(type(lost.crs())())
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(1, 2)))
    lost.dataProvider().addFeatures([feature])
    assert "“lost” has no coordinate reference system" in refusal(
        "similaritysearch", {"STORE": store, "LIKE": lost, "OUTPUT": TEMPORARY}
    )


def test_dates_the_wrong_way_round(store):
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "OUTPUT": TEMPORARY, "START": "2024-01-01", "END": "2023-01-01"}
    assert "The first day (2024-01-01) lies after the last (2023-01-01)" in refusal("similaritysearch", parameters)


def test_no_output_chosen(store):
    parameters = {"STORE": store, "LIKE_TEXT": INSIDE, "OUTPUT": None}
    assert "No output was chosen" in refusal("similarityscore", parameters)


def test_a_folder_with_other_files_is_not_written_into(landscape, tmp_path):
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    sentence = refusal("encodeimage", {"IMAGE": landscape.image, "STORE": str(tmp_path)})
    assert "holds other files" in sentence and precious.read_text() == "years of work"


def test_a_parquet_file_that_is_not_there(tmp_path):
    sentence = refusal("importembeddings", {"SOURCE": str(tmp_path / "gone.parquet"), "STORE": TEMPORARY})
    assert "There is no file" in sentence


# ---- found out by the engine


def test_a_click_outside_the_data(store):
    sentence = failure("similaritysearch", STORE=store, LIKE_TEXT="10,10", OUTPUT=TEMPORARY)
    assert one_sentence(sentence) and "10" in sentence


def test_a_store_that_is_none(tmp_path):
    sentence = failure("similaritysearch", STORE=str(tmp_path), LIKE_TEXT=INSIDE, OUTPUT=TEMPORARY)
    assert one_sentence(sentence)


def test_a_store_with_a_missing_file(store, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(store, broken)
    (broken / "vectors.npy").unlink()
    assert one_sentence(failure("similarityscore", STORE=str(broken), LIKE_TEXT=INSIDE, OUTPUT=TEMPORARY))


@pytest.mark.parametrize(
    ("pixels", "nodata"),
    [(np.zeros((2, 64, 64)), 0.0), (np.random.default_rng(0).random((2, 3, 3)), None)],
    ids=["all nodata", "3 pixels"],
)
def test_images_with_nothing_to_encode(pixels, nodata, tmp_path):
    image = raster(tmp_path / "image.tif", pixels, nodata=nodata)
    target = tmp_path / "store"
    assert one_sentence(failure("encodeimage", IMAGE=image, STORE=str(target)))
    assert not target.exists() and [path.name for path in tmp_path.iterdir()] == ["image.tif"]


def test_a_band_that_the_image_does_not_have(landscape, tmp_path):
    assert one_sentence(failure("encodeimage", IMAGE=landscape.image, BANDS=[99], STORE=str(tmp_path / "store")))


def test_a_file_that_is_no_parquet(tmp_path):
    source = tmp_path / "embeddings.parquet"
    source.write_text("not at all")
    assert one_sentence(failure("importembeddings", SOURCE=str(source), STORE=str(tmp_path / "store")))


def test_a_raster_of_scores_for_a_store_without_an_image(parquet_at, tmp_path):
    made = processing.run("cdse:importembeddings", {"SOURCE": parquet_at(10, 50), "STORE": str(tmp_path / "store")})
    parameters = {"STORE": made["STORE"], "LIKE_TEXT": "10,50", "OUTPUT": None, "RASTER": str(tmp_path / "s.tif")}
    assert "not made from an image" in failure("similarityscore", **parameters)
    assert not (tmp_path / "s.tif").exists()


def test_an_output_that_cannot_be_written(store, tmp_path):
    (tmp_path / "file").touch()
    target = str(tmp_path / "file" / "found.gpkg")  # below a file
    assert "found.gpkg" in failure("similaritysearch", STORE=store, LIKE_TEXT=INSIDE, OUTPUT=target)
    assert one_sentence(failure("similarityscore", STORE=store, LIKE_TEXT=INSIDE, OUTPUT=target))


# ---- no engine


def test_without_an_engine_the_way_on_is_said(store, monkeypatch):
    monkeypatch.setenv(environment.VARIABLE, "/nowhere/python")
    able, sentence = algorithm("similaritysearch").canExecute()
    assert not able and "/nowhere/python" in sentence and "Engine set-up" in sentence
    found = processing.run("cdse:status", {})
    assert (found["READY"], found["STATE"]) == (False, "missing")
    assert "/nowhere/python" in found["MESSAGE"] and found["NEXT_STEP"]


def test_a_python_that_lacks_the_libraries_is_told_apart(monkeypatch, tmp_path):
    import subprocess

    subprocess.run(["/usr/bin/python3", "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    monkeypatch.setenv(environment.VARIABLE, str(tmp_path / "bare" / "bin" / "python"))
    found = processing.run("cdse:status", {})
    assert found["READY"] is False and found["STATE"] in ("missing", "broken")
    assert found["MESSAGE"] and found["NEXT_STEP"]
