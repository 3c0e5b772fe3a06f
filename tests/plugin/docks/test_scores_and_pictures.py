"""Scores of every place with their slider, and pictures cut from the map's imagery."""

from __future__ import annotations

import time

import numpy as np
import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtTest import QTest

from cdse_qgis_plugin.docks.parts.examples import RIGHT
from cdse_qgis_plugin.docks.parts.results_model import PICTURE
from cdse_qgis_plugin.layers.pictures import Pictures
from cdse_qgis_plugin.layers.score_levels import STEPS

from ..waiting import until


def scored(desk, landscape):
    """Searches, scores everywhere, and returns the layer of scores."""
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.scores.button.click()
    until(lambda: desk.conductor.scores._levels is not None, 60, "the scores")
    return next(x for x in QgsProject.instance().mapLayers().values() if x.providerType() == "ogr")


def test_every_place_gets_a_score_and_the_slider_keeps_the_best(desk, landscape):
    layer = scored(desk, landscape)
    assert isinstance(layer, QgsVectorLayer) and layer.featureCount() == 961
    assert layer.source().startswith(str(desk.conductor.scores._file("/x").parents[1]))
    panel = desk.panel.scores
    assert panel.slider.isVisible() and "of 961 places" in panel._label.text()
    panel.slider.setValue(STEPS)
    assert panel._label.text().startswith("1 of 961 places")
    until(lambda: len(layer.renderer().ranges()) == 1, what="the layer's own threshold")
    panel.slider.setValue(0)
    assert panel._label.text().startswith("961 of 961 places · 100 %")
    until(lambda: len(layer.renderer().ranges()) > 4, what="the layer's own threshold")
    until(lambda: not desk.conductor.scores._live.is_on, what="the picture to go")
    assert QgsProject.instance().layerTreeRoot().findLayer(layer.id()).isVisible()


def test_moving_the_slider_restyles_at_once(desk, landscape):
    layer = scored(desk, landscape)
    live = desk.conductor.scores._live
    desk.conductor.scores.move(60)
    until(lambda: live._item is not None, what="the picture")
    before = desk.canvas.grab().toImage()
    began = time.perf_counter()
    for step in range(60, STEPS):
        live.move(step)
    assert (time.perf_counter() - began) / (STEPS - 60) < 0.005, "a palette is all that changes"
    assert desk.canvas.grab().toImage() != before
    # The picture says for every pixel at which step its place goes.
    steps = live._item._steps
    assert set(np.unique(steps)) <= {*range(STEPS + 1), 255} and (steps < 255).mean() > 0.2
    desk.conductor.scores.settle(STEPS)
    until(lambda: not live.is_on, what="the layer itself")
    assert layer.renderer().ranges()[0].lowerValue() == pytest.approx(desk.conductor.scores._levels.best)


def test_moving_the_map_under_the_picture_brings_the_layer_back(desk, landscape):
    layer = scored(desk, landscape)
    live = desk.conductor.scores._live
    desk.conductor.scores.move(60)
    until(lambda: live._item is not None, what="the picture")
    desk.canvas.zoomByFactor(0.5)
    until(lambda: not live.is_on, what="the layer itself")
    assert QgsProject.instance().layerTreeRoot().findLayer(layer.id()).isVisible()


def test_scores_of_other_examples_are_said_to_be_old(desk, landscape):
    scored(desk, landscape)
    button = desk.panel.scores.button
    assert button.text() == "Score everywhere"
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    assert button.text() == "Score everywhere again"


def test_a_layer_of_scores_that_is_removed_takes_the_slider_along(desk, landscape):
    layer = scored(desk, landscape)
    QgsProject.instance().removeMapLayer(layer.id())
    assert not desk.panel.scores.slider.isVisible() and desk.panel.scores.button.isVisible()


