"""Imports put patches where they belong: found out from the data, row by row, and told in the store and its exports."""

import json

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from cdse_qgis_plugin.engine.embeddings import grid, places, seam_sample
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from .embedding_files import by_id, column, directions, generic, import_file, refusal
from .major_tom_files import Field, NoField, block, major_tom_table, write

GIRONA = (2.8, 41.9)
SPOTS = [GIRONA, (151.2, -33.9), (179.8, -17.1), (-178.0, 70.0), (15.3, 78.1), (5.85, 50.0)]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "part_00001-00050.parquet"


def away_m(store, ids, lon, lat):
    """How far the patches of a store lie from where they should, in metres."""
    rows = by_id(store)
    order = [rows[name] for name in ids]
    return np.hypot(*places.to_tangent(lon, lat, store.lon[order], store.lat[order]))


def box_around(cells, shrink=0.0):
    """The box around cells, smaller by that many degrees on every side."""
    edges = grid.edges(*np.asarray(cells).T)
    west, south = edges[:, :2].min(axis=0) + shrink
    east, north = edges[:, 2:].max(axis=0) - shrink
    return [float(edge) for edge in (west, south, east, north)]


@pytest.mark.parametrize("patch_px", [224, 384])
@pytest.mark.parametrize("spot", SPOTS)
def test_every_vector_ends_up_where_it_belongs(tmp_path, file, spot, patch_px):
    field = Field(6, length_km=6)
    table, lon, lat, _ = major_tom_table(
        block(*spot, 4, 4), field, defect=True, plain=True, patch_px=patch_px, share=0.9
    )
    write(table, file)
    made, store = import_file(file, tmp_path / "store")
    assert made["details"]["transposition"] == "corrected"
    assert away_m(store, table["unique_id"].to_pylist(), lon, lat).max() < 1
    np.testing.assert_allclose(store.vectors, directions(field(store.lon, store.lat)), atol=2e-3)
    shapes = store.footprints(np.arange(store.count))
    centres = shapely.get_coordinates(shapely.centroid(shapes))
    assert (np.abs(centres[:, 0] - store.lon) < 1e-9).all() and shapely.is_valid(shapes).all()


def test_a_corrected_store_says_so_everywhere(tmp_path, file):
    table, lon, lat, true = major_tom_table(block(*GIRONA, 4, 4), Field(1), defect=True)
    write(table, file)
    made, store = import_file(file, tmp_path / "store")
    test = made["details"]["transposition_test"]
    assert test["cells"] == 16 and test["seams"] > 20 and test["seam_pairs"] > 100 and test["z"] > 5
    assert test["cosine_transposed"] > test["cosine_as_published"] + 0.2
    (note,) = [note for note in made["notes"] if "transposed" in note]
    assert "have been corrected" in note and f"{test['seams']} seams" in note
    assert set(column(store, "position").values()) == {"corrected"}
    ids = table["unique_id"].to_pylist()
    for name, expected in (("centre_lon", places.wrap(lon)), ("centre_lat", lat)):
        found = column(store, name)
        np.testing.assert_allclose([found[one] for one in ids], expected, atol=2e-5)
    said = column(store, "utm_footprint")
    np.testing.assert_allclose(shapely.bounds(shapely.from_wkt([said[one] for one in ids])), true, atol=1e-3)
    published = dict(zip(ids, table["pixel_bbox"].to_pylist(), strict=True))
    for name, text in column(store, "pixel_bbox").items():
        top, left, bottom, right = published[name]
        assert json.loads(text) == [left, top, right, bottom]
    kept = {"product_id", "grid_cell", "grid_row_u", "grid_col_r", "utm_crs", "position", "pixel_bbox"}
    assert kept <= set(store.attributes)


