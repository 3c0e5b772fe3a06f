"""Search, score and export against brute force written out the slow way."""

import json

import numpy as np
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.errors import Cancelled, EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run
from cdse_qgis_plugin.engine.similarity.index import ExactIndex

from .stores import grid, make_store


def search(store, **request):
    return find("similarity.search")({"store": str(store.path), **request}, Run())


def refusal(operation, **request):
    with pytest.raises(EngineError) as caught:
        find(operation)(request, Run())
    assert caught.value.message and caught.value.hint
    return caught.value


@pytest.fixture
def apart(tmp_path, rng):
    """600 patches that do not overlap, with random vectors."""
    lon, lat = grid(30, 20)
    return make_store(tmp_path / "apart", rng.normal(size=(600, 24)), lon, lat, hilbert=True)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def slow_cosines(store, like, unlike=()):
    """Cosines of every patch with 2 * mean(like) - mean(unlike), in float64, one by one."""
    unit = [v / np.linalg.norm(v) for v in np.array(store.vectors, dtype=np.float64)]
    direction = np.mean([unit[i] for i in like], axis=0)
    if len(unlike):
        direction = 2 * direction - np.mean([unit[i] for i in unlike], axis=0)
    direction /= np.linalg.norm(direction)
    return np.array([v @ direction for v in unit])


def centre(store, row):
    return [float(store.lon[row]), float(store.lat[row])]


def test_finds_the_nearest_vectors_in_order(apart):
    answer = search(apart, like=[centre(apart, 77)], k=10)
    cosines = slow_cosines(apart, [77])
    cosines[77] = -2
    expected = np.argsort(-cosines)[:10]
    assert [match["row"] for match in answer["matches"]] == expected.tolist()
    assert [match["rank"] for match in answer["matches"]] == list(range(1, 11))
    np.testing.assert_allclose([match["score"] for match in answer["matches"]], cosines[expected], atol=1e-6)
    assert (answer["scanned"], answer["exact"]) == (600, True)


def test_negatives_turn_the_query(apart):
    like, unlike = [3, 250], [411, 9, 100]
    answer = search(apart, like=[centre(apart, i) for i in like], unlike=[centre(apart, i) for i in unlike], k=25)
    cosines = slow_cosines(apart, like, unlike)
    cosines[like + unlike] = -2
    assert [match["row"] for match in answer["matches"]] == np.argsort(-cosines)[:25].tolist()


def test_the_clicked_patch_and_its_overlaps_are_no_answer(tmp_path, rng):
    lon, lat = grid(24, 24, step_m=500)  # squares of 1 km: each overlaps its eight neighbours by half
    store = make_store(tmp_path / "dense", rng.normal(size=(576, 16)), lon, lat)
    point = centre(store, 300)
    answer = search(store, like=[point], k=20)
    shapes = [shapely.Polygon(match["footprint"]) for match in answer["matches"]]
    assert len(shapes) == 20
    assert not any(shape.contains(shapely.Point(point)) for shape in shapes)
    for i, one in enumerate(shapes):
        for other in shapes[:i]:
            assert one.intersection(other).area < 0.16 * one.area


@pytest.mark.parametrize(
    ("step", "neighbours_kept"),
    # Shares of a side in common: Major TOM's 224 px and 384 px seams, and half of a window.
    [(1 - 13 / 224, True), (1 - 42 / 384, True), (0.5, False), (0.75, False)],
)
@pytest.mark.parametrize("place", [(10, 45), (179.97, -17), (30, 89.7)])
def test_seams_are_neighbours_and_overlaps_are_not(tmp_path, rng, step, neighbours_kept, place):
    lon, lat = grid(9, 9, step_m=1000 * step, lon0=place[0], lat0=place[1])
    store = make_store(tmp_path / "seam", np.ones((81, 4)) + rng.normal(size=(81, 4)) / 10, lon, lat)
    answer = search(store, like=[centre(store, 40)], k=80)
    assert (len(answer["matches"]) == 80) == neighbours_kept
    if not neighbours_kept:
        assert len(answer["matches"]) < 40
        assert answer["notes"]


def test_min_distance_holds_between_answers_and_from_examples(apart):
    answer = search(apart, like=[centre(apart, 10)], k=30, min_distance_m=4500)
    points = [(m["lon"], m["lat"]) for m in answer["matches"]] + [tuple(centre(apart, 10))]
    for i, (lon, lat) in enumerate(points):
        others = np.array(points[:i] + points[i + 1 :])
        assert places.distance_m(lon, lat, *others.T).min() >= 4490
    assert all(match["distance_m"] >= 4490 for match in answer["matches"])