def test_the_slider_is_there_again_with_the_project(desk, landscape, tmp_path):
    scored(desk, landscape)
    path = str(tmp_path / "p.qgz")
    QgsProject.instance().write(path)
    QgsProject.instance().clear()
    assert desk.conductor.scores._levels is None
    QgsProject.instance().read(path)
    until(lambda: desk.conductor.scores._levels is not None, what="the scores")
    assert desk.conductor.scores._levels.count == 961


def test_scoring_that_cannot_be_written_is_said(desk, landscape, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.cache_folder = str(tmp_path / "file")
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.scores.button.click()
    until(lambda: desk.panel.messages.text(), 30, "the message")
    assert desk.conductor.scores._levels is None and not desk.panel.progress.isVisible()


# ---- pictures


def test_results_get_pictures_of_the_imagery(desk, landscape):
    desk.open(landscape, with_image=True)
    desk.find(landscape.kinds["Forest"])
    desk.panel.grab()
    best = desk.matches[0]
    until(lambda: desk.conductor.pictures.of(best) is not None, what="the picture")
    picture = desk.conductor.pictures.of(best).toImage()
    assert picture.width() == 64 and picture.height() == 64
    colours = {picture.pixel(x, y) for x in range(0, 64, 4) for y in range(0, 64, 4)}
    assert len(colours) > 5, "the imagery is seen"
    centre = QColor(picture.pixel(32, 32))
    assert centre.green() >= centre.red(), "a forest is green"


def test_without_imagery_there_is_more_room_for_rows(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.grab()
    QTest.qWait(100)
    assert desk.conductor.pictures._job is None and desk.conductor.pictures.of(desk.matches[0]) is None
    table = desk.panel.results.table
    assert table.isColumnHidden(PICTURE) and table.rowHeight(0) < 40
    layer = QgsRasterLayer(landscape.image, "image")
    QgsProject.instance().addMapLayer(layer)
    assert not table.isColumnHidden(PICTURE) and table.rowHeight(0) > 64


def test_another_style_means_other_pictures(desk, landscape):
    desk.open(landscape, with_image=True)
    desk.find(landscape.kinds["Forest"])
    best = desk.matches[0]
    until(lambda: desk.conductor.pictures.of(best) is not None, what="the picture")
    before = desk.conductor.pictures.of(best).toImage()
    layer = next(x for x in QgsProject.instance().mapLayers().values() if isinstance(x, QgsRasterLayer))
    renderer = layer.renderer().clone()
    renderer.setRedBand(6)
    layer.setRenderer(renderer)
    assert desk.conductor.pictures.of(best) is None, "the old one shows what the map no longer does"
    until(lambda: desk.conductor.pictures.of(best) is not None, what="the new picture")
    assert desk.conductor.pictures.of(best).toImage() != before
    layer.setRenderer(layer.renderer().clone())
    QgsProject.instance().removeMapLayer(layer.id())
    desk.canvas.setLayers([])
    assert desk.conductor.pictures.of(best) is None


def test_pictures_survive_closing_and_opening_the_project(desk, landscape, tmp_path):
    desk.open(landscape, with_image=True)
    desk.find(landscape.kinds["Forest"])
    path = str(tmp_path / "p.qgz")
    QgsProject.instance().write(path)
    QgsProject.instance().clear()
    assert desk.conductor.pictures._watched == [], "layers are let go before they are deleted"
    QgsProject.instance().read(path)
    best = desk.matches[0]
    until(lambda: desk.conductor.pictures.of(best) is not None, what="the picture")


def test_what_was_scrolled_past_is_given_up(desk, landscape):
    desk.open(landscape, with_image=True)
    answer = desk.find(landscape.kinds["Forest"])
    owner = QObject()
    pictures = Pictures(desk.canvas, 16, owner)
    for i in range(500):
        pictures.of({**answer.matches[i % 50], "id": f"p{i}"})
    assert len(pictures._waiting) == 60 and next(reversed(pictures._waiting)) == "p499"
    pictures.remove()
    assert pictures._job is None
