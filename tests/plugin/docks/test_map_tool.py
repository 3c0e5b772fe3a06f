"""The map tool: what it shows before the click, what its clicks mean, in any CRS."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsRectangle
from qgis.gui import QgsMapToolPan
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest

from cdse_qgis_plugin.layers import places
from cdse_qgis_plugin.map_tools.footprints import FootprintCache, Patch, core_share

from ..waiting import until


def patch(id_: str, lon: float, lat: float, side: float = 0.02) -> Patch:
    half = side / 2
    corners = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
    return Patch(id_, lon, lat, tuple((lon + x, lat + y) for x, y in corners))


def test_a_patch_is_sure_only_in_its_core():
    cache = FootprintCache(core=0.5)
    cache.add(patch("a", 10, 50))
    assert cache.at(10.004, 50.004).id == "a"
    assert cache.at(10.006, 50) is None, "a neighbour's centre may be nearer here"
    assert FootprintCache(core=1.0).at(10, 50) is None


def test_a_patch_across_the_antimeridian_is_found_from_both_sides():
    cache = FootprintCache(core=1.0)
    cache.add(patch("a", 180.0, 10))
    assert cache.at(179.995, 10).id == "a" and cache.at(-179.995, 10).id == "a" and cache.at(0.0, 10) is None


def test_a_patch_at_the_pole_is_found_from_everywhere_around_it():
    cache = FootprintCache(core=1.0)
    ring = tuple((lon, 89.9) for lon in (0, 90, 180, 270, 360))
    cache.add(Patch("pole", 0.0, 90.0, ring))
    assert cache.at(45, 89.95).id == "pole" and cache.at(-120, 89.96).id == "pole" and cache.at(45, 89.8) is None


def test_old_patches_are_forgotten():
    cache = FootprintCache(core=1.0)
    for i in range(400):
        cache.add(patch(str(i), i * 0.1 - 20, 0))
    assert cache.at(-20, 0) is None and cache.at(399 * 0.1 - 20, 0).id == "399"


@pytest.mark.parametrize(
    ("details", "share"),
    [({"source": {"patch": 16, "stride": 8}}, 0.5), ({"source": {"patch": 16, "stride": 32}}, 1.0), ({}, 0.5)],
)
def test_the_core_is_told_by_the_step_of_the_store(details, share):
    assert core_share(details) == share


def asked(desk) -> list:
    """Notes every call that the tool makes from now on."""
    calls, click = [], desk.conductor.link.click
    desk.conductor.tool._link = _Spy(calls, click)
    return calls


class _Spy:
    """A link that notes what is asked, and asks."""

    def __init__(self, calls, click):
        self._calls, self._click = calls, click

    def click(self, call):
        self._calls.append(call)
        return self._click(call)


def test_hovering_shows_the_patch_and_asks_nothing_twice(desk, landscape):
    desk.open(landscape)
    desk.conductor.use_tool(True)
    calls, said = asked(desk), []
    desk.conductor.status.connect(said.append)
    place = landscape.kinds["Forest"]
    desk.hover(place)
    tool, marks = desk.conductor.tool, desk.conductor.marks
    until(lambda: "cursor" in marks._bands, what="the preview")
    assert len(calls) == 1 and calls[0].quiet
    assert any(said_line.startswith("Patch r") for said_line in said)
    shown = tool._shown
    centre = next(p for p in tool._cache._patches.values() if p.id == shown)
    inside = (centre.lon + 0.0002, centre.lat + 0.0002)
    desk.hover(inside)
    QTest.qWait(200)
    assert len(calls) == 1 and tool._shown == shown, "inside the same patch nothing is asked"
    answer = desk.find((centre.lon, centre.lat))
    assert answer and desk.session.now.examples[0].id == shown, "the click takes what was shown"


def test_far_from_the_data_nothing_is_asked(desk, landscape):
    desk.open(landscape)
    calls, said = asked(desk), []
    desk.conductor.status.connect(said.append)
    desk.look_at("EPSG:3857", QgsRectangle(300_000, 6_000_000, 400_000, 6_100_000))
    desk.conductor.use_tool(True)
    desk.hover((3.1, 47.5))
    until(lambda: "The store has no data here" in said, what="the word of it")
    assert calls == [] and "cursor" not in desk.conductor.marks._bands


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32627", "EPSG:32628", "EPSG:3413", "EPSG:3035"])
def test_a_click_means_the_same_place_in_every_crs(desk, landscape, crs):
    desk.open(landscape)
    desk.look_at(crs)
    place = landscape.kinds["Village"]
    desk.find(place)
    (clicked,) = desk.session.now.examples
    assert places.metres_between((clicked.lon, clicked.lat), place) < 30, "a pixel or two"
    expected = QgsPointXY(places.to_map(clicked.lon, clicked.lat, QgsCoordinateReferenceSystem(crs)))
    (mark,) = desk.conductor.marks._marks
    at = desk.canvas.getCoordinateTransform().transform(expected)
    assert (mark.pos() - QPoint(round(at.x()), round(at.y()))).manhattanLength() < 3


def test_marks_follow_the_map_into_another_crs(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Village"])
    desk.look_at("EPSG:3857")
    QTest.qWait(50)
    (mark,), (clicked,) = desk.conductor.marks._marks, desk.session.now.examples
    expected = places.to_map(clicked.lon, clicked.lat, desk.canvas.mapSettings().destinationCrs())
    at = desk.canvas.getCoordinateTransform().transform(expected)
    assert abs(mark.pos().x() - at.x()) < 2 and abs(mark.pos().y() - at.y()) < 2
    band = desk.conductor.marks._bands["examples"]
    assert band.asGeometry().boundingBox().contains(expected)


def test_a_click_off_the_earth_is_said_in_words(desk, landscape):
    desk.open(landscape)
    desk.look_at("EPSG:4326", QgsRectangle(-300, -200, 300, 200))
    desk.conductor.use_tool(True)
    QTest.mouseClick(desk.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(320, 5))
    assert "no place on Earth" in desk.panel.messages.text() and desk.session.now.search == 0


def test_escape_leaves_and_takes_the_preview_along(desk, landscape):
    desk.open(landscape)
    switched = []
    desk.conductor.tool_switched.connect(switched.append)
    desk.conductor.use_tool(True)
    assert desk.panel.examples.tool.isChecked()
    desk.hover(landscape.kinds["Forest"])
    until(lambda: "cursor" in desk.conductor.marks._bands, what="the preview")
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert desk.canvas.mapTool() is not desk.conductor.tool and switched == [True, False]
    assert "cursor" not in desk.conductor.marks._bands and not desk.panel.examples.tool.isChecked()


def test_the_tool_that_was_in_use_before_comes_back(desk, landscape):
    desk.open(landscape)
    pan = QgsMapToolPan(desk.canvas)
    desk.canvas.setMapTool(pan)
    desk.conductor.use_tool(True)
    desk.canvas.setMapTool(desk.conductor.area_tool)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert desk.canvas.mapTool() is desk.conductor.tool, "drawing an area was an errand"
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert desk.canvas.mapTool() is pan
    desk.canvas.unsetMapTool(pan)


def test_another_tool_unchecks_the_button(desk, landscape):
    desk.open(landscape)
    desk.conductor.use_tool(True)
    pan = QgsMapToolPan(desk.canvas)
    desk.canvas.setMapTool(pan)
    assert not desk.panel.examples.tool.isChecked()
    desk.canvas.unsetMapTool(pan)


def test_undo_works_from_the_map(desk, landscape):
    desk.open(landscape)
    desk.find(landscape.kinds["Forest"])
    QTest.keyClick(desk.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.now.search == 0
    QTest.keyClick(desk.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert desk.session.now.search == 1


def test_without_a_store_a_click_says_what_is_missing(desk):
    desk.look_at("EPSG:3857", QgsRectangle(0, 0, 1000, 1000))
    desk.click((0.005, 0.005))
    assert "Choose an embedding store first" in desk.panel.messages.text()


# ---- drawing an area


def draw(desk, corners, button=Qt.MouseButton.RightButton) -> None:
    desk.canvas.setMapTool(desk.conductor.area_tool)
    viewport = desk.canvas.viewport()
    for corner in corners:
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(*corner))
    QTest.mouseClick(viewport, button, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))


def test_a_drawn_area_limits_the_search(desk, landscape):
    desk.open(landscape)
    draw(desk, [(100, 100), (400, 100), (400, 300), (100, 300)])
    area = desk.panel.options.area
    assert area.kind == "drawn" and len(area.drawn_ring) > 4
    assert "area" in desk.conductor.marks._bands and desk.canvas.mapTool() is not desk.conductor.area_tool
    desk.session.request = desk.panel.options.request()
    answer = desk.find(landscape.kinds["Forest"])
    crs, transform = desk.canvas.mapSettings().destinationCrs(), desk.canvas.getCoordinateTransform()
    pixels = [transform.transform(places.to_map(m["lon"], m["lat"], crs)) for m in answer.matches]
    assert pixels and all(99 <= p.x() <= 401 and 99 <= p.y() <= 301 for p in pixels)
    area.choose("everywhere")
    assert "area" not in desk.conductor.marks._bands


@pytest.mark.parametrize(
    ("corners", "says"),
    [([(100, 100), (200, 100)], "three corners"), ([(10, 10), (200, 200), (200, 10), (10, 200)], "crosses itself")],
)
def test_an_area_that_makes_no_sense_is_refused(desk, landscape, corners, says):
    desk.open(landscape)
    draw(desk, corners)
    assert says in desk.panel.messages.text()
    assert desk.panel.options.area.drawn_ring == []


def test_corners_can_be_taken_back_and_the_drawing_left(desk, landscape):
    desk.open(landscape)
    tool = desk.conductor.area_tool
    desk.canvas.setMapTool(tool)
    for corner in ((10, 10), (50, 10)):
        QTest.mouseClick(
            desk.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(*corner)
        )
    QTest.keyClick(desk.canvas, Qt.Key.Key_Backspace)
    assert len(tool._corners) == 1
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert tool._corners == [] and tool._band is None and desk.canvas.mapTool() is not tool
