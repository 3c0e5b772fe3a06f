"""The generated landscape: repeatable, plausible, labelled, and good enough a place to measure search in."""

import threading
import time
from xml.etree import ElementTree

import numpy as np
import pyproj
import pytest
import rasterio

from cdse_qgis_plugin.engine.embeddings import places
from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.landscape.kinds import BANDS, EDGE, LEGEND
from cdse_qgis_plugin.engine.landscape.layout import Geography
from cdse_qgis_plugin.engine.landscape.noise import fractal, hashed, smooth, uniform
from cdse_qgis_plugin.engine.landscape.operations import LandscapeRequest, generate
from cdse_qgis_plugin.engine.landscape.paint import paint
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

KINDS = {
    "Sea", "Beach", "Salt marsh", "River", "Forest", "Green field", "Bare field", "Orchard", "Vineyard", "Village",
    "Greenhouses",
}  # fmt: skip


def make(folder, **request):
    return generate(LandscapeRequest(folder=str(folder), **request), Run())


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The landscape as the demo makes it."""
    return make(tmp_path_factory.mktemp("landscape"))


def test_it_is_quick(tmp_path):
    make(tmp_path, size=128)  # pays for the imports
    started = time.process_time()
    make(tmp_path)
    assert time.process_time() - started < 4


def test_the_image_describes_itself(made):
    with rasterio.open(made.image) as dataset:
        assert dataset.descriptions == BANDS == ("B02", "B03", "B04", "B08", "B11", "B12")
        assert (dataset.count, dataset.height, dataset.width) == (6, 1024, 1024)
        assert set(dataset.dtypes) == {"uint16"} and dataset.nodata == 0 and dataset.res == (10, 10)
        assert dataset.crs.to_epsg() == 32627 and dataset.block_shapes[0] == (256, 256) and dataset.overviews(1)
        assert [kind.name for kind in dataset.colorinterp[:3]] == ["blue", "green", "red"]
        assert "made-up" in dataset.tags()["TIFFTAG_IMAGEDESCRIPTION"] and "CC0" in dataset.tags()["LICENCE"]
        pixels = dataset.read()
    assert pixels.min() > 0  # nodata is never used
    assert 50 < np.median(pixels) < 4000 and pixels.max() <= 10_000


def test_it_lies_in_the_open_atlantic(made):
    with rasterio.open(made.image) as dataset:
        to_lonlat = pyproj.Transformer.from_crs(dataset.crs, "EPSG:4326", always_xy=True)
        lon, lat = to_lonlat.transform(*dataset.transform @ (512, 512))
    assert abs(lon + 21) < 0.1 and abs(lat - 40) < 0.1  # the nearest land, the Azores, is some 350 km away
    assert places.distance_m(lon, lat, -25.1, 37.0) > 350_000


def test_the_kinds_raster_has_names_and_colours(made):
    with rasterio.open(made.labels) as dataset:
        labels, colours = dataset.read(1), dataset.colormap(1)
        assert dataset.dtypes == ("uint8",) and dataset.descriptions == ("Kind of place",)
    assert set(np.unique(labels)) == set(LEGEND)
    for value, known in LEGEND.items():
        assert colours[value] == (*bytes.fromhex(known.colour[1:]), 255)
    band = ElementTree.parse(f"{made.labels}.aux.xml").getroot().find("PAMRasterBand")
    names = [entry.text for entry in band.find("CategoryNames")]
    assert band.get("band") == "1" and names == [None, *(LEGEND[value].name for value in sorted(LEGEND))]


@pytest.mark.parametrize("seed", [0, 1, 2, 7, 11])
def test_every_kind_is_there_more_than_once(seed, tmp_path):
    made = make(tmp_path, seed=seed)
    assert {kind.name for kind in made.kinds} == KINDS
    labels = read(made.labels)[0]
    for value, known in LEGEND.items():
        quarters = [(part == value).sum() for half in np.split(labels, 2) for part in np.split(half, 2, axis=1)]
        assert sum(count > 256 for count in quarters) >= 2, known.name


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_kind_points_at_a_patch_of_nothing_else(size, tmp_path):
    made = make(tmp_path, size=size)
    assert len(made.kinds) >= 9
    store = Store(encode_image(EncodeImageRequest(image=made.image, store=str(tmp_path / "store")), Run()).store)
    labels = read(made.labels)[0]
    rows, cols = store.column("image_row"), store.column("image_col")
    for kind in made.kinds:
        patch = store.patch_at(kind.lon, kind.lat)
        assert places.distance_m(kind.lon, kind.lat, store.lon[patch], store.lat[patch]) < 1
        assert (labels[rows[patch] : rows[patch] + 16, cols[patch] : cols[patch] + 16] == kind.value).all()
        assert kind.value != EDGE and kind.colour == LEGEND[kind.value].colour


def test_same_seed_same_pixels_other_seed_other_pixels(made, tmp_path):
    again, other = make(tmp_path / "again"), make(tmp_path / "other", seed=8)
    assert np.array_equal(read(made.image), read(again.image)) and np.array_equal(read(made.labels), read(again.labels))
    assert not np.array_equal(read(made.image), read(other.image))


def test_any_window_is_a_piece_of_the_same_landscape():
    geography = Geography(700, 3)
    pixels, labels = paint(geography, 0, 0, 700, 700)
    for row, col, height, width in ((0, 0, 700, 300), (250, 300, 200, 400), (699, 0, 1, 700), (333, 444, 17, 5)):
        part, part_labels = paint(geography, row, col, height, width)
        assert np.array_equal(part_labels, labels[row : row + height, col : col + width])
        difference = part.astype(int) - pixels[:, row : row + height, col : col + width]
        assert np.abs(difference).max() <= 1  # a rounding here and there


@pytest.mark.parametrize("size", [128, 129, 1500])
def test_any_size(size, tmp_path):
    made = make(tmp_path, size=size, seed=2)
    assert read(made.image).shape == (6, size, size) and read(made.labels).shape == (1, size, size)
    assert len(made.kinds) >= 3


def test_windows_of_a_large_landscape_meet_without_a_seam(tmp_path):
    """Across the border of two windows neighbours differ no more than elsewhere."""
    pixels = read(make(tmp_path, size=1200).image)[3].astype(int)
    steps = np.abs(np.diff(pixels, axis=1)).mean(axis=0)
    assert steps[511] < steps.mean() + 4 * steps.std()


def test_kinds_share_colours_but_not_textures(made):
    """Search quality here is a number worth having: means alone cannot tell orchards from vineyards."""
    pixels, labels = read(made.image).astype(float), read(made.labels)[0]
    blocks = pixels.reshape(6, 64, 16, 64, 16).transpose(1, 3, 0, 2, 4).reshape(4096, 6, 256)
    pure = labels.reshape(64, 16, 64, 16).transpose(0, 2, 1, 3).reshape(4096, 256)
    means, kinds = blocks.mean(axis=2), np.where((pure == pure[:, :1]).mean(axis=1) > 0.95, pure[:, 0], 0)
    orchard, vineyard = (means[kinds == value] for value in (8, 9))
    gap = np.abs(orchard.mean(axis=0) - vineyard.mean(axis=0))
    assert (gap < orchard.std(axis=0) + vineyard.std(axis=0)).all()


def test_default_finds_what_means_cannot(made, tmp_path):
    """Answers of the right kind among the first ten, far from the query, for orchards and vineyards."""
    labels = read(made.labels)[0]
    share = {}
    for name in ("default", "statistics"):
        request = EncodeImageRequest(image=made.image, store=str(tmp_path / name), encoder=name)
        store = Store(encode_image(request, Run()).store)
        corners = np.column_stack([store.column("image_row"), store.column("image_col")]).astype(int)
        cuts = np.stack([labels[row : row + 16, col : col + 16].ravel() for row, col in corners])
        counts = np.stack([(cuts == value).mean(axis=1) for value in range(max(LEGEND) + 1)], axis=1)
        kind, rng, found = counts.argmax(axis=1), np.random.default_rng(0), []
        for value in (8, 9):
            for query in rng.choice(np.flatnonzero(counts[:, value] > 0.9), 30, replace=False):
                scores = store.vectors @ store.vectors[query]
                scores[(np.abs(corners - corners[query]) < 64).all(axis=1)] = -2
                found.append((kind[np.argsort(-scores)[:10]] == value).mean())
        share[name] = np.mean(found)
    assert share["default"] > 0.75 and share["default"] > share["statistics"] + 0.1


# Noise --------------------------------------------------------------------------------------------------------------


def test_noise_depends_on_seed_and_place_only():
    y, x = np.arange(-50, 70), np.arange(1000, 1090)
    whole = fractal(3, 17, 3, y, x)
    assert np.allclose(fractal(3, 17, 3, y[40:60], x[20:30]), whole[40:60, 20:30], atol=1e-6)
    assert not np.allclose(fractal(4, 17, 3, y, x), whole)
    assert np.abs(whole).max() <= 1 and whole.std() > 0.15
    assert np.abs(np.diff(smooth(3, 17, y, x), axis=0)).max() < 0.3


def test_chance_is_even_and_unrelated_to_its_neighbours():
    chance = uniform(5, np.arange(300)[:, None], np.arange(300)[None, :])
    assert abs(chance.mean() - 0.5) < 0.01 and abs(chance.std() - np.sqrt(1 / 12)) < 0.01
    assert chance.min() >= 0 and chance.max() < 1
    assert abs(np.corrcoef(chance[1:].ravel(), chance[:-1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(chance[:, 1:].ravel(), chance[:, :-1].ravel())[0, 1]) < 0.02
    assert hashed(5, np.arange(3)).tolist() == [544816159, 84540208, 3727242366]  # on every machine


# Faults -------------------------------------------------------------------------------------------------------------


def test_cancel_leaves_what_was_there(made, tmp_path):
    small = make(tmp_path, size=128)
    before = read(small.image)
    run = Run()
    thread = threading.Timer(0.5, run.cancel)
    thread.start()
    started = time.monotonic()
    with pytest.raises(EngineError) as caught:
        generate(LandscapeRequest(folder=str(tmp_path), size=6000), run)
    assert caught.value.code == "cancelled" and time.monotonic() - started < 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "landscape.tif",
        "landscape_kinds.tif",
        "landscape_kinds.tif.aux.xml",
    ]
    assert np.array_equal(read(small.image), before)


def test_a_file_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(EngineError) as caught:
        make(tmp_path / "file")
    assert caught.value.code == "not_a_folder" and (tmp_path / "file").read_text() == "mine"


def test_paths_with_spaces_and_letters_of_the_world(tmp_path):
    made = make(tmp_path / "neue Länder 日本", size=128)
    assert read(made.image).shape == (6, 128, 128)


@pytest.mark.parametrize("request_", [{"size": 100}, {"size": 20_000}, {"seed": -1}, {"colour": "red"}])
def test_numbers_out_of_range(request_, tmp_path):
    with pytest.raises(EngineError) as caught:
        find("landscape.generate")({"folder": str(tmp_path), **request_}, Run())
    assert caught.value.code == "bad_request"