def test_pixels_point_at_the_true_place_in_the_picture(tmp_path, file):
    """Cutting a chip by pixel_bbox from the picture of the cell, north up, gives what the footprint shows."""
    table = major_tom_table(block(*GIRONA, 3, 3), Field(1), defect=True)[0]
    write(table, file)
    _, store = import_file(file, tmp_path / "store")
    boxes = shapely.bounds(shapely.from_wkt(np.array(store.column("utm_footprint"))))
    pixels = np.array([json.loads(text) for text in store.column("pixel_bbox")])
    for cell in np.unique(store.column("grid_cell")):
        rows = store.column("grid_cell") == cell
        np.testing.assert_allclose(boxes[rows, 0] - boxes[rows, 0].min(), 10 * pixels[rows, 0], atol=1e-3)
        np.testing.assert_allclose(boxes[rows, 3].max() - boxes[rows, 3], 10 * pixels[rows, 1], atol=1e-3)


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet"])
def test_every_exported_row_says_how_its_place_came_about(tmp_path, file, suffix):
    write(major_tom_table(block(*GIRONA, 3, 4), Field(1), defect=True)[0], file)
    _, store = import_file(file, tmp_path / "store")
    like = {"store": str(tmp_path / "store"), "like": [[float(store.lon[0]), float(store.lat[0])]]}
    scores, matches = tmp_path / f"scores{suffix}", tmp_path / f"matches{suffix}"
    find("similarity.score")({**like, "output": str(scores)}, Run())
    found = find("similarity.search")({**like, "k": 5}, Run())["matches"]
    labelled = [{"id": match["id"], "rank": match["rank"], "score": match["score"]} for match in found]
    find("similarity.export")({"store": like["store"], "matches": labelled, "output": str(matches)}, Run())
    for path, count in ((scores, store.count), (matches, 5)):
        frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
        assert len(frame) == count and set(frame["position"]) == {"corrected"}
    assert frame["pixel_bbox"].str.startswith("[").all()


@pytest.mark.parametrize("spot", SPOTS)
def test_right_places_stay_as_they_are(tmp_path, file, spot):
    table = major_tom_table(block(*spot, 4, 4), Field(2), defect=False)[0]
    write(table, file)
    made, store = import_file(file, tmp_path / "store")
    assert made["details"]["transposition"] == "not affected"
    assert any("These are not" in note for note in made["notes"])
    assert set(column(store, "position").values()) == {"as published"}
    rows = by_id(store)
    order = [rows[name] for name in table["unique_id"].to_pylist()]
    published = shapely.from_wkb(table["geometry"].to_numpy())
    assert (shapely.hausdorff_distance(store.footprints(order), published) < 1e-9).all()
    assert store.rows(order, ["utm_footprint"])["utm_footprint"].to_pylist() == table["utm_footprint"].to_pylist()


@pytest.mark.parametrize("defect", [True, False], ids=["transposed", "right"])
@pytest.mark.parametrize("seed", range(4))
def test_noise_moves_nothing(tmp_path, file, seed, defect):
    table, _, _, _ = major_tom_table(block(*GIRONA, 4, 4), NoField(), defect=defect, seed=seed, noise=1)
    write(table, file)
    made, store = import_file(file, tmp_path / "store")
    assert made["details"]["transposition"].startswith("undecided: ")
    assert set(column(store, "position").values()) == {"as published"}
    said = np.array(table["centre_lon"], dtype=float), np.array(table["centre_lat"], dtype=float)
    assert away_m(store, table["unique_id"].to_pylist(), *said).max() < 2


@pytest.mark.parametrize("group", [40, 10_000])
@pytest.mark.parametrize("shape", ["bbox", "polygon"])
def test_an_area_holds_what_truly_lies_in_it(tmp_path, file, group, shape):
    """Also patches that are declared outside it, in row groups whose statistics lie outside."""
    cells = block(*GIRONA, 6, 6)
    table, lon, lat, _ = major_tom_table(cells, Field(3), defect=True, share=0.95)
    write(table, file, row_group_size=group)
    box = box_around(cells[[14, 15]], 0.02)
    inside = places.in_bbox(lon, lat, box)
    area = {"bbox": box} if shape == "bbox" else {"polygon": list(shapely.box(*box).exterior.coords)}
    made, store = import_file(file, tmp_path / "store", **area)
    assert made["details"]["transposition"] == "corrected"
    expected = {name for name, there in zip(table["unique_id"].to_pylist(), inside, strict=True) if there}
    assert set(by_id(store)) == expected and len(expected) > 20
    said = places.in_bbox(np.array(table["centre_lon"]), np.array(table["centre_lat"]), box)
    assert (said != inside).sum() > 5  # else this would prove nothing


