"""A search is saved with the project and is there again when it is opened."""

from __future__ import annotations

import shutil

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtTest import QTest

from cdse_qgis_plugin.docks.parts.examples import CLICKED, RIGHT
from cdse_qgis_plugin.docks.parts.project_state import DockState, has_state, read_state, remember_store, write_state

from ..waiting import until


@pytest.fixture
def saved(desk, landscape, tmp_path):
    """A project with two searches, the first one refined, the second on show; returns its path."""
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    desk.panel.results.table.judged.emit([desk.matches[2]], RIGHT)
    desk.wait()
    desk.panel.options.number.setValue(7)
    desk.panel.options.least_distance.setValue(100)
    desk.find(landscape.kinds["Sea"])
    path = str(tmp_path / "prøject.qgz")
    assert QgsProject.instance().write(path)
    return path


def reopen(path: str) -> None:
    QgsProject.instance().clear()
    assert QgsProject.instance().read(path)


def results_layers() -> list:
    return sorted(QgsProject.instance().mapLayers().values(), key=lambda layer: layer.name())


def test_everything_comes_back(desk, saved, landscape):
    before = desk.session.answer
    labels = sorted(f["label"] for f in results_layers()[0].getFeatures())
    reopen(saved)
    assert desk.session.store == landscape.store
    assert desk.session.answer.matches == before.matches and desk.session.answer.request == before.request
    assert [e.kind for e in desk.session.now.examples] == [CLICKED]
    assert [m["id"] for m in desk.matches] == [m["id"] for m in before.matches]
    assert desk.panel.options.number.value() == 7 and desk.panel.options.least_distance.value() == 100
    first, second = results_layers()
    assert first.featureCount() == 51 and second.featureCount() == 7, "layers in memory are filled again"
    assert sorted(f["label"] for f in first.getFeatures()) == labels and RIGHT in labels
    until(lambda: not desk.session.describing.is_busy, what="the look at the store")
    assert desk.panel.messages.text() == ""


def test_a_restored_search_goes_on_in_its_layer(desk, saved, landscape):
    reopen(saved)
    until(lambda: not desk.session.describing.is_busy, what="the look at the store")
    desk.panel.results.table.judged.emit([desk.matches[0]], RIGHT)
    desk.wait()
    assert len(results_layers()) == 2 and results_layers()[1].featureCount() == 8
    desk.panel.results.table.selectRow(3)
    assert results_layers()[1].selectedFeatureCount() == 1


def test_what_the_user_made_of_a_layer_is_kept(desk, saved):
    layer = results_layers()[1]
    layer.setName("mine")
    layer.renderer().updateRangeLabel(0, "my best")
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    node.setItemVisibilityChecked(False)
    layer_id = layer.id()
    assert QgsProject.instance().write(saved)
    reopen(saved)
    layer = QgsProject.instance().mapLayer(layer_id)
    assert layer.name() == "mine" and layer.renderer().ranges()[0].label() == "my best"
    assert not QgsProject.instance().layerTreeRoot().findLayer(layer_id).itemVisibilityChecked()


def test_a_project_moves_with_its_store(desk, landscape, tmp_path):
    home = tmp_path / "here"
    home.mkdir()
    shutil.copytree(landscape.store, home / "store")
    made = QgsProject()
    made.setFileName(str(home / "p.qgs"))
    remember_store(made, str(home / "store"))
    assert made.write()
    shutil.move(str(home), str(tmp_path / "there"))
    QgsProject.instance().read(str(tmp_path / "there" / "p.qgs"))
    until(lambda: desk.session.store, what="the store to open")
    assert desk.session.store == str(tmp_path / "there" / "store")


def test_a_missing_store_is_said_and_the_saved_results_still_show(desk, landscape, other_store, tmp_path):
    desk.session.open_store(other_store)
    until(lambda: desk.session.store, what="the store to open")
    desk.look_at("EPSG:32627")
    desk.find(landscape.kinds["Forest"])
    path = str(tmp_path / "p.qgz")
    QgsProject.instance().write(path)
    QgsProject.instance().clear()
    shutil.rmtree(other_store)
    QgsProject.instance().read(path)
    assert len(desk.matches) == 50 and results_layers()[0].featureCount() == 50
    until(lambda: desk.panel.messages.text(), what="the word of it")
    said = desk.panel.messages.text()
    assert "There is no embedding store at" in said and "saved with the project are shown" in said


def test_a_store_made_anew_since_then_is_said(desk, landscape, other_store, tmp_path):
    desk.session.open_store(other_store)
    until(lambda: desk.session.store, what="the store to open")
    desk.look_at("EPSG:32627")
    desk.find(landscape.kinds["Forest"])
    desk.session.description["created"] = "1999-12-31T00:00:00+00:00"
    path = str(tmp_path / "p.qgz")
    QgsProject.instance().write(path)
    reopen(path)
    until(lambda: desk.panel.messages.text(), what="the word of it")
    assert "made anew" in desk.panel.messages.text() and len(desk.matches) == 50


def test_closing_the_project_clears_the_dock_and_the_map(desk, saved):
    QgsProject.instance().clear()
    assert not desk.session.store and desk.matches == [] and desk.panel.start.isVisible()
    assert desk.conductor.marks._marks == [] and desk.conductor.marks._bands == {}
    assert desk.panel.options.number.value() == 50


def test_a_change_makes_the_project_dirty_and_opening_does_not(desk, saved, landscape):
    reopen(saved)
    QTest.qWait(300)
    assert not QgsProject.instance().isDirty()
    desk.look_at("EPSG:32627")
    QgsProject.instance().setDirty(False)
    desk.find(landscape.kinds["Forest"])
    assert QgsProject.instance().isDirty()


def test_the_state_of_a_newer_version_is_said_and_not_thrown_away(desk, tmp_path):
    project = QgsProject.instance()
    write_state(project, DockState("/somewhere"))
    import base64
    import json
    import zlib

    packed = base64.b64encode(zlib.compress(json.dumps({"version": 99}).encode())).decode()
    project.writeEntry("CopernicusAI", "/similarity/state", packed)
    path = str(tmp_path / "p.qgz")
    desk.session.store = ""
    project.writeProject.disconnect(desk.conductor.project._write)
    project.write(path)
    project.writeProject.connect(desk.conductor.project._write)
    reopen(path)
    assert "newer version" in desk.panel.messages.text()
    project.write(path)
    reopen(path)
    assert project.readEntry("CopernicusAI", "/similarity/state")[0] == packed


@pytest.mark.parametrize("text", ["rubbish", "QUJD", ""])
def test_rubbish_in_a_project_is_told_from_nothing(qgis_app, text):
    project = QgsProject()
    project.writeEntry("CopernicusAI", "/similarity/state", text)
    if text:
        assert has_state(project)
        with pytest.raises(ValueError):
            read_state(project)
    else:
        assert not has_state(project) and read_state(project) is None


def test_nothing_is_left_of_an_empty_dock(qgis_app):
    project = QgsProject()
    remember_store(project, "/a/store")
    assert read_state(project).store == "/a/store"
    write_state(project, DockState())
    assert not has_state(project)
