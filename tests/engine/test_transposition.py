"""The seam test: it finds transposed places where the data tells, and never moves what is right."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cdse_qgis_plugin.engine.embeddings import declared_places, grid, places
from cdse_qgis_plugin.engine.embeddings.import_places import Places
from cdse_qgis_plugin.engine.embeddings.seams import Evidence, measure
from cdse_qgis_plugin.engine.embeddings.transposition import Verdict, decide, settle

from .major_tom_files import Field, NoField, block, major_tom_table, zones

SPOTS = {
    "Girona": (2.8, 41.9),
    "Sydney": (151.2, -33.9),
    "Patagonia": (-70.3, -50.1),
    "just south of the equator": (36.9, -0.2),
    "Fiji, on the antimeridian": (179.8, -17.1),
    "Svalbard": (15.3, 78.1),
    "between zones 31 and 32": (5.85, 50.0),
}


class Ridges:
    """Endless parallel ridges in a given direction, the terrain that deceives seams most."""

    def __init__(self, seed, azimuth, spacing_km, dim=48):
        rng = np.random.default_rng([seed, 3])
        self._across = np.radians(azimuth + 90)
        self._waves = rng.normal(size=64) / spacing_km
        self._phase = rng.uniform(0, 2 * np.pi, 64)
        self._weights = rng.normal(size=(64, dim)) * np.sqrt(2 / 64)
        self.dim = dim

    def __call__(self, lon, lat):
        x, y = places.to_tangent(lon[0], lat[0], lon, lat)
        across = (x * np.sin(self._across) + y * np.cos(self._across)) / 1000
        return np.cos(across[:, None] * self._waves + self._phase) @ self._weights


def read(table):
    """Declared places and vectors of a table, as an import reads them."""
    (batch,) = table.combine_chunks().to_batches()
    shapes = shapely.from_wkb(np.array(batch.column("geometry").to_pylist(), dtype=object))
    lon, lat = shapely.get_coordinates(shapely.centroid(shapes)).T
    vectors = np.array(batch.column("embedding").flatten(), dtype=np.float64).reshape(batch.num_rows, -1)
    return declared_places.read(batch, lambda: Places(places.wrap(lon), lat, shapes)), vectors


def judged(cells, field, **options):
    return decide(*read(major_tom_table(cells, field, **options)[0]))


@pytest.mark.parametrize("patch_px", [224, 384])
@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("defect", [False, True], ids=["right", "transposed"])
def test_the_defect_is_found_and_its_absence_too(spot, patch_px, defect):
    cells = block(*SPOTS[spot], 5, 5)
    verdict = judged(cells, Field(5), defect=defect, noise=1.0, patch_px=patch_px)
    assert verdict.transposed is defect, verdict
    assert verdict.evidence.cells == 25 and verdict.evidence.seams_east == 20
    assert abs(verdict.evidence.z) > 4 and verdict.evidence.contrast > 0.1


@pytest.mark.parametrize("patch_px", [224, 384])
@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_each_row_moves_to_its_true_place(spot, patch_px, share):
    cells = block(*SPOTS[spot], 2, 3)
    table, _, _, true = major_tom_table(cells, NoField(), defect=True, patch_px=patch_px, share=share)
    declared, _ = read(table)
    assert declared.known.all()
    np.testing.assert_allclose(declared.transposed().boxes, true, atol=1e-6)
    again = declared.transposed().transposed()
    np.testing.assert_allclose(again.boxes, declared.boxes, atol=1e-9)
    assert (again.pixel == declared.pixel).all()
    still = declared.pixel[:, 0] == declared.pixel[:, 1]
    moved = np.abs(declared.transposed().boxes - declared.boxes).max(axis=1)
    assert (moved[still] == 0).all() and (moved[~still] > 2000).all()
    assert (declared.moved == ~still).all()
    if share == 1:
        assert still.mean() == pytest.approx(1 / 5 if patch_px == 224 else 1 / 3)


def test_the_furthest_patch_is_twelve_kilometres_off():
    table, lon, lat, _ = major_tom_table(block(2.8, 41.9, 1, 1), NoField(), defect=True)
    said = np.array(table["centre_lon"]), np.array(table["centre_lat"])
    x, y = places.to_tangent(lon, lat, *said)
    assert np.hypot(x, y).max() == pytest.approx(11_936, abs=10)


@pytest.mark.parametrize("step", [-1, 1])
def test_products_of_the_neighbouring_zone(step):
    """The file's own zone counts, not that of the cell."""
    spot = SPOTS["between zones 31 and 32"]
    cells = block(*spot, 4, 4)
    codes = zones(*spot, cells, step)
    codes[::2] = zones(*spot, cells)[::2]
    table, _, _, true = major_tom_table(cells, Field(2), defect=True, codes=codes)
    declared, vectors = read(table)
    assert decide(declared, vectors).transposed is True
    np.testing.assert_allclose(declared.transposed().boxes, true, atol=1e-6)