def test_areas_and_dates_filter_first(tmp_path, rng):
    lon, lat = grid(20, 20)
    times = np.datetime64("2023-01-01", "ms") + np.arange(400) * np.timedelta64(1, "D")
    store = make_store(tmp_path / "dated", rng.normal(size=(400, 8)), lon, lat, times=times, hilbert=True)
    bbox = [10.05, 45.02, 10.2, 45.15]
    answer = search(store, like=[centre(store, 0)], k=500, bbox=bbox, start="2023-03-01", end="2023-11-30")
    inside = (store.lon >= bbox[0]) & (store.lon <= bbox[2]) & (store.lat >= bbox[1]) & (store.lat <= bbox[3])
    inside &= (store.time >= np.datetime64("2023-03-01")) & (store.time < np.datetime64("2023-12-01"))
    inside[0] = False
    assert {match["row"] for match in answer["matches"]} == set(np.flatnonzero(inside))
    assert all("2023-03-01" <= match["time"][:10] <= "2023-11-30" for match in answer["matches"])
    triangle = [[9.999, 44.999], [10.25, 44.999], [9.999, 45.17]]
    answer = search(store, like=[centre(store, 399)], k=500, polygon={"type": "Polygon", "coordinates": [triangle]})
    shape = shapely.Polygon(triangle)
    expected = {i for i in range(399) if shape.contains(shapely.Point(store.lon[i], store.lat[i]))}
    assert {match["row"] for match in answer["matches"]} == expected


def test_works_across_the_antimeridian_and_at_the_pole(tmp_path, rng):
    lon, lat = grid(20, 20, lon0=179.9, lat0=-17.0)
    store = make_store(tmp_path / "fiji", rng.normal(size=(400, 8)), lon, lat)
    west, _, east, _ = store.manifest["bbox"]
    assert west > 0 > east
    answer = search(store, like=[[179.95, -16.95]], k=500, bbox=[179.95, -17.5, -179.95, -16])
    lons = np.array([match["lon"] for match in answer["matches"]])
    assert (lons > 0).any() and (lons < 0).any() and (np.abs(lons) >= 179.95).all()
    assert all(
        abs(x - match["lon"]) < 1 for match in answer["matches"] for x, _ in match["footprint"] if match["lon"] > 0
    )
    polar = make_store(tmp_path / "pole", rng.normal(size=(400, 8)), *grid(20, 20, lon0=0.0, lat0=89.95))
    assert len(search(polar, like=[[0.0, 89.95]], k=399)["matches"]) == 399


def test_more_than_the_store_holds_is_said(apart):
    answer = search(apart, like=[centre(apart, 1)], k=5000)
    assert len(answer["matches"]) == 599
    assert "5,000" in answer["notes"][0] and "600" in answer["notes"][0]


def test_attributes_travel_with_matches(tmp_path, rng):
    lon, lat = grid(5, 5)
    store = make_store(tmp_path / "tagged", rng.normal(size=(25, 4)), lon, lat, product=[f"S2_{i}" for i in range(25)])
    match = search(store, like=[centre(store, 3)], k=1)["matches"][0]
    assert match["attributes"] == {"product": f"S2_{match['row']}"}


@pytest.mark.parametrize("k", [0, -3])
def test_k_must_be_positive(apart, k):
    error = refusal("similarity.search", store=str(apart.path), like=[centre(apart, 0)], k=k)
    assert error.code == "bad_request" and "“k”" in error.message


def test_a_click_outside_the_data(apart):
    error = refusal("similarity.search", store=str(apart.path), like=[[-60.0, 3.0]])
    assert error.code == "outside_data" and "-60.0" in error.message


def test_no_dates_to_filter_by(apart):
    error = refusal("similarity.search", store=str(apart.path), like=[centre(apart, 0)], start="2023-01-01")
    assert error.code == "no_dates"


def test_an_empty_area(apart):
    error = refusal("similarity.search", store=str(apart.path), like=[centre(apart, 0)], bbox=[0, 0, 1, 1])
    assert error.code == "nothing_left"


def test_contradicting_examples(apart):
    point = centre(apart, 4)
    assert refusal("similarity.search", store=str(apart.path), like=[point], unlike=[point]).code == "contradiction"


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "crosses itself"),
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ([[0, 0], [1, 1]], "not a GeoJSON polygon"),
        ({"type": "Point", "coordinates": [0, 0]}, "Point"),
    ],
)
def test_broken_polygons(apart, polygon, said):
    error = refusal("similarity.search", store=str(apart.path), like=[centre(apart, 0)], polygon=polygon)
    assert error.code == "bad_request" and said in error.message


