"""Layers of results and of scores: what is in them, how they look, what they say about themselves."""

from __future__ import annotations

import numpy as np
import pytest
from qgis.core import (
    NULL,
    QgsFeature,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRectangle,
    QgsRenderContext,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from cdse_qgis_plugin.layers import groups, imagery, ramp, results, results_style, score_levels, scores
from cdse_qgis_plugin.layers.score_levels import STEPS, ScoreLevels

STORE = {
    "store": "/stores/land", "dataset": "land.tif", "source": "/data/land.tif", "encoder": "default",
    "licence": "CC0-1.0", "citation": "Rolf et al. 2021", "patch_size_m": 160.0, "created": "2026-01-01",
    "details": {"engine": "0.1.0"},
}  # fmt: skip


def matches(count: int, **more) -> list[dict]:
    found = []
    for i in range(count):
        lon = 179.95 + i * 0.02
        ring = [[lon, 10], [lon + 0.02, 10], [lon + 0.02, 10.02], [lon, 10.02], [lon, 10]]
        known = {"id": f"p{i}", "lon": lon, "lat": 10.01, "score": 1 - i / 100, "rank": i + 1, "distance_m": 10.0 * i}
        told = {"label": "", "footprint": ring, "time": None, "attributes": {"cell": f"A{i}", "n": i}}
        found.append({**known, **told, **more})
    return found


@pytest.fixture
def project(qgis_app):
    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


def test_a_layer_holds_what_is_known_of_each_match():
    layer = results.make_layer("x", matches(7), STORE, {"k": 7})
    features = {feature["id"]: feature for feature in layer.getFeatures()}
    assert len(features) == 7 and layer.crs().authid() == "EPSG:4326"
    assert features["p2"]["rank"] == 3 and features["p2"]["cell"] == "A2" and features["p2"]["n"] == 2
    assert features["p2"]["time"] == NULL
    # The third lies across the antimeridian.
    assert features["p2"].geometry().constGet().numGeometries() == 2
    assert all(layer.fields().field(name).alias() for name in results.aliases())


def test_a_layer_says_where_it_comes_from_and_how_it_was_made():
    layer = results.make_layer("Search 1", matches(3), STORE, {"k": 3, "like": [[1, 2]]})
    told = layer.metadata()
    assert told.title() == "Search 1" and told.licenses() == ["CC0-1.0"] and told.rights() == ["Rolf et al. 2021"]
    assert told.links()[0].url == "/data/land.tif"
    assert "looks similar" in told.abstract() or "look similar" in told.abstract()
    history = "\n".join(told.history())
    for part in ("land.tif", "default", "0.1.0", "similarity.search", '"k": 3', "QGIS 3"):
        assert part in history


def test_outlines_never_hide_the_imagery():
    layer = results.make_layer("x", matches(50), STORE, {})
    symbols = layer.renderer().symbols(QgsRenderContext())
    assert len(symbols) == 5
    for symbol in symbols:
        assert symbol.opacity() == pytest.approx(0.6)
        kinds = [part.layerType() for part in symbol.symbolLayers()]
        assert kinds == ["SimpleLine", "SimpleLine", "CentroidFill"], "nothing is filled but the dot of small scales"
    assert layer.labelsEnabled() and layer.labeling().settings().scaleVisibility


def test_the_legend_lists_the_ranks_there_are():
    assert results_style.class_bounds(50) == [(1, 10), (11, 20), (21, 30), (31, 40), (41, 50)]
    assert results_style.class_bounds(3) == [(1, 1), (2, 2), (3, 3)]
    assert results_style.class_bounds(1) == [(1, 1)]
    layer = results.make_layer("x", matches(3), STORE, {})
    assert [item.label() for item in layer.renderer().legendSymbolItems()] == ["rank 1", "rank 2", "rank 3"]


def test_the_ramp_falls_evenly_in_lightness():
    # OKLab lightness, so that the order reads the same with any colour vision.
    def lightness(colour: QColor) -> float:
        linear = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]])
        mixed = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]]) @ linear
        return float(np.array([0.2105, 0.7936, -0.0041]) @ np.cbrt(mixed))

    found = np.array([lightness(ramp.colour(share)) for share in np.linspace(0, 1, 25)])
    steps = -np.diff(found)
    assert steps.min() > 0.015 and steps.max() < 0.035
    assert ramp.rank_colour(1, 50) == ramp.colour(0) and ramp.rank_colour(50, 50) == ramp.colour(1)


def test_times_reach_the_temporal_controller():
    timed = results.make_layer("x", matches(2, time="2021-06-01T10:20:30Z"), STORE, {})
    assert timed.temporalProperties().isActive() and timed.temporalProperties().startField() == "time"
    assert next(timed.getFeatures())["time"].toString("yyyy-MM-dd HH:mm") == "2021-06-01 10:20"
    assert not results.make_layer("x", matches(2), STORE, {}).temporalProperties().isActive()


