"""Getting a store: open, make, import, try offline; what the dialogs say."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QLabel, QPushButton

from cdse_qgis_plugin.docks.parts.import_store import ImportStoreDialog
from cdse_qgis_plugin.docks.parts.make_store import MakeStoreDialog
from cdse_qgis_plugin.settings import Settings

from ..waiting import until


def idle(desk) -> None:
    until(lambda: not desk.conductor.guide.jobs.asking.is_busy, 60, "the job")


@pytest.fixture
def dialog(qgis_app, settings, landscape, tmp_path):
    QgsProject.instance().clear()
    settings.stores_folder = str(tmp_path)
    layer = QgsRasterLayer(landscape.image, "image")
    QgsProject.instance().addMapLayer(layer)
    made = MakeStoreDialog()
    made.show()
    yield made
    made.deleteLater()
    QgsProject.instance().clear()


def said(dialog) -> str:
    return dialog.findChild(QLabel, "storeDialogSentence").text()


def button(dialog) -> QPushButton:
    return dialog.findChild(QPushButton, "makeStoreButton")


def test_trying_it_offline_ends_with_a_map_ready_to_be_clicked(desk):
    desk.panel.start.offline_asked.emit()
    until(lambda: desk.canvas.mapTool() is desk.conductor.tool, 60, "the map tool")
    (layer,) = QgsProject.instance().mapLayers().values()
    assert isinstance(layer, QgsRasterLayer) and layer.isValid()
    assert desk.session.store and desk.session.description["count"] > 1000
    assert "ready" in desk.panel.messages.text()
    # A second time it is there at once, and the layer is not added again.
    desk.conductor.use_tool(False)
    desk.conductor.guide.jobs.offline()
    until(lambda: desk.canvas.mapTool() is desk.conductor.tool, 10, "the map tool")
    assert len(QgsProject.instance().mapLayers()) == 1


def test_a_store_is_made_from_an_image_and_opened(desk, landscape, tmp_path):
    store = str(tmp_path / "ny störe")
    desk.conductor.guide.jobs.encode({"image": landscape.image, "store": store, "patch": 32, "stride": 32})
    idle(desk)
    assert desk.session.store == store and desk.session.description["count"] == 64
    assert Settings().recent_stores[0] == store


def test_a_job_can_be_stopped_and_leaves_nothing(desk, landscape, tmp_path):
    store = tmp_path / "store"
    desk.conductor.guide.jobs.encode({"image": landscape.image, "store": str(store), "patch": 4, "stride": 1})
    until(lambda: desk.panel.progress.isVisible(), what="the progress")
    assert not desk.panel.start.isEnabled()
    desk.panel.progress._button.click()
    idle(desk)
    assert "Stopped" in desk.panel.messages.text() and not store.exists()
    assert not desk.panel.progress.isVisible() and desk.panel.start.isEnabled()


def test_an_image_that_cannot_be_read_is_said(desk, tmp_path):
    (tmp_path / "no image.tif").write_text("no")
    desk.conductor.guide.jobs.encode({"image": str(tmp_path / "no image.tif"), "store": str(tmp_path / "store")})
    idle(desk)
    assert desk.panel.messages.text() and not desk.session.store
    assert desk.panel.start.isVisible()


def test_a_file_without_embeddings_is_said(desk, tmp_path):
    (tmp_path / "x.parquet").write_text("no")
    desk.conductor.guide.jobs.read({"source": str(tmp_path / "x.parquet"), "store": str(tmp_path / "store")})
    idle(desk)
    assert desk.panel.messages.text() and not desk.session.store


def test_the_dialog_says_what_will_be_made(dialog, landscape):
    assert said(dialog) == "About 961 places of 160 m." and button(dialog).isEnabled()
    dialog._patch.setValue(64)
    assert dialog._stride.value() == 32 and "49 places of 640 m" in said(dialog)
    arguments = dialog.arguments()
    assert arguments["image"] == landscape.image and arguments["patch"] == 64 and "bands" not in arguments
    assert arguments["store"].endswith("landscape")


def test_the_dialog_leaves_bands_out(dialog):
    dialog._bands.item(5).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.arguments()["bands"] == [1, 2, 3, 4, 5]
    for row in range(5):
        dialog._bands.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert "at least one band" in said(dialog) and not button(dialog).isEnabled()


def test_the_dialog_says_what_stands_in_the_way(dialog, tmp_path):
    dialog._patch.setValue(4096)
    assert "less than one patch" in said(dialog) and not button(dialog).isEnabled()
    dialog._patch.setValue(16)
    dialog._name.setText("")
    assert "Name the store" in said(dialog) and not button(dialog).isEnabled()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("")
    dialog._name.setText("taken")
    assert "holds other files" in said(dialog) and not button(dialog).isEnabled()


def test_replacing_a_store_has_to_be_asked_for(dialog, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "manifest.json").write_text("{}")
    dialog._name.setText("old")
    assert button(dialog).text() == "Replace the store" and "replaced when the new one is whole" in said(dialog)


def test_a_file_can_be_chosen_beside_the_layers(dialog, landscape):
    dialog.choose_file(landscape.image.replace("landscape.tif", "landscape_kinds.tif"))
    assert dialog.arguments()["image"].endswith("landscape_kinds.tif") and dialog._bands.count() == 1
    dialog.choose_file("/nowhere.tif")
    assert "cannot open" in said(dialog)


def test_without_an_image_the_dialog_asks_for_one(qgis_app):
    QgsProject.instance().clear()
    dialog = MakeStoreDialog()
    assert "Choose an image" in said(dialog) and not button(dialog).isEnabled()
    dialog.deleteLater()


def test_the_import_dialog_asks_for_what_a_file_does_not_say(desk, tmp_path):
    dialog = ImportStoreDialog(desk.canvas)
    assert "Choose a Parquet file" in said(dialog)
    dialog.choose_file(str(tmp_path / "no.parquet"))
    assert "no file of this name" in said(dialog)
    path = tmp_path / "clay v1.parquet"
    path.write_text("")
    dialog.choose_file(str(path))
    assert button(dialog).isEnabled() and dialog.arguments() == {
        "source": str(path),
        "store": str(Path(dialog._folder.filePath()) / "clay v1"),
    }
    dialog._column.setText("vector")
    desk.look_at("EPSG:3857", desk.canvas.extent())
    dialog._view_only.setChecked(True)
    assert dialog.arguments()["vector_column"] == "vector"
    assert {"bbox", "polygon"} & set(dialog.arguments())
    dialog.deleteLater()


def test_stores_used_lately_are_offered_and_can_be_forgotten(desk, landscape, settings):
    settings.recent_stores = ["/gone/störe"]
    desk.open(landscape)
    assert settings.recent_stores == [landscape.store, "/gone/störe"]
    chooser = desk.panel.stores
    assert [chooser._combo.itemText(i) for i in range(chooser._combo.count())] == ["store", "störe"]
    assert "961 places of 160 m" in desk.panel.context.text()
    assert "looks similar in this embedding" in desk.panel.context.text()
    chooser._remove()
    assert settings.recent_stores == ["/gone/störe"] and not desk.session.store and desk.panel.start.isVisible()
    chooser._combo.activated.emit(chooser._combo.findData("/gone/störe"))
    until(lambda: desk.panel.messages.text(), what="the word of it")
    assert "There is no embedding store" in desk.panel.messages.text()


def test_a_store_opened_into_an_empty_project_can_be_clicked(desk, landscape):
    desk.look_at("EPSG:3857", desk.canvas.extent())
    desk.panel.stores.chosen.emit(landscape.store)
    until(lambda: desk.session.store, what="the store to open")
    (world,) = QgsProject.instance().mapLayers().values()
    assert world.isValid() and world.featureCount() > 100
    until(lambda: desk.conductor.view.shows_store(desk.session.description), what="the map to show the store")
    assert desk.canvas.extent().width() < 20_000
    assert "store" not in desk.conductor.marks._bands
    desk.conductor.use_tool(True)
    assert "store" in desk.conductor.marks._bands, "what it covers is outlined while one clicks"
    desk.conductor.use_tool(False)
    assert "store" not in desk.conductor.marks._bands
    assert desk.find(landscape.kinds["Forest"]).matches


def test_a_store_out_of_view_offers_to_go_there(desk, landscape):
    QgsProject.instance().addMapLayer(QgsVectorLayer("Point?crs=EPSG:3857", "mine", "memory"))
    desk.look_at("EPSG:3857", QgsRectangle(0, 0, 1000, 1000))
    desk.panel.stores.chosen.emit(landscape.store)
    until(lambda: desk.session.store, what="the store to open")
    assert "another part of the world" in desk.panel.messages.text()
    assert desk.canvas.extent().contains(QgsRectangle(400, 400, 600, 600)), "the map is moved only when asked"
    desk.panel.messages.findChild(QPushButton, "wayOnButton").click()
    assert desk.conductor.view.shows_store(desk.session.description)


def test_an_image_from_a_file_is_shown_with_its_store(desk, landscape, tmp_path):
    desk.conductor.guide.jobs.encode(
        {"image": landscape.image, "store": str(tmp_path / "s"), "patch": 32, "stride": 32}
    )
    idle(desk)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert isinstance(layer, QgsRasterLayer) and layer.source() == landscape.image