def test_gathering_scanning_and_blocks_agree(rng, monkeypatch):
    vectors = rng.normal(size=(1000, 12)).astype(np.float32)
    direction = rng.normal(size=12).astype(np.float32)
    whole = vectors @ direction
    monkeypatch.setattr("cdse_qgis_plugin.engine.similarity.index._BLOCK_BYTES", 12 * 4 * 77)
    index = ExactIndex(vectors)
    np.testing.assert_allclose(index.scores(direction, Run()), whole, rtol=1e-5)
    for share in (0.05, 0.8):
        wanted = rng.random(1000) < share
        rows, scores = index.search(direction, 20, Run(), wanted)
        expected = np.flatnonzero(wanted)[np.argsort(-whole[wanted])[:20]]
        assert rows.tolist() == expected.tolist()
        np.testing.assert_allclose(scores, whole[expected], rtol=1e-5)


def test_a_stopped_search_stops(apart):
    run = Run()
    run.cancel()
    with pytest.raises(Cancelled):
        find("similarity.search")({"store": str(apart.path), "like": [centre(apart, 0)]}, run)


@pytest.mark.parametrize("ending", ["gpkg", "parquet"])
def test_score_gives_every_patch_a_score(apart, tmp_path, ending):
    output = tmp_path / "sçores und mehr" / f"all.{ending}"
    told = find("similarity.score")(
        {"store": str(apart.path), "like": [centre(apart, 8)], "output": str(output)}, Run()
    )
    cosines = slow_cosines(apart, [8])
    assert told["count"] == 600 and len(told["quantiles"]) == 101
    assert told["max"] == pytest.approx(1, abs=1e-6) and told["min"] == pytest.approx(cosines.min(), abs=1e-6)
    if ending == "gpkg":
        meta, _, geometry, fields = pyogrio.raw.read(output)
        columns = dict(zip(meta["fields"], fields, strict=True))
        geometry = shapely.from_wkb(geometry)
    else:
        table = pq.read_table(output)
        assert json.loads(pq.read_schema(output).metadata[b"geo"])["primary_column"] == "geometry"
        columns = {name: table.column(name).to_pylist() for name in ("id", "score")}
        geometry = shapely.from_wkb(table.column("geometry").to_pylist())
    ids = apart.column("id").tolist()
    assert sorted(columns["id"]) == sorted(ids)
    expected = dict(zip(ids, cosines, strict=True))
    np.testing.assert_allclose(columns["score"], [expected[i] for i in columns["id"]], atol=1e-6)
    assert all(shape.geom_type == "Polygon" for shape in geometry)
    assert not list(output.parent.glob(".*"))


def test_score_keeps_what_was_there_when_it_fails(apart, tmp_path):
    output = tmp_path / "old.gpkg"
    output.write_bytes(b"precious")
    run = Run(report=lambda message: run.cancel())
    with pytest.raises(Cancelled):
        find("similarity.score")({"store": str(apart.path), "like": [centre(apart, 8)], "output": str(output)}, run)
    assert output.read_bytes() == b"precious"
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".gpkg"] == ["old.gpkg"]


def test_score_refuses_formats_it_cannot_write(apart, tmp_path):
    for name in ("x.shp", "x", "x.tif"):
        error = refusal("similarity.score", store=str(apart.path), like=[centre(apart, 8)], output=str(tmp_path / name))
        assert error.code == "bad_format"
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize("ending", ["gpkg", "parquet"])
def test_export_keeps_labels_and_lineage(apart, tmp_path, ending):
    found = search(apart, like=[centre(apart, 8)], k=6)["matches"]
    matches = [
        {"id": m["id"], "score": m["score"], "rank": m["rank"], "label": label}
        for m, label in zip(found, ["right", "wrong", "", "", "right", ""], strict=True)
    ]
    output = tmp_path / f"places.{ending}"
    told = find("similarity.export")(
        {"store": str(apart.path), "matches": matches, "output": str(output), "query": {"k": 6}}, Run()
    )
    assert told["count"] == 6
    if ending == "gpkg":
        meta, _, _, fields = pyogrio.raw.read(output)
        columns = dict(zip(meta["fields"], fields, strict=True))
        lineage = json.loads(pyogrio.read_info(output)["layer_metadata"]["cdse"])
    else:
        columns = pq.read_table(output).to_pydict()
        lineage = json.loads(pq.read_schema(output).metadata[b"cdse"])
    assert list(columns["id"]) == [m["id"] for m in found]
    assert list(columns["label"]) == [m["label"] for m in matches]
    assert list(columns["rank"]) == [1, 2, 3, 4, 5, 6]
    assert lineage["store"]["licence"] == "CC0" and lineage["request"] == {"k": 6}


def test_export_of_a_patch_that_is_gone(apart, tmp_path):
    error = refusal(
        "similarity.export",
        store=str(apart.path),
        matches=[{"id": "gone", "score": 1, "rank": 1}],
        output=str(tmp_path / "x.gpkg"),
    )
    assert error.code == "unknown_patch" and "gone" in error.message
