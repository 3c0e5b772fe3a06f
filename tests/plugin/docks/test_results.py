"""The table of results: order, filter, keys, mouse."""

from __future__ import annotations

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QColor, QPixmap
from qgis.PyQt.QtTest import QTest

from cdse_qgis_plugin.docks.parts.examples import RIGHT, WRONG
from cdse_qgis_plugin.docks.parts.results_model import DISTANCE, LABEL, PICTURE, RANK, SCORE, ResultsModel
from cdse_qgis_plugin.docks.parts.results_table import ResultsTable

DESCENDING, ASCENDING = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


def match(rank: int, distance: float, label: str = "") -> dict:
    ring = [[0, 0], [1, 0], [1, 1], [0, 0]]
    return {
        "id": f"p{rank}", "lon": 4.5, "lat": 50.25, "score": 1 - rank / 100, "rank": rank, "distance_m": distance,
        "label": label, "footprint": ring, "time": "2021-06-01T10:20:30Z", "attributes": {"cell": "A1", "none": None},
    }  # fmt: skip


@pytest.fixture
def table(qgis_app):
    model = ResultsModel(lambda found: None)
    model.put([match(1, 500.0), match(2, 12_345.0, RIGHT), match(3, 40.0, WRONG)])
    made = ResultsTable(model)
    made.resize(320, 300)
    made.show()
    yield made
    made.deleteLater()


def ids(table) -> list[str]:
    model = table.model()
    return [model.match(row)["id"] for row in range(model.rowCount())]


def test_cells_are_told_with_units(table):
    model = table.model()
    assert [model.index(1, column).data() for column in (RANK, SCORE, DISTANCE, LABEL)] == [
        "2", "0.9800", "12.3 km", "right",
    ]  # fmt: skip
    assert model.index(0, DISTANCE).data() == "500 m"
    tip = model.index(0, SCORE).data(Qt.ItemDataRole.ToolTipRole)
    assert "2021-06-01 10:20" in tip and "cell: A1" in tip and "none" not in tip


@pytest.mark.parametrize(
    ("column", "order", "expected"),
    [
        (RANK, ASCENDING, ["p1", "p2", "p3"]),
        (DISTANCE, ASCENDING, ["p3", "p1", "p2"]),
        (DISTANCE, DESCENDING, ["p2", "p1", "p3"]),
        (LABEL, ASCENDING, ["p2", "p3", "p1"]),
        (SCORE, ASCENDING, ["p1", "p2", "p3"]),
        (PICTURE, ASCENDING, ["p1", "p2", "p3"]),
    ],
)
def test_sorting_keeps_the_selection_on_its_match(table, column, order, expected):
    table.select_ids(["p2"])
    table.sortByColumn(column, order)
    assert ids(table) == expected
    assert [found["id"] for found in table.selected_matches()] == ["p2"]


def test_filtering_shows_what_was_judged_so(table):
    table.model().show_label(WRONG)
    assert ids(table) == ["p3"]
    table.model().show_label("")
    assert ids(table) == ["p1"]
    table.model().show_label(None)
    assert len(ids(table)) == 3


def test_keys_judge_zoom_and_copy(table):
    judged, zoomed = [], []
    table.judged.connect(lambda matches, kind: judged.append(([m["id"] for m in matches], kind)))
    table.zoom_asked.connect(lambda matches: zoomed.append([m["id"] for m in matches]))
    table.select_ids(["p1", "p3"])
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Delete, Qt.Key.Key_Return):
        QTest.keyClick(table, key)
    assert judged == [(["p1", "p3"], RIGHT), (["p1", "p3"], WRONG), (["p1", "p3"], None)]
    assert zoomed == [["p1", "p3"]]
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QgsApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:4] == ["rank", "score", "distance_m", "label"]
    assert lines[1].split("\t") == ["1", "0.990000", "500.0", "", "p1", "4.500000", "50.250000", "2021-06-01T10:20:30Z"]
    assert len(lines) == 3


def test_a_click_on_the_tick_judges_and_a_second_one_takes_it_back(table):
    judged = []
    table.judged.connect(lambda matches, kind: judged.append((matches[0]["id"], kind)))
    for row in (0, 1):  # the second is right already
        cell = table.visualRect(table.model().index(row, LABEL))
        tick = QPoint(cell.center().x() - 12, cell.center().y())
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, tick)
    assert judged == [("p1", RIGHT), ("p2", None)]


def test_selecting_from_elsewhere_is_not_told_back(table):
    told = []
    table.selected.connect(told.append)
    table.select_ids(["p2", "unknown"])
    assert told == []
    table.selectRow(0)
    assert told[-1] == ["p1"]


def test_a_picture_is_asked_for_where_it_is_seen_and_drawn_when_it_comes(qgis_app):
    asked, pictures = [], {}
    model = ResultsModel(lambda found: (asked.append(found["id"]), pictures.get(found["id"]))[1])
    model.put([match(rank, 1.0) for rank in range(1, 200)])
    table = ResultsTable(model)
    table.resize(320, 300)
    table.show()
    table.grab()
    assert "p1" in asked and "p150" not in asked, "only rows in view ask for pictures"
    pictures["p1"] = QPixmap(64, 64)
    pictures["p1"].fill(QColor("red"))
    model.picture_ready("p1")
    cell = table.visualRect(model.index(0, PICTURE)).center()
    assert table.viewport().grab().toImage().pixelColor(cell) == QColor("red")
    table.deleteLater()