def test_an_area_within_one_cell_is_decided_by_its_surroundings(tmp_path, file):
    cells = block(*GIRONA, 7, 7)
    for defect, answer in ((True, "corrected"), (False, "not affected")):
        table, lon, lat, _ = major_tom_table(cells, Field(4), defect=defect)
        write(table, file)
        made, store = import_file(file, tmp_path / "store", bbox=box_around(cells[[24]], 0.005))
        assert made["details"]["transposition"] == answer
        true = dict(zip(table["unique_id"].to_pylist(), zip(lon, lat, strict=True), strict=True))
        ids = list(by_id(store))
        assert 9 <= len(ids) <= 25
        assert away_m(store, ids, *np.array([true[name] for name in ids]).T).max() < 1


def test_a_single_cell_is_left_alone_unless_asked_otherwise(tmp_path, file):
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 1, 1), Field(1), defect=True)
    ids = table["unique_id"].to_pylist()
    folder = tmp_path / "Core-S2L1C-SSL4EO"
    folder.mkdir()
    write(table, folder / file.name)
    made, store = import_file(folder, tmp_path / "auto")
    assert made["details"]["transposition"].startswith("undecided: 0 seams")
    (note,) = [note for note in made["notes"] if "could not be found out" in note]
    assert "likely for SSL4EO" in note and "correct" in note
    assert away_m(store, ids, lon, lat).max() > 11_000
    made, store = import_file(folder, tmp_path / "correct", transposition="correct")
    assert made["details"]["transposition"].startswith("overridden: corrected as asked for; the test says undecided")
    assert away_m(store, ids, lon, lat).max() < 1
    assert set(column(store, "position").values()) == {"corrected"}


def test_a_person_may_keep_what_is_transposed(tmp_path, file):
    table = major_tom_table(block(*GIRONA, 4, 4), Field(1), defect=True)[0]
    write(table, file)
    made, store = import_file(file, tmp_path / "store", transposition="keep")
    assert made["details"]["transposition"].startswith(
        "overridden: kept as published as asked for; the test says transp"
    )
    assert set(column(store, "position").values()) == {"as published"}
    said = np.array(table["centre_lon"], dtype=float), np.array(table["centre_lat"], dtype=float)
    assert away_m(store, table["unique_id"].to_pylist(), *said).max() < 2


def test_nothing_to_correct_elsewhere(tmp_path):
    generic(tmp_path / "plain.parquet")
    made, store = import_file(tmp_path / "plain.parquet", tmp_path / "store")
    assert "transposition" not in made["details"] and "position" not in store.attributes
    import_file(tmp_path / "plain.parquet", tmp_path / "kept", transposition="keep")
    error = refusal(tmp_path / "plain.parquet", tmp_path / "no", transposition="correct")
    assert error.code == "not_major_tom"
    assert refusal(tmp_path / "plain.parquet", tmp_path / "no", transposition="maybe").code == "bad_request"


def test_a_table_that_only_names_a_cell_is_left_in_peace(tmp_path, file):
    """Such as one vector a cell, whose outline is the whole cell."""
    cells = block(*GIRONA, 5, 5)
    frame = geopandas.GeoDataFrame(
        {"grid_cell": grid.names(*cells.T), "embedding": list(np.random.default_rng(0).normal(size=(25, 16)))},
        geometry=shapely.polygons(grid.rings(*cells.T)),
        crs="EPSG:4326",
    )
    frame.to_parquet(file)
    made, store = import_file(file, tmp_path / "store")
    assert "transposition" not in made["details"] and "position" not in store.attributes


def test_fewer_columns_will_do(tmp_path, file):
    """A copy with just a vector, a cell and an outline."""
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 4, 4), Field(1), defect=True)
    write(table.select(["unique_id", "embedding", "grid_cell", "geometry"]), file)
    made, store = import_file(file, tmp_path / "store")
    assert made["details"]["transposition"] == "corrected"
    assert away_m(store, table["unique_id"].to_pylist(), lon, lat).max() < 1
    assert {"centre_lat", "utm_footprint", "pixel_bbox"}.isdisjoint(store.attributes)


