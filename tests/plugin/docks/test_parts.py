"""Parts of the dock by themselves: options, areas, messages, progress, asking, room."""

from __future__ import annotations

import pytest
from qgis.core import (
    QgsApplication,
    QgsBookmark,
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QObject, pyqtSignal
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QPlainTextEdit, QPushButton, QWidget

from cdse_qgis_plugin.docks.parts import words
from cdse_qgis_plugin.docks.parts.asking import Asking
from cdse_qgis_plugin.docks.parts.message_line import MessageLine
from cdse_qgis_plugin.docks.parts.options import SearchOptions
from cdse_qgis_plugin.docks.parts.progress_row import ProgressRow
from cdse_qgis_plugin.docks.similarity_panel import SimilarityPanel
from cdse_qgis_plugin.engine_link.call import CallFailed


@pytest.fixture
def options(qgis_app):
    QgsProject.instance().clear()
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    made = SearchOptions(canvas)
    made.show()
    yield made
    made.deleteLater()
    canvas.deleteLater()
    QgsProject.instance().clear()


def polygons(*boxes) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "areas", "memory")
    features = []
    for box in boxes:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*box)))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_the_defaults_ask_for_fifty_places_everywhere(options):
    assert options.request() == {"k": 50}


def test_what_is_chosen_is_asked_for(options):
    options.suit({"start": "2020-01-01T00:00:00Z", "end": "2022-12-31T00:00:00Z"})
    options.number.setValue(7)
    options.least_distance.setValue(250)
    options._start.setDate(QDate(2021, 5, 1))
    assert options.request() == {"k": 7, "min_distance_m": 250, "start": "2021-05-01"}
    options._end.setDate(QDate(2020, 5, 1))
    assert not options.dates_make_sense()
    options.suit({"start": None, "end": None})
    assert options.request() == {"k": 7, "min_distance_m": 250}, "a store without dates is not asked for any"


def test_options_survive_the_project(options):
    options.suit({"start": "2020-01-01T00:00:00Z", "end": "2022-12-31T00:00:00Z"})
    options.number.setValue(7)
    options._end.setDate(QDate(2021, 5, 1))
    options.area.take_drawn([[1, 1], [2, 1], [2, 2], [1, 1]])
    said = options.to_json()
    options.reset()
    assert options.request() == {"k": 50}
    options.from_json(said)
    assert options.request()["end"] == "2021-05-01" and options.area.drawn_ring[0] == [1, 1]
    assert options.request()["polygon"]["coordinates"][0][1] == [2, 1]


def test_a_layers_polygons_are_the_area(options):
    polygons((4, 50, 5, 51), (6, 50, 7, 51))
    options.area.choose("layer")
    shape = QgsGeometry.fromMultiPolygonXY([])
    area = options.request()["polygon"]
    assert area["type"] == "MultiPolygon" and len(area["coordinates"]) == 2
    assert shape.isEmpty()


def test_selected_features_are_the_area(options):
    layer = polygons((4, 50, 5, 51), (6, 50, 7, 51))
    options.area.choose("selected")
    layer.selectByIds([2])
    rings = options.request()["polygon"]["coordinates"]
    assert len(rings) == 1 and min(x for x, _ in rings[0][0]) == 6


def test_a_bookmark_is_the_area(options):
    bookmark = QgsBookmark()
    bookmark.setName("Flanders")
    bookmark.setExtent(QgsReferencedRectangle(QgsRectangle(3, 50, 4, 51), QgsCoordinateReferenceSystem("EPSG:4326")))
    QgsProject.instance().bookmarkManager().addBookmark(bookmark)
    options.area.choose("bookmark")
    ring = options.request()["polygon"]["coordinates"][0]
    assert min(x for x, _ in ring) == 3 and max(y for _, y in ring) == 51


def test_wide_options_use_the_room(options):
    options.resize(320, 200)
    QTest.qWait(10)
    narrow = options.number.mapTo(options, options.number.rect().topLeft())
    assert options.area.y() > narrow.y()
    options.resize(600, 200)
    QTest.qWait(10)
    assert abs(options.area.y() - options.number.y()) < 5 and options.area.x() > options.number.x()


def test_the_panel_fits_into_320_pixels(qgis_app):
    canvas = QgsMapCanvas()
    panel = SimilarityPanel(canvas, lambda match: None)
    panel.show_store(True)
    panel.show_results(True)
    panel.resize(320, 720)
    panel.show()
    QTest.qWait(20)
    inner = panel.findChild(QWidget, "similarityScroll").widget()
    assert inner.minimumSizeHint().width() <= 320
    outside = [
        child.objectName() or type(child).__name__
        for child in panel.findChildren(QWidget)
        if child.isVisible() and child.mapTo(panel, child.rect().topRight()).x() > 320
    ]
    assert outside == []
    panel.deleteLater()
    canvas.deleteLater()


