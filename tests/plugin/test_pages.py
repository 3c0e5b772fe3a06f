"""The set-up page, the options page and the About dialog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QWidget,
)

from cdse_qgis_plugin.engine_link.addresses import default_addresses
from cdse_qgis_plugin.engine_link.call import Call, CallFailed
from cdse_qgis_plugin.engine_link.setup import places
from cdse_qgis_plugin.engine_link.setup.base_python import BasePython
from cdse_qgis_plugin.engine_link.setup.plan import SetupPlan
from cdse_qgis_plugin.engine_link.setup.recipe import Recipe
from cdse_qgis_plugin.pages.about_dialog import AboutDialog
from cdse_qgis_plugin.pages.diagnostics import as_text, collect
from cdse_qgis_plugin.pages.options_factory import OptionsFactory
from cdse_qgis_plugin.pages.options_page import OptionsPage
from cdse_qgis_plugin.pages.setup_dialog import SetupDialog, open_setup
from cdse_qgis_plugin.pages.setup_page import SetupPage

from .waiting import ending_of, until

ENGINE_PYTHON = Path(__file__).parents[2] / ".venv" / "engine" / "bin" / "python"
BASE = BasePython("/usr/bin/python3", (3, 12, 3), 64, "x86_64", "cpython", True, True, True)


def a_plan(**changes) -> SetupPlan:
    """A plan as the page gets it."""
    plan = SetupPlan(Path("/data/engines"), Recipe(), BASE, {"numpy": 17_000_000, "pyarrow": 55_000_000}, 10**11)
    return replace(plan, **changes)


@pytest.fixture
def page(link):
    """The set-up page, open, having looked around."""
    shown = SetupPage(link)
    shown.resize(320, 720)
    shown.show()
    until(lambda: link.set_up.plan is not None and not link.set_up.doing)
    yield shown
    shown.close()


def show_plan(link, **changes) -> None:
    """Has the page show this plan."""
    link.set_up.plan = a_plan(**changes)
    link.set_up.changed.emit()


def part(page: QWidget, kind, name: str):
    """A widget by its name."""
    found = page.findChild(kind, name)
    assert found is not None, name
    return found


def shown_text(page: QWidget) -> str:
    """All that can be read on a page."""
    texts = [label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page)]
    texts += [field.text() for field in page.findChildren(QLineEdit) if field.isVisibleTo(page)]
    return "\n".join(texts)


# ---- the set-up page


def test_the_page_says_what_would_be_done(page, link):
    show_plan(link, index="https://user:word@packages.example.org:8080/simple")
    text = shown_text(page)
    for words in ("3.12.3, /usr/bin/python3", "about 72 MB, 2 packages", "100 GB are free", "packages.example.org"):
        assert words in text
    assert "user:word" not in text
    go = part(page, QPushButton, "setUpButton")
    assert (go.text(), go.isEnabled()) == ("Set up engine", True)
    assert not part(page, QPushButton, "removeEngineButton").isVisibleTo(page)


def test_looking_around_really_looks(page, link):
    plan = link.set_up.plan
    assert plan.base.is_new_enough
    assert plan.free_bytes > 0
    assert plan.download_bytes > 10_000_000


def test_a_page_for_an_engine_that_is_there_repairs_and_removes(page, link):
    show_plan(link, is_set_up=True)
    assert part(page, QPushButton, "setUpButton").text() == "Repair engine"
    assert part(page, QPushButton, "removeEngineButton").isVisibleTo(page)


def test_what_stands_in_the_way_is_shown_and_the_button_waits(page, link):
    show_plan(link, base=None)
    assert "No suitable Python" in part(page, QLabel, "setupObstacles").text()
    assert not part(page, QPushButton, "setUpButton").isEnabled()
    show_plan(link, free_bytes=1000)
    assert "1.0 kB are free" in part(page, QLabel, "setupObstacles").text()


def test_a_failure_is_shown_in_words_and_its_details_can_be_copied_without_secrets(page, link):
    link.set_up._fail(
        CallFailed("setup_proxy_login", "The proxy asks.", "Enter it.", "Looking at http://anna:hush@127.0.0.1/")
    )
    assert "The proxy asks. Enter it." in shown_text(page)
    part(page, QPushButton, "copySetupDetailsButton").click()
    copied = QgsApplication.clipboard().text()
    assert "The proxy asks." in copied
    assert "== QGIS" in copied
    assert "hush" not in copied
    assert any("setup_proxy_login" in error for error in link.diagnostics()["last errors"])


@pytest.mark.skipif(not ENGINE_PYTHON.exists(), reason="needs .venv/engine")
def test_a_python_of_ones_own_is_tried_used_and_forgotten(page, link, settings, monkeypatch):
    monkeypatch.delenv("CDSE_ENGINE_PYTHON", raising=False)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(ENGINE_PYTHON), ""))
    part(page, QPushButton, "usePythonButton").click()
    assert link.set_up.is_busy
    until(lambda: settings.engine_python)
    assert settings.engine_python == str(ENGINE_PYTHON)
    until(lambda: not link.set_up.doing)
    assert "runs with a Python that you chose" in part(page, QLabel, "engineOrigin").text()
    forget = part(page, QPushButton, "forgetPythonButton")
    assert forget.isVisibleTo(page)
    forget.click()
    assert settings.engine_python == ""
    until(lambda: not link.set_up.doing)
    assert not forget.isVisibleTo(page)


def test_a_python_that_will_not_do_is_not_used(page, link, settings, monkeypatch, tmp_path):
    (tmp_path / "python3").write_text("no program")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "python3"), ""))
    part(page, QPushButton, "usePythonButton").click()
    until(lambda: "does not answer as a Python does" in shown_text(page))
    assert settings.engine_python == ""


def test_another_folder_is_remembered_and_looked_at(page, link, settings, tmp_path):
    field = next(field for field in page.findChildren(QLineEdit) if not field.isReadOnly())
    field.setText(str(tmp_path / "elsewhere"))
    field.editingFinished.emit()
    assert settings.engine_folder == str(tmp_path / "elsewhere")
    until(lambda: link.set_up.plan.root == tmp_path / "elsewhere")
    field.setText(str(places.default_root()))
    field.editingFinished.emit()
    assert settings.engine_folder == ""


def test_removing_asks_first_and_no_is_the_default(page, link, monkeypatch, tmp_path, settings):
    settings.engine_folder = str(tmp_path)
    environment = places.environment_folder(tmp_path)
    environment.mkdir(parents=True)
    (environment / "file").write_text("x")
    link.set_up.look()
    until(lambda: not link.set_up.doing)
    asked = []

    def answer(_parent, _title, text, _buttons, default):
        asked.append((text, default))
        return answers.pop(0)

    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", answer)
    remove = part(page, QPushButton, "removeEngineButton")
    remove.click()
    assert not link.set_up.is_busy
    assert environment.exists()
    remove.click()
    until(lambda: not environment.exists())
    until(lambda: "has been removed" in shown_text(page))
    assert asked[0][1] == QMessageBox.StandardButton.No
    assert str(tmp_path) in asked[0][0]


def test_the_window_is_opened_once_and_closing_it_stops_nothing(link):
    parent = QWidget()
    first = open_setup(link, parent)
    assert isinstance(first, SetupDialog)
    assert open_setup(link, parent) is first
    task = link.set_up._task
    first.close()
    assert task is not None
    until(lambda: link.set_up.plan is not None)
    parent.deleteLater()


# ---- the options page


@pytest.fixture
def options(link):
    """The options page, open."""
    shown = OptionsPage(link)
    shown.resize(320, 720)
    shown.show()
    until(lambda: not link.set_up.doing)
    yield shown
    shown.close()


def test_the_factory_makes_the_page(link):
    factory = OptionsFactory(link)
    assert factory.title() == "Copernicus AI"
    assert not factory.icon().isNull()
    holder = QWidget()
    assert isinstance(factory.createWidget(holder), OptionsPage)


def test_applying_an_untouched_page_remembers_nothing(options, settings):
    options.apply()
    assert (settings.cache_folder, settings.stores_folder, settings.addresses) == ("", "", {})


def test_what_is_changed_is_remembered_on_apply(options, settings, tmp_path):
    part(options, QWidget, "cacheFolder").setFilePath(str(tmp_path / "cache"))
    part(options, QWidget, "storesFolder").setFilePath(str(tmp_path / "stores"))
    part(options, QSpinBox, "idleMinutes").setValue(40)
    table = part(options, QTableWidget, "addressesTable")
    row = list(default_addresses()).index("STAC")
    table.item(row, 1).setText("http://127.0.0.1:8080/stac")
    assert settings.cache_folder == ""
    assert options.isValid()
    options.apply()
    assert settings.cache_folder == str(tmp_path / "cache")
    assert settings.stores_folder == str(tmp_path / "stores")
    assert settings.idle_minutes == 40
    assert settings.addresses == {"STAC": "http://127.0.0.1:8080/stac"}


def test_an_address_that_is_none_is_told_and_not_applied(options, settings):
    table = part(options, QTableWidget, "addressesTable")
    row = list(default_addresses()).index("STAC")
    table.item(row, 1).setText("stac.example.org")
    assert not options.isValid()
    assert "STAC" in part(options, QLabel, "addressFault").text()
    table.selectRow(row)
    part(options, QPushButton, "resetAddressesButton").click()
    assert options.isValid()
    assert table.item(row, 1).text() == default_addresses()["STAC"]
    table.item(row, 1).setText("")  # emptied is reset, too
    assert table.item(row, 1).text() == default_addresses()["STAC"]


def test_addresses_are_folded_away_until_one_is_overridden(options, link, settings):
    assert part(options, QgsCollapsibleGroupBox, "addressesGroup").isCollapsed()
    settings.addresses = {"STAC": "http://127.0.0.1/"}
    again = OptionsPage(link)
    assert not part(again, QgsCollapsibleGroupBox, "addressesGroup").isCollapsed()


def test_the_table_has_the_engines_own_names(link):
    """A name that the engine does not know would make every call fail."""
    for name in default_addresses():
        call = Call("embeddings.describe", {"store": "/nowhere"})
        link._settings.addresses = {name: "http://127.0.0.1:1/"}
        assert ending_of(link.click(call)).failure.code == "no_store", name


# ---- About


def test_about_says_what_it_is_and_how_the_engine_is(link, settings, monkeypatch):
    monkeypatch.delenv("CDSE_ENGINE_PYTHON", raising=False)
    ending_of(link.click(Call("embeddings.describe", {"store": "/x"}, secrets={"account": "hush-hush"})))
    settings.addresses = {"STAC": "http://anna:hush@127.0.0.1/"}
    dialog = AboutDialog(link)
    text = dialog.text()
    for words in ("== Plugin", "== Engine", "== System", "== Folders", "PROJ version", "GPU: ", "no_store", "STAC"):
        assert words in text
    assert "hush" not in text
    assert str(Path.home()) not in text
    assert "GNU General Public License" in shown_text(dialog)
    part(dialog, QPushButton, "copyDiagnosticsButton").click()
    assert QgsApplication.clipboard().text().strip() == text.strip()
    dialog.close()


def test_diagnostics_work_without_an_engine(link, settings):
    settings.engine_python = "/no/such/python"
    assert "state: missing" in as_text(collect(link))
    assert "not known before the engine has run" in as_text(collect(link))


# ---- for everybody


PAGES = {
    "set-up": SetupPage,
    "options": OptionsPage,
    "about": AboutDialog,
}


@pytest.fixture(params=PAGES, ids=PAGES)
def any_page(request, link):
    """Each of the pages in turn."""
    made = PAGES[request.param](link)
    made.show()
    show_plan(link, is_set_up=True)
    yield made
    until(lambda: not link.set_up.doing)
    made.close()


def test_it_fits_into_320_pixels(any_page):
    assert any_page.minimumSizeHint().width() <= 320


@pytest.mark.parametrize("width", [320, 500])
def test_no_sentence_is_cut_off(link, width):
    dialog = SetupDialog(link)
    dialog.resize(width, 720)
    dialog.show()
    show_plan(link, base=None)
    link.set_up._fail(CallFailed("setup_proxy", "A message that takes several lines. " * 3, "A hint.", "Details."))
    QTest.qWait(100)
    wrapped = [label for label in dialog.page.findChildren(QLabel) if label.wordWrap() and label.isVisibleTo(dialog)]
    assert len(wrapped) >= 6
    for label in wrapped:
        assert label.height() >= label.heightForWidth(label.width()), label.text()
    dialog.close()


def test_every_control_has_a_name_and_buttons_a_tip(any_page):
    kinds = (QAbstractButton, QLineEdit, QSpinBox, QTableWidget, QPlainTextEdit)
    own = [field for kind in kinds for field in any_page.findChildren(kind) if not field.objectName().startswith("qt_")]
    for field in own:
        if field.focusPolicy() == Qt.FocusPolicy.NoFocus or not field.isVisibleTo(any_page):
            continue
        parents = [field, field.parent()] if isinstance(field.parent(), QWidget) else [field]
        named = any(each.accessibleName() for each in parents) or (
            isinstance(field, QAbstractButton) and (field.text() or field.toolTip())
        )
        assert named, (type(field), field.objectName())
    for button in any_page.findChildren(QPushButton):
        if button.objectName() and not button.objectName().startswith("qt_"):
            assert button.toolTip(), button.objectName()


def test_the_main_button_is_reached_by_keyboard(link):
    page = SetupPage(link)
    page.show()
    until(lambda: not link.set_up.doing)
    show_plan(link)
    page.activateWindow()
    page.setFocus()
    for _ in range(20):
        QTest.keyClick(QgsApplication.focusWidget() or page, Qt.Key.Key_Tab)
        if QgsApplication.focusWidget() is part(page, QPushButton, "setUpButton"):
            break
    assert QgsApplication.focusWidget() is part(page, QPushButton, "setUpButton")
    page.close()