@pytest.mark.parametrize(
    "gone",
    [
        ["utm_footprint"], ["pixel_bbox"], ["utm_footprint", "pixel_bbox"], ["grid_row_u"], ["grid_cell"],
        ["utm_crs", "utm_footprint"], ["utm_crs", "utm_footprint", "pixel_bbox", "grid_row_u", "grid_col_r"],
    ],
    ids=lambda gone: "without " + ", ".join(gone),
)  # fmt: skip
def test_fewer_columns_say_the_same(gone):
    table = major_tom_table(block(151.2, -33.9, 2, 2), NoField(), defect=True)[0]
    declared, _ = read(table)
    fewer, _ = read(table.drop_columns(gone))
    assert fewer.known.all() and (fewer.pixel == declared.pixel).all() and (fewer.size == 224).all()
    np.testing.assert_allclose(fewer.boxes, declared.boxes, atol=1e-3)


def test_centres_and_pixels_alone_are_enough():
    table = major_tom_table(block(2.8, 41.9, 2, 2), NoField(), defect=True)[0]
    declared, _ = read(table)
    (batch,) = table.drop_columns(["utm_footprint"]).combine_chunks().to_batches()
    lon, lat = (np.array(table[name], dtype=np.float64) for name in ("centre_lon", "centre_lat"))
    found = declared_places.read(batch, lambda: Places(lon, lat, np.full(len(lon), None, dtype=object)))
    assert found.known.all() and (found.pixel == declared.pixel).all()
    np.testing.assert_allclose(found.boxes, declared.boxes, atol=1.5)  # published centres are float32


def test_the_outline_counts_where_the_pixels_contradict_it():
    """A file in which only the pixels were put right still shows its patches at the wrong places."""
    table = major_tom_table(block(2.8, 41.9, 2, 2), NoField(), defect=True)[0]
    swapped = [[b[1], b[0], b[3], b[2]] for b in table["pixel_bbox"].to_pylist()]
    at = table.schema.get_field_index("pixel_bbox")
    found, _ = read(table.set_column(at, "pixel_bbox", [swapped]))
    declared, _ = read(table)
    assert (found.pixel == declared.pixel).all() and (found.boxes == declared.boxes).all()


def test_rows_that_say_nothing_are_told_apart():
    table = major_tom_table(block(2.8, 41.9, 1, 1), NoField(), defect=True)[0]
    change = {name: table[name].to_pylist() for name in ("grid_cell", "pixel_bbox", "utm_footprint", "utm_crs")}
    change["grid_cell"][0], change["grid_cell"][1] = None, "nowhere"
    change["utm_crs"][2], change["utm_crs"][3] = None, "EPSG:4326"
    change["pixel_bbox"][4], change["pixel_bbox"][5] = None, [0, 0, 224]
    change["utm_footprint"][6], change["utm_footprint"][7] = None, "POLYGON (("
    table = table.drop_columns(["grid_row_u", "grid_col_r"])
    for name, values in change.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, name, pa.array(values, table.schema.field(name).type))
    declared, _ = read(table)
    assert declared.known.tolist() == [False, False] + [True] * 23
    assert (declared.code == declared.code[8]).all()