def test_refining_replaces_what_a_layer_holds_and_keeps_the_users_style():
    layer = results.make_layer("x", matches(5), STORE, {})
    layer.renderer().updateRangeLabel(0, "mine")
    layer.setOpacity(0.3)
    ids = results.fill(layer, list(reversed(matches(5))), STORE)
    assert layer.renderer().ranges()[0].label() == "mine" and layer.opacity() == pytest.approx(0.3)
    assert layer.getFeature(ids["p4"])["id"] == "p4" and layer.featureCount() == 5
    results.fill(layer, matches(20), STORE)
    assert layer.renderer().ranges()[0].label() == "rank 1 to 4", "another number of ranks needs other classes"


def test_labels_are_written_at_once():
    layer = results.make_layer("x", [], STORE, {})
    ids = results.fill(layer, matches(3), STORE)
    results.set_labels(layer, ids, {"p1": "right", "unknown": "wrong"})
    assert [feature["label"] for feature in layer.getFeatures()] == ["", "right", ""]


def test_layers_go_into_named_groups_and_one_search_is_shown_at_a_time(project):
    first, second = (results.make_layer(name, matches(2), STORE, {}) for name in ("one", "two"))
    groups.add_to_group(first, "Similar places", "land")
    groups.add_to_group(second, "Similar places", "land")
    root = project.layerTreeRoot()
    path = []
    node = root.findLayer(second.id()).parent()
    while isinstance(node, QgsLayerTreeGroup) and node is not root:
        path.insert(0, node.name())
        node = node.parent()
    assert path == ["Copernicus", "Similar places", "land"]
    assert len(root.findGroups(True)) == 3, "groups are found again, not made twice"
    groups.show_only(second, [first.id(), second.id()])
    assert root.findLayer(second.id()).isVisible() and not root.findLayer(first.id()).isVisible()


@pytest.mark.parametrize(
    ("names", "bands"),
    [
        (["B02", "B03", "B04", "B08"], (3, 2, 1)),
        (["Band 1: B4", "Band 2: B3", "Band 3: B2"], (1, 2, 3)),
        (["red", "green", "blue", "nir"], (1, 2, 3)),
        (["Band 1", "Band 2", "Band 3"], None),
        (["B08", "B11", "B12"], None),
    ],
)
def test_natural_colours_are_told_by_the_names_of_bands(names, bands):
    assert imagery.natural_bands(names) == bands


# ---- scores


def test_the_slider_goes_from_all_places_to_the_best():
    levels = ScoreLevels(np.linspace(-1, 1, 100_000))
    kept = [levels.kept(levels.threshold(step)) for step in range(STEPS + 1)]
    assert kept[0] == 100_000 and kept[-1] == 1
    assert kept == sorted(kept, reverse=True)
    assert levels.kept(levels.threshold(levels.step_keeping(0.05))) == pytest.approx(5_000, rel=0.06)
    assert levels.kept(0.5) == 25_000


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5, 0.5], [0.1, 0.9]])
def test_few_or_equal_scores_make_sense_too(values):
    levels = ScoreLevels(values)
    assert levels.kept(levels.threshold(0)) == len(values)
    assert levels.class_bounds()[-1][1] == min(values)
    assert 0 <= levels.class_of_step(STEPS) < len(levels.class_bounds())
    assert scores.classes(levels, levels.threshold(0))


def test_no_scores_at_all_are_refused():
    with pytest.raises(ValueError):
        ScoreLevels([])


def test_classes_are_shares_of_the_places_and_end_at_the_threshold():
    levels = ScoreLevels(np.arange(10_000) / 10_000)
    found = scores.classes(levels, 0.97)
    assert [round(lower, 3) for lower, *_ in found] == [0.999, 0.995, 0.99, 0.98, 0.97]
    assert [name for *_, name in found][:2] == ["best 0.1 % (≥ 0.9990)", "best 0.5 % (≥ 0.9950)"]
    uppers = [upper for _, upper, *_ in found]
    assert uppers[1:] == [lower for lower, *_ in found][:-1], "there are no gaps"
    assert len(scores.classes(levels, levels.threshold(0))) == len(score_levels.SHARES)


def test_a_threshold_hides_what_lies_below():
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326&field=score:double", "x", "memory")
    features = []
    for i in range(100):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([i / 100])
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(i, 0, i + 1, 1)))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    levels = ScoreLevels([i / 100 for i in range(100)])
    scores.set_threshold(layer, levels, 0.9)
    context = QgsRenderContext()
    renderer = layer.renderer()
    renderer.startRender(context, layer.fields())
    shown = [f["score"] for f in layer.getFeatures() if renderer.symbolForFeature(f, context) is not None]
    renderer.stopRender(context)
    assert shown == [i / 100 for i in range(90, 100)]