def test_points_and_pixels_will_do(tmp_path, file):
    """A copy without outlines: true places come from the centre, the cell and the pixels."""
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 4, 4), Field(1), defect=True)
    pq.write_table(table.drop_columns(["geometry", "utm_footprint", "utm_crs"]), file)
    made, store = import_file(file, tmp_path / "store")
    assert made["details"]["transposition"] == "corrected"
    assert away_m(store, table["unique_id"].to_pylist(), lon, lat).max() < 2
    assert {"centre_lat", "centre_lon"}.isdisjoint(store.attributes)
    assert store.manifest["patch_size_m"] == pytest.approx(2240, rel=0.01)


def test_several_files_are_one_data_set(tmp_path):
    """One of them alone would not tell, and one lacks the pixels."""
    folder = tmp_path / "embeddings"
    folder.mkdir()
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 5, 5), Field(5), defect=True)
    write(table.slice(0, 25), folder / "part_1.parquet")
    write(table.slice(25, 300), folder / "part_2.parquet")
    write(table.slice(325).drop_columns(["pixel_bbox"]), folder / "part_3.parquet")
    made, store = import_file(folder, tmp_path / "store")
    assert made["details"]["transposition"] == "corrected"
    assert away_m(store, table["unique_id"].to_pylist(), lon, lat).max() < 1
    assert set(column(store, "position").values()) == {"corrected"}


def test_rows_that_do_not_say_their_patch_stay_and_are_counted(tmp_path, file):
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 4, 4), Field(1), defect=True)
    cells = table["grid_cell"].to_pylist()
    cells[1], cells[2] = None, "elsewhere"
    table = table.drop_columns(["grid_row_u", "grid_col_r"])
    table = table.set_column(table.schema.get_field_index("grid_cell"), "grid_cell", pa.array(cells))
    write(table, file)
    made, store = import_file(file, tmp_path / "store")
    assert any(note.startswith("2 rows do not say which patch") for note in made["notes"])
    ids = table["unique_id"].to_pylist()
    away = away_m(store, ids, lon, lat)
    assert (away[1:3] > 1000).all() and np.delete(away, [1, 2]).max() < 1
    position = column(store, "position")
    assert [position[ids[i]] for i in range(4)] == ["corrected", "as published", "as published", "corrected"]


def test_a_large_source_is_sampled(tmp_path, file, monkeypatch):
    """With little room, the test looks at some whole neighbourhoods, and is sure enough."""
    table, lon, lat, _ = major_tom_table(block(*GIRONA, 12, 15), Field(9), defect=True, share=0.8)
    write(table, file, row_group_size=700)
    monkeypatch.setattr(seam_sample, "_BYTES", 60 * 25 * 48 * 4)
    made, store = import_file(file, tmp_path / "store")
    test = made["details"]["transposition_test"]
    assert made["details"]["transposition"] == "corrected" and 50 <= test["cells"] <= 60
    assert test["seams"] > test["cells"]  # they are neighbours of each other
    assert away_m(store, table["unique_id"].to_pylist(), lon, lat).max() < 1


def test_looking_can_be_stopped(tmp_path, file):
    write(major_tom_table(block(*GIRONA, 2, 2), Field(9), defect=True)[0], file)
    said = []

    def report(message):
        said.append(message.get("text", ""))
        if "true places" in said[-1]:
            run.cancel()

    run = Run(report)
    run._INTERVAL_S = 0
    with pytest.raises(EngineError) as caught:
        import_file(file, tmp_path / "store", run)
    assert caught.value.code == "cancelled" and not (tmp_path / "store").exists()


def test_a_second_import_of_what_was_corrected_leaves_it(tmp_path, file):
    """A corrected table written again in the published layout is right, and stays."""
    cells = block(*GIRONA, 4, 4)
    write(major_tom_table(cells, Field(1), defect=True)[0], file)
    _, store = import_file(file, tmp_path / "store")
    everything = store.rows(np.arange(store.count)).drop_columns(["bbox", "lon", "lat", "time"])
    vectors = pa.array(list(np.asarray(store.vectors)))
    write(everything.append_column("embedding", vectors), tmp_path / "again.parquet")
    made, again = import_file(tmp_path / "again.parquet", tmp_path / "again")
    assert made["details"]["transposition"] == "not affected"
    assert Store(tmp_path / "again").count == store.count
    assert away_m(again, store.column("id"), store.lon, store.lat).max() < 1