def test_rows_that_are_no_patches_of_their_cell():
    table = major_tom_table(block(2.8, 41.9, 3, 3), Field(1), defect=True)[0]
    rolled = table["grid_cell"].to_pylist()[100:] + table["grid_cell"].to_pylist()[:100]
    numbers = np.array([grid.parse(name) for name in rolled])
    for name, values in (("grid_row_u", numbers[:, 0]), ("grid_col_r", numbers[:, 1])):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.int16()))
    declared, vectors = read(table.drop_columns(["pixel_bbox"]))
    assert not declared.known.any()
    verdict = decide(declared, vectors)
    assert verdict.transposed is None and "no row says" in verdict.reason


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    noise=st.sampled_from([0.0, 0.3, 1.0, 2.0, 4.0, 8.0]),
    length=st.sampled_from([1.5, 3.0, 6.0, 15.0, 60.0]),
    dim=st.sampled_from([3, 16, 64]),
    shape=st.sampled_from([(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (4, 4), (1, 9), (9, 1), (3, 7)]),
    share=st.sampled_from([1.0, 0.7, 0.3]),
    patch_px=st.sampled_from([224, 384]),
    lon=st.floats(-180, 179),
    lat=st.floats(-78, 80),
)
def test_what_is_right_is_never_moved(seed, noise, length, dim, shape, share, patch_px, lon, lat):
    options = {"noise": noise, "seed": seed, "share": share, "patch_px": patch_px}
    cells = block(lon, lat, *shape)
    field = Field(seed, dim, length)
    right = judged(cells, field, defect=False, **options)
    assert right.transposed is not True, right
    wrong = judged(cells, field, defect=True, **options)
    assert wrong.transposed is not False, wrong


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    dim=st.sampled_from([2, 8, 64]),
    shape=st.sampled_from([(1, 3), (2, 2), (2, 3), (3, 3), (5, 5), (1, 12), (12, 1)]),
    patch_px=st.sampled_from([224, 384]),
    share=st.sampled_from([1.0, 0.5]),
)
def test_noise_decides_nothing(seed, dim, shape, patch_px, share):
    verdict = judged(
        block(2.8, 41.9, *shape), NoField(dim), defect=False, noise=1, seed=seed, patch_px=patch_px, share=share
    )
    assert verdict.transposed is None and verdict.reason


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    azimuth=st.floats(20, 70),
    spacing=st.floats(0.8, 5),
    noise=st.sampled_from([0.0, 0.5, 1.0]),
    shape=st.sampled_from([(3, 3), (5, 5), (1, 10), (10, 1)]),
    patch_px=st.sampled_from([224, 384]),
)
def test_parallel_ridges_do_not_deceive(seed, azimuth, spacing, noise, shape, patch_px):
    """Along ridges to the north-east, patches far apart in the neighbouring cell look more alike than near ones."""
    options = {"noise": noise, "seed": seed, "patch_px": patch_px}
    verdict = judged(block(2.8, 41.9, *shape), Ridges(seed, azimuth, spacing), defect=False, **options)
    assert verdict.transposed is not True, verdict


def test_ridges_do_deceive_one_direction():
    """So the last test is about something: seams in one direction alone are sure of the wrong answer."""
    table = major_tom_table(block(2.8, 41.9, 5, 5), Ridges(1, 48, 1.5), defect=False, noise=0)[0]
    found = measure(*read(table))
    assert found.z_east > 5 and found.z_north < -5


@pytest.mark.parametrize("axis", [0, 1])
def test_a_model_that_sees_where_in_the_picture_it_is(axis):
    """What depends on the column in the picture alone speaks for transposing from west to east, and against it from
    south to north."""
    cells = block(2.8, 41.9, 6, 6)
    table = major_tom_table(cells, Field(4), defect=False, noise=0.5)[0]
    declared, vectors = read(table)
    bias = np.random.default_rng(0).normal(size=(1069, vectors.shape[1]))
    assert decide(declared, vectors + 1.0 * bias[declared.pixel[:, axis]]).transposed is not True
    assert decide(declared, vectors + 5.0 * bias[declared.pixel[:, axis]]).transposed is None


@pytest.mark.parametrize("share", [0.9, 0.6])
def test_incomplete_cells_are_judged_and_corrected(share):
    table, _, _, true = major_tom_table(block(2.8, 41.9, 6, 6), Field(8), defect=True, share=share)
    declared, vectors = read(table)
    verdict = decide(declared, vectors)
    assert verdict.transposed is True
    np.testing.assert_allclose(declared.transposed().boxes, true, atol=1e-6)


def test_one_cell_decides_nothing():
    verdict = judged(block(2.8, 41.9, 1, 1), Field(1), defect=True, noise=0)
    assert verdict.transposed is None and "0 seams between 1 cells" in verdict.reason