def test_everything_one_can_press_has_a_name_and_a_tip(qgis_app):
    canvas = QgsMapCanvas()
    panel = SimilarityPanel(canvas, lambda match: None)
    own = [b for b in panel.findChildren(QAbstractButton) if not b.objectName().startswith("qt_") and b.objectName()]
    assert len(own) >= 14
    for button in own:
        if button.objectName() in ("mClearButton", "mCloseBtn", "mCloseMenu"):
            continue  # QGIS's own
        assert button.text() or button.accessibleName(), button.objectName()
        assert button.toolTip(), button.objectName()
    panel.deleteLater()
    canvas.deleteLater()


@pytest.mark.parametrize(
    ("metres", "said"), [(0, "0 m"), (999.4, "999 m"), (999.6, "1.0 km"), (12_345, "12.3 km"), (123_456, "123 km")]
)
def test_distances_are_as_precise_as_needed(qgis_app, metres, said):
    assert words.distance(metres) == said


@pytest.mark.parametrize(("part", "said"), [(1, "100 %"), (0.028, "2.8 %"), (0.0005, "0.05 %"), (0.25, "25 %")])
def test_shares_keep_two_digits(qgis_app, part, said):
    assert words.share(part) == said


# ---- messages


def test_a_failure_shows_its_details_on_demand_and_copies_them(qgis_app):
    line = MessageLine()
    line.show()
    pressed = []
    failure = CallFailed("x", "It broke.", "Mend it.", "Traceback: here")
    line.fail(failure, ("Mend", lambda: pressed.append(True)))
    assert line.text() == "It broke. Mend it."
    details = line.findChild(QPlainTextEdit)
    assert not details.isVisible()
    line.findChild(QPushButton, "detailsButton").click()
    assert details.isVisible() and details.toPlainText() == "Traceback: here"
    line.findChild(QPushButton, "copyDetailsButton").click()
    assert QgsApplication.clipboard().text() == "It broke. Mend it.\n\nTraceback: here"
    line.findChild(QPushButton, "wayOnButton").click()
    assert pressed == [True]
    line.say("Something else")
    assert line.text() == "Something else"
    line.calm()
    assert line.text() == ""
    line.deleteLater()


# ---- asking


class Task(QObject):
    """What the link hands out, worked by hand."""

    succeeded = pyqtSignal(object)
    failed = pyqtSignal(object)
    stopped = pyqtSignal()
    progressed = pyqtSignal(float, str)

    def __init__(self):
        super().__init__()
        self.was_cancelled = False

    def cancel(self) -> None:
        self.was_cancelled = True


def test_a_newer_question_cancels_the_older_and_drops_its_answer(qgis_app):
    asking, told = Asking(), []
    first, second = Task(), Task()
    asking.ask(lambda: first, "one", told.append, told.append)
    order = []
    asking.ask(lambda: (order.append(first.was_cancelled), second)[1], "two", told.append, told.append)
    assert order == [True], "the older one is cancelled before the newer is sent, so that it need not wait"
    first.succeeded.emit({"n": 1})
    first.failed.emit(CallFailed("x", "late"))
    assert told == [] and asking.is_busy
    second.succeeded.emit({"n": 2})
    assert told == [{"n": 2}] and not asking.is_busy


def test_a_question_asked_while_answering_goes_on(qgis_app):
    asking, over = Asking(), []
    first, second = Task(), Task()
    asking.over.connect(lambda: over.append(True))
    asking.ask(lambda: first, "one", lambda _: asking.ask(lambda: second, "two", print, print), print)
    first.succeeded.emit({})
    assert asking.is_busy and over == []
    second.stopped.emit()
    assert over == [True]


def test_progress_is_shown_only_after_a_while_and_can_be_stopped(qgis_app):
    window = QWidget()
    row, asking, stopped = ProgressRow(window), Asking(), []
    window.show()
    row.follow(asking)
    task = Task()
    asking.ask(lambda: task, "Reading", print, print, lambda: stopped.append(True))
    QTest.qWait(100)
    task.progressed.emit(0.2, "early")
    assert not row.isVisible()
    QTest.qWait(300)
    assert row.isVisible() and row._words.text() == "Reading"
    task.progressed.emit(0.5, "Reading 3 of 6")
    assert row._bar.value() == 500 and row._words.text() == "Reading 3 of 6"
    task.progressed.emit(-1, "")
    assert row._bar.maximum() == 0
    row._button.click()
    assert task.was_cancelled and row._words.text() == "Stopping…"
    task.stopped.emit()
    assert stopped == [True] and not row.isVisible()
    window.deleteLater()
