"""Click, see, refine: the dock with the real engine."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPushButton

from cdse_qgis_plugin.docks.parts.examples import CLICKED, RIGHT, WRONG
from cdse_qgis_plugin.layers import places

from ..waiting import until

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def layers() -> list:
    return list(QgsProject.instance().mapLayers().values())


def test_a_click_ends_in_a_table_and_a_layer_with_the_best_selected(desk, landscape):
    desk.open(landscape)
    answer = desk.find(landscape.kinds["Forest"])
    assert len(answer.matches) == 50 and desk.session.now.examples[0].kind == CLICKED
    (layer,) = layers()
    assert layer.featureCount() == 50 and layer.selectedFeatureCount() == 1
    assert next(layer.getSelectedFeatures())["rank"] == 1
    assert [m["rank"] for m in desk.matches] == list(range(1, 51))
    assert desk.panel.results.table.selected_matches()[0]["rank"] == 1
    assert "50 places" in desk.panel.results.said.text() and "961" in desk.panel.results.said.text()
    assert desk.panel.find.isEnabled() and desk.panel.results.isVisible()
    clicked = desk.session.now.examples[0]
    assert clicked.id not in [m["id"] for m in answer.matches], "the clicked place is no answer to itself"


def test_selection_goes_both_ways(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    (layer,) = layers()
    desk.panel.results.table.selectRow(4)
    assert next(layer.getSelectedFeatures())["id"] == desk.matches[4]["id"]
    wanted = [f.id() for f in layer.getFeatures() if f["rank"] in (2, 7)]
    layer.selectByIds(wanted)
    assert [m["rank"] for m in desk.panel.results.table.selected_matches()] == [2, 7]


def test_judging_shows_at_once_and_ranks_anew_in_the_same_layer(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Village"])
    (layer,) = layers()
    right, wrong = desk.matches[1], desk.matches[10]
    desk.panel.results.table.judged.emit([right], RIGHT)
    assert next(m for m in desk.matches if m["id"] == right["id"])["label"] == RIGHT, "before the engine has answered"
    desk.wait()
    desk.panel.results.table.judged.emit([wrong], WRONG)
    desk.wait()
    assert layers() == [layer], "refining a search replaces its layer's content"
    labels = {f["id"]: f["label"] for f in layer.getFeatures()}
    assert labels[right["id"]] == RIGHT and labels[wrong["id"]] == WRONG
    shown = {m["id"]: m for m in desk.matches}
    assert shown[right["id"]]["score"] > shown[wrong["id"]]["score"], "the ranking has learnt"
    assert desk.session.now.like[1] == [right["lon"], right["lat"]]
    assert [m["score"] for m in desk.matches] == sorted((m["score"] for m in desk.matches), reverse=True)


def test_undo_and_redo_need_no_engine_and_lead_to_the_layer_of_their_search(desk, landscape):
    desk.open(landscape)
    first = desk.find(landscape.kinds["Forest"])
    second = desk.find(landscape.kinds["Sea"])
    one, two = sorted(layers(), key=lambda layer: layer.name())
    root = QgsProject.instance().layerTreeRoot()
    assert root.findLayer(two.id()).isVisible() and not root.findLayer(one.id()).isVisible()
    desk.session.undo()
    assert not desk.session.searching.is_busy and desk.session.answer is first
    assert root.findLayer(one.id()).isVisible() and not root.findLayer(two.id()).isVisible()
    assert [m["id"] for m in desk.matches] == [m["id"] for m in first.matches]
    desk.session.redo()
    assert desk.session.answer is second and len(layers()) == 2
    desk.session.undo()
    desk.session.undo()
    assert desk.session.answer is None and desk.matches == [] and not desk.panel.results.isVisible()


def test_only_the_newest_question_counts(desk, landscape):
    desk.open(landscape)
    kinds = list(landscape.kinds.values())
    for place in kinds:
        desk.click(place)
    desk.wait()
    last = desk.session.now.examples[0]
    assert places.metres_between((last.lon, last.lat), kinds[-1]) < 60
    assert len(layers()) == 1 and len(desk.session.latest) == 1, "older questions were dropped, not shown"


def test_a_click_outside_the_data_says_so_and_leaves_everything_as_it_was(desk, landscape):
    desk.open(landscape)
    answer = desk.find(landscape.kinds["Forest"])
    desk.session.pick(CLICKED, 3.4, 45.0)
    desk.wait()
    assert "no patch at" in desk.panel.messages.text() and "Click inside the data" in desk.panel.messages.text()
    assert desk.session.answer is answer and len(desk.matches) == 50 and not desk.session.examples.can_redo
    desk.look_at("EPSG:3857", places.bbox_on_map([3, 44, 4, 46], desk.canvas.mapSettings().destinationCrs()))
    button = desk.panel.messages.findChild(QPushButton, "wayOnButton")
    assert button.text() == "Zoom to the store"
    button.click()
    west, south, east, north = landscape.description["bbox"]
    middle = places.to_map((west + east) / 2, (south + north) / 2, desk.canvas.mapSettings().destinationCrs())
    assert desk.canvas.extent().contains(middle)


def test_the_same_patch_right_and_wrong_is_refused_and_taken_back(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.find(landscape.kinds["Forest"], CTRL)
    assert "both like and unlike" in desk.panel.messages.text()
    assert [e.kind for e in desk.session.now.examples] == [CLICKED]


def test_shift_and_ctrl_add_examples_to_the_same_search(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.find(landscape.kinds["Orchard"], SHIFT)
    desk.find(landscape.kinds["Sea"], CTRL)
    assert [e.kind for e in desk.session.now.examples] == [CLICKED, RIGHT, WRONG]
    assert len(layers()) == 1 and desk.session.answer.request["k"] == 50


def test_another_number_of_results_is_another_search(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.options.number.setValue(5)
    desk.panel.find.click()
    desk.wait()
    assert sorted(layer.featureCount() for layer in layers()) == [5, 50]
    desk.panel.find.click()  # nothing has changed since
    desk.wait()
    assert len(layers()) == 2


def test_other_options_that_find_nothing_leave_what_was_found(desk, landscape):
    desk.open(landscape)
    answer = desk.find(landscape.kinds["Forest"])
    desk.panel.options.area.take_drawn([[1, 1], [2, 1], [2, 2], [1, 1]])
    desk.panel.find.click()
    desk.wait()
    assert "No patch of the store lies in the chosen area" in desk.panel.messages.text()
    assert desk.session.answer is answer and len(desk.matches) == 50


def test_a_layer_that_the_user_edits_or_keeps_is_left_alone(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    (layer,) = layers()
    layer.startEditing()
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    assert len(layers()) == 2, "the new ranking has a layer of its own"
    assert [f["label"] for f in layer.getFeatures()] == [""] * 50
    layer.rollBack()


def test_the_map_view_limits_a_search(desk, landscape):
    desk.open(landscape)
    extent = desk.canvas.extent()
    extent.setXMaximum(extent.center().x())
    desk.canvas.setExtent(extent)
    desk.panel.options.area.choose("view")
    answer = desk.find(landscape.kinds["Sea"])
    shown = desk.canvas.extent()
    crs = desk.canvas.mapSettings().destinationCrs()
    assert answer.matches
    assert all(shown.contains(places.to_map(m["lon"], m["lat"], crs)) for m in answer.matches)


def test_an_area_without_the_store_is_said(desk, landscape):
    desk.open(landscape)
    desk.panel.options.area.take_drawn([[1, 1], [2, 1], [2, 2], [1, 1]])
    desk.session.pick(CLICKED, *landscape.kinds["Forest"])
    desk.conductor.find()
    desk.wait()
    assert "No patch of the store lies in the chosen area" in desk.panel.messages.text()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("drawn", "No area is drawn"),
        ("layer", "no layer"),
        ("selected", "No polygon is selected"),
        ("bookmark", "bookmark"),
    ],
)
def test_an_area_that_is_not_there_yet_is_asked_for(desk, landscape, kind, says):
    desk.open(landscape)
    desk.panel.options.area.choose(kind)
    desk.click(landscape.kinds["Forest"])
    assert says in desk.panel.messages.text()
    assert not desk.session.searching.is_busy and desk.session.now.search == 0


def test_an_engine_that_dies_in_the_middle_is_said_and_the_next_click_starts_another(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    pid = desk.conductor.link._warm.process.pid
    desk.click(landscape.kinds["Sea"])
    os.kill(pid, signal.SIGKILL)
    desk.wait()
    assert desk.panel.messages.text()
    button = desk.panel.messages.findChild(QPushButton, "wayOnButton")
    assert button.text() == "Search again"
    button.click()
    desk.wait()
    assert desk.session.now.answer is not None and len(desk.matches) == 50


def test_a_missing_engine_leads_to_its_set_up(desk, landscape, settings, tmp_path):
    settings.engine_python = str(tmp_path / "no python here")
    desk.conductor.link.rest()
    asked = []
    desk.conductor.setup_asked.connect(lambda: asked.append(True))
    desk.session.open_store(landscape.store)
    until(lambda: desk.panel.messages.text(), what="the message")
    button = desk.panel.messages.findChild(QPushButton, "wayOnButton")
    button.click()
    assert "Set up the engine" in button.text() and asked


def test_a_store_that_is_broken_is_said(desk, landscape, other_store):
    os.truncate(Path(other_store) / "vectors.npy", 1000)
    desk.session.open_store(other_store)
    until(lambda: desk.panel.messages.text(), what="the message")
    assert "damaged" in desk.panel.messages.text() and not desk.session.store
    assert desk.panel.start.isVisible()


def test_another_store_begins_anew_and_leaves_layers_alone(desk, landscape, other_store):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.session.open_store(other_store)
    until(lambda: desk.session.store == other_store, what="the other store")
    assert len(layers()) == 1 and layers()[0].featureCount() == 50
    assert desk.session.now.search == 0 and desk.matches == []
    desk.find(landscape.kinds["Forest"])
    assert len(layers()) == 2
    names = [group.name() for group in QgsProject.instance().layerTreeRoot().findGroups(True)]
    assert "store" in names and "other störe" in names


def test_a_layer_that_was_removed_comes_back_with_the_next_answer(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    QgsProject.instance().removeAllMapLayers()
    desk.panel.results.table.selectRow(1)  # nothing to select on the map any more
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    assert len(layers()) == 1


def test_undo_works_by_keyboard_wherever_the_focus_is_in_the_dock(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.find(landscape.kinds["Sea"])
    QTest.keyClick(desk.panel.results.table, Qt.Key.Key_Z, CTRL)
    assert desk.session.now.search == 1
    QTest.keyClick(desk.panel.examples.tool, Qt.Key.Key_Z, CTRL | SHIFT)
    assert desk.session.now.search == 2


def test_clearing_takes_the_marks_off_the_map_and_keeps_the_layer(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    assert len(desk.conductor.marks._marks) == 1
    desk.session.clear()
    assert desk.conductor.marks._marks == [] and len(layers()) == 1
    desk.session.undo()
    assert len(desk.conductor.marks._marks) == 1 and len(desk.matches) == 50


def test_exporting_writes_labels_and_says_where(desk, landscape, tmp_path):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    from qgis.core import QgsVectorLayer

    path = str(tmp_path / "similar plåces.gpkg")
    desk.conductor.exporting.write(desk.session, path)
    until(lambda: not desk.conductor.exporting.asking.is_busy, what="the export")
    assert path in desk.panel.messages.text()
    written = QgsVectorLayer(path, "written", "ogr")
    assert written.featureCount() == len(desk.matches)
    assert [f["label"] for f in written.getFeatures()].count(RIGHT) == 1


def test_an_export_that_cannot_be_written_is_said(desk, landscape, tmp_path):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    (tmp_path / "file").write_text("")
    desk.conductor.exporting.write(desk.session, str(tmp_path / "file" / "x.gpkg"))
    until(lambda: desk.panel.messages.text(), what="the message")
    assert not desk.conductor.exporting.asking.is_busy


def test_nothing_flickers_when_the_answer_is_quick(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])  # the engine is warm now
    shown = []
    desk.session.searching.showing.connect(shown.append)
    began = time.perf_counter()
    desk.find(landscape.kinds["Sea"])
    assert time.perf_counter() - began < 5
    if time.perf_counter() - began < 0.3:
        assert shown == [] and not desk.panel.progress.isVisible()


def test_choosing_the_same_store_again_changes_nothing(desk, landscape):
    desk.open(landscape)
    answer = desk.find(landscape.kinds["Forest"])
    desk.panel.stores.chosen.emit(landscape.store)
    until(lambda: not desk.session.describing.is_busy, what="the store")
    assert desk.session.answer is answer
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    assert len(layers()) == 1