def test_a_long_strip_decides_if_it_is_clear():
    for shape in ((1, 25), (25, 1)):
        assert judged(block(2.8, 41.9, *shape), Field(1), defect=True, noise=0.3).transposed is True
        assert judged(block(2.8, 41.9, *shape), Field(1), defect=False, noise=0.3).transposed is False


def test_patches_on_the_diagonal_only_are_not_affected():
    table = major_tom_table(block(2.8, 41.9, 3, 3), Field(1), defect=True)[0]
    declared, vectors = read(table)
    rows = np.flatnonzero(~declared.moved)
    verdict = decide(declared.take(rows), vectors[rows])
    assert verdict.transposed is False and "where transposing leaves it" in verdict.reason


def test_repeated_rows_change_nothing():
    table = major_tom_table(block(2.8, 41.9, 4, 4), Field(1), defect=True)[0]
    once = decide(*read(table))
    twice = decide(*read(pa.concat_tables([table, table])))
    assert twice.evidence.as_dict() == pytest.approx(once.evidence.as_dict())


def test_the_evidence_is_that_of_the_definition():
    """Along one row of cells: the last column of each cell against the first of the next, row by row."""
    for defect in (False, True):
        declared, vectors = read(major_tom_table(block(2.8, 0.01, 1, 6), Field(3), defect=defect)[0])
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = (unit - unit.mean(axis=0)) / unit.std(axis=0)
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        by_place = {
            (*cell, x // 211, y // 211): vector
            for cell, (x, y), vector in zip(declared.cell.tolist(), declared.pixel.tolist(), unit, strict=True)
        }
        columns = sorted({cell[1] for cell in declared.cell.tolist()})
        row = int(declared.cell[0, 0])
        said, swapped = (
            [
                np.dot(by_place[(row, one, *(4, a)[::turn])], by_place[(row, one + 1, *(0, a)[::turn])])
                for one in columns[:-1]
                for a in range(5)
            ]
            for turn in (1, -1)
        )
        found = measure(declared, vectors)
        assert (found.seams, found.seams_east, found.seam_pairs) == (5, 5, 25)
        assert found.cosine_as_published == pytest.approx(np.mean(said), abs=1e-5)
        assert found.cosine_transposed == pytest.approx(np.mean(swapped), abs=1e-5)
        gains = (np.array(swapped) - np.array(said)).reshape(5, 5).mean(axis=1)
        assert found.gain == pytest.approx(gains.mean(), abs=1e-5) and (found.gain > 0) is defect


def test_both_hypotheses_are_treated_alike():
    """Transposing the declared places turns the evidence round and changes nothing else."""
    declared, vectors = read(major_tom_table(block(15.3, 78.1, 4, 4), Field(3), defect=False, share=0.8)[0])
    one, other = measure(declared, vectors), measure(declared.transposed(), vectors)
    assert one.z == pytest.approx(-other.z) and one.gain == pytest.approx(-other.gain)
    assert one.z_east == pytest.approx(-other.z_east) and one.z_north == pytest.approx(-other.z_north)
    assert one.contrast == pytest.approx(other.contrast) and one.z_contrast == pytest.approx(other.z_contrast)


def test_a_verdict_can_be_kept():
    verdict = judged(block(2.8, 41.9, 4, 4), Field(1), defect=True)
    kept = Verdict.from_dict(verdict.as_dict())
    assert kept.transposed and kept.reason == verdict.reason and kept.evidence.seams == verdict.evidence.seams


def test_wishes():
    found = {answer: Verdict(answer, "because", Evidence()) for answer in (True, False, None)}
    auto = {answer: settle(verdict, "auto", "Major TOM Core-S2L1C-SSL4EO") for answer, verdict in found.items()}
    assert [auto[answer].correct for answer in (True, False, None)] == [True, False, False]
    assert [auto[answer].transposition for answer in (True, False, None)] == [
        "corrected", "not affected", "undecided: because",
    ]  # fmt: skip
    assert "likely for SSL4EO" in auto[None].note
    assert "likely" not in settle(found[None], "auto", "Major TOM Core-S2L1C-DeCUR").note
    for answer, verdict in found.items():
        keep, correct = (settle(verdict, wish, "some set") for wish in ("keep", "correct"))
        assert not keep.correct and correct.correct
        assert keep.transposition.startswith("overridden: kept as published")
        assert correct.transposition.startswith("overridden: corrected")
        said = {True: "transposed", False: "not affected", None: "undecided"}[answer]
        assert said in keep.transposition and said in correct.note
