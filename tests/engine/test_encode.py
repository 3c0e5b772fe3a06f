"""Images become stores: the rows, what the store says about itself, masks, and other people's parameters."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from cdse_qgis_plugin.engine.embeddings import encoders
from cdse_qgis_plugin.engine.embeddings.encoders import ArrayImage
from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image
from cdse_qgis_plugin.engine.embeddings.patch_grid import PatchGrid
from cdse_qgis_plugin.engine.embeddings.raster import RasterImage
from cdse_qgis_plugin.engine.embeddings.store import ENCODER, Store
from cdse_qgis_plugin.engine.run import Run

from .rasters import textures, write

ROOT = Path(__file__).parents[2]
SCENE = ROOT.parent / "shared/data/sentinel2_delmarva/S2_L1C_18SVG_20160112_20m.tif"


def encode(image, store, run=None, **request):
    return encode_image(EncodeImageRequest(image=str(image), store=str(store), **request), run or Run())


def by_place(store):
    """Vectors by pixel of the upper-left corner."""
    corners = zip(store.column("image_row").tolist(), store.column("image_col").tolist(), strict=True)
    return dict(zip(corners, np.asarray(store.vectors), strict=True))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return write(tmp_path_factory.mktemp("image") / "image.tif", textures())


@pytest.fixture(scope="module")
def made(image, tmp_path_factory):
    return encode(image, tmp_path_factory.mktemp("store") / "store")


def test_a_store_holds_every_patch_and_says_where_it_comes_from(image, made):
    store = Store(made.store)
    assert made.count == store.count == 11 * 13 and made.dim == store.dim == 64 and made.skipped == 0
    assert made.encoder == "default" and made.dataset == "image.tif" and made.licence == "unknown"
    assert "Nature Communications 12:4392" in made.citation
    assert made.footprints == "exact" and 155 < made.patch_size_m < 165
    assert made.attributes == ["image_row", "image_col"] and made.start is made.end is None
    source, encoder = made.details["source"], made.details["encoder"]
    assert source["path"] == image and source["crs"] == "EPSG:32631" and source["bands"] == [1, 2, 3, 4]
    assert (source["width"], source["height"], source["patch"], source["stride"]) == (112, 96, 16, 8)
    assert source["transform"] == [10, 0, 500_000, 0, -10, 5_600_000] and source["size"] == Path(image).stat().st_size
    assert encoder["version"] == 1 and encoder["parameters"]["filters"] == 256
    assert np.allclose(np.linalg.norm(store.vectors, axis=1), 1, atol=1e-5)
    assert store.column("image_row").dtype == np.int32


def test_ids_name_row_and_column_of_the_patch(made):
    store = Store(made.store)
    rows, cols = store.column("image_row") // 8, store.column("image_col") // 8
    expected = [f"r{row:05d}_c{col:05d}" for row, col in zip(rows, cols, strict=True)]
    assert store.column("id").tolist() == expected and len(set(expected)) == store.count


def test_rows_hold_the_vector_of_their_own_patch(image, made):
    """Each vector again, from the patch's own pixels and their surroundings, with the encoder kept in the store."""
    store = Store(made.store)
    encoder = encoders.load("default", Path(made.store) / ENCODER)
    with rasterio.open(image) as dataset:
        pixels = ArrayImage(dataset.read())
    grid = PatchGrid(96, 112, 16, 8)
    for (row, col), vector in by_place(store).items():
        again, _ = encoder.encode(pixels, grid.block(row // 8, col // 8, 1, 1))
        assert np.allclose(again[0], vector, atol=3e-5)


@pytest.mark.parametrize("encoder", ["default", "statistics"])
def test_same_seed_same_store_whatever_the_threads(encoder, image, tmp_path, monkeypatch):
    first = Store(encode(image, tmp_path / "one", encoder=encoder, seed=4).store)
    monkeypatch.setattr("cdse_qgis_plugin.engine.embeddings.encode._worker_count", lambda: 1)
    again = Store(encode(image, tmp_path / "two", encoder=encoder, seed=4).store)
    assert np.array_equal(first.vectors, again.vectors)
    assert first.column("id").tolist() == again.column("id").tolist()


def test_blocks_leave_no_seams(tmp_path, monkeypatch):
    image = write(tmp_path / "image.tif", textures(3, 300, 280))
    plain = by_place(Store(encode(image, tmp_path / "one").store))
    monkeypatch.setattr("cdse_qgis_plugin.engine.embeddings.patch_grid._BLOCK_PX", 56)
    monkeypatch.setattr("cdse_qgis_plugin.engine.embeddings.encoders.pooling._PIECE_PX", 24)
    pieces = by_place(Store(encode(image, tmp_path / "two").store))
    assert plain.keys() == pieces.keys()
    assert max(np.abs(plain[place] - pieces[place]).max() for place in plain) < 1e-4


@pytest.mark.parametrize(
    ("patch", "stride"),
    [(4, 1), (4, None), (5, 2), (7, None), (31, 10), (96, 1), (64, 64), (16, 33), (90, 7), (53, 53)],
)
def test_any_patch_and_stride(patch, stride, image, tmp_path):
    made = encode(image, tmp_path / "store", patch=patch, stride=stride)
    step = stride or patch // 2
    assert made.count == ((96 - patch) // step + 1) * ((112 - patch) // step + 1)
    assert made.details["source"]["stride"] == step


def test_only_the_chosen_bands_count(image, tmp_path):
    with rasterio.open(image) as dataset:
        pixels = dataset.read()
    chosen = encode(image, tmp_path / "chosen", bands=[4, 2])
    alone = encode(write(tmp_path / "two.tif", pixels[[3, 1]]), tmp_path / "alone")
    assert chosen.details["source"]["bands"] == [4, 2]
    assert np.array_equal(Store(chosen.store).vectors, Store(alone.store).vectors)


# Pixels that hold nothing -------------------------------------------------------------------------------------------


def masked_cases(tmp_path):
    """The same image with the same hole, said in five ways."""
    pixels = textures(3, 128, 128)
    hole = np.zeros((128, 128), bool)
    hole[40:90, 30:70] = True
    holed = np.where(hole, 0, pixels)
    floats = np.where(hole, np.nan, pixels).astype(np.float32)
    alpha = np.concatenate([np.where(hole, 7, pixels), np.where(hole, 0, 255)[None]]).astype(np.uint16)
    kinds = [ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha]
    return {
        "nodata": write(tmp_path / "nodata.tif", holed, nodata=0),
        "NaN": write(tmp_path / "nan.tif", floats),
        "NaN as nodata": write(tmp_path / "nan_nodata.tif", floats, nodata=np.nan),
        "infinite": write(tmp_path / "inf.tif", np.where(hole, np.inf, floats)),
        "mask": write(tmp_path / "mask.tif", np.where(hole, 9, pixels), mask=~hole),
        "alpha": write(tmp_path / "alpha.tif", alpha, colorinterp=kinds),
    }, hole


def test_nodata_is_the_same_however_the_file_says_it(tmp_path):
    cases, hole = masked_cases(tmp_path)
    stores = {name: encode(path, tmp_path / f"{name} store", max_nodata=0.25) for name, path in cases.items()}
    grid = PatchGrid(128, 128, 16, 8)
    rows, cols = grid.corners(grid.block(0, 0, grid.rows, grid.cols))
    lost = np.array([hole[r : r + 16, c : c + 16].mean() for r, c in zip(rows, cols, strict=True)])
    kept = {(r, c) for r, c, share in zip(rows.tolist(), cols.tolist(), lost, strict=True) if share <= 0.25}
    expected = by_place(Store(stores["nodata"].store))
    for name, made in stores.items():
        found = by_place(Store(made.store))
        assert set(found) == kept, name
        assert made.skipped == grid.rows * grid.cols - len(kept) and f"{made.skipped:,}" in made.notes[-1]
        assert made.details["source"]["bands"] == [1, 2, 3], name
        assert all(np.allclose(found[place], expected[place], atol=1e-4) for place in found), name


def test_max_nodata_decides_what_is_left_out(tmp_path):
    cases, _ = masked_cases(tmp_path)
    counts = [encode(cases["nodata"], tmp_path / f"{share}", max_nodata=share).count for share in (0, 0.5, 0.99)]
    assert counts[0] < counts[1] < counts[2] < 225


def test_nodata_that_no_pixel_can_have_hides_nothing(tmp_path):
    pixels = textures(2, 64, 64).astype(np.uint8)
    write(tmp_path / "image.tif", pixels)
    vrt = tmp_path / "image.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="64" rasterYSize="64"><SRS>EPSG:32631</SRS>'
        "<GeoTransform>500000,10,0,5600000,0,-10</GeoTransform>"
        + "".join(
            f'<VRTRasterBand dataType="Byte" band="{band}"><NoDataValue>-9999</NoDataValue><SimpleSource>'
            f'<SourceFilename relativeToVRT="1">image.tif</SourceFilename><SourceBand>{band}</SourceBand>'
            "</SimpleSource></VRTRasterBand>"
            for band in (1, 2)
        )
        + "</VRTDataset>"
    )
    assert encode(vrt, tmp_path / "store").count == 49


def test_a_large_empty_image_with_something_in_one_corner(tmp_path):
    """Samples find what there is, wherever it hides."""
    pixels = np.zeros((2, 1500, 1500), np.uint16)
    pixels[:, 1400:1450, 1420:1480] = textures(2, 50, 60)
    image = write(tmp_path / "image.tif", pixels, nodata=0, compress="deflate")
    made = encode(image, tmp_path / "store", max_nodata=0)
    assert made.count == 5 * 6 and made.bbox[0] > 3.19


# What else is told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"TIFFTAG_DATETIME": "2016:01:12 15:46:09"}, "2016-01-12T15:46:09Z"),
        (
            {"ACQUISITIONDATETIME": "2020-06-01T10:50:31+02:00", "TIFFTAG_DATETIME": "2024:01:01 00:00:00"},
            "2020-06-01T08:50:31Z",
        ),
        ({"TIFFTAG_DATETIME": "0000:00:00 00:00:00"}, None),
        ({"TIFFTAG_DATETIME": "yesterday"}, None),
        ({}, None),
    ],
)
def test_time_is_told_where_the_image_knows_it(tags, expected, tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 40, 40), tags=tags)
    made = encode(image, tmp_path / "store")
    store = Store(made.store)
    assert made.start == made.end == expected
    assert (store.time is None) == (expected is None)
    if expected:
        assert (store.time == np.datetime64(expected.rstrip("Z"), "ms")).all()


def test_licence_is_taken_from_the_image(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 40, 40), tags={"TIFFTAG_COPYRIGHT": "CC-BY-4.0 Someone"})
    assert encode(image, tmp_path / "store").licence == "CC-BY-4.0 Someone"


def test_one_band_works_and_says_that_it_tells_little(tmp_path):
    made = encode(write(tmp_path / "image.tif", textures(1, 64, 64)), tmp_path / "store")
    assert made.count == 49 and any("one band" in note for note in made.notes)


def test_codes_of_a_colour_table_are_noted(tmp_path):
    image = write(tmp_path / "image.tif", (textures(1, 64, 64) % 7).astype(np.uint8))
    with rasterio.open(image, "r+") as dataset:
        dataset.write_colormap(1, {value: (value, 0, 0, 255) for value in range(7)})
    made = encode(image, tmp_path / "store")
    assert any("colour table" in note for note in made.notes)


@pytest.mark.parametrize(("nodata", "noted"), [(None, True), (0, False)])
def test_black_that_may_be_nodata_is_noted(nodata, noted, tmp_path):
    pixels = textures(3, 96, 96)
    pixels[:, :, :40] = 0
    made = encode(write(tmp_path / "image.tif", pixels, nodata=nodata), tmp_path / "store")
    assert any("0 in every band" in note for note in made.notes) == noted


def test_progress_has_numbers_and_ends_high(image, tmp_path):
    said = []
    run = Run(said.append)
    run._INTERVAL_S = 0
    encode(image, tmp_path / "store", run)
    texts = [message["text"] for message in said if message["type"] == "progress"]
    assert any(text.startswith("Learning") for text in texts)
    assert any(text == "Encoding row 1 of 11" for text in texts)


@pytest.mark.parametrize("driver", ["PNG", "ENVI", "GPKG", "JP2OpenJPEG"])
def test_other_formats(driver, tmp_path):
    pixels = (textures(3, 64, 80) // 16).clip(1, 255).astype(np.uint8)
    options = {"worldfile": "YES"} if driver == "PNG" else {}
    image = write(tmp_path / "image", pixels, driver=driver, **options)
    assert encode(image, tmp_path / "store").count == 7 * 9


def test_a_store_can_be_made_over_an_older_one(image, tmp_path):
    first = encode(image, tmp_path / "store", stride=16)
    second = encode(image, tmp_path / "store")
    assert first.count == 42 and second.count == Store(tmp_path / "store").count == 143
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize("name", ["with spaces", "naïve Größe", "日本 image", "a&b 'c' [1]"])
def test_paths_with_spaces_and_letters_of_the_world(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    image = write(folder / f"{name}.tif", textures(2, 40, 40))
    made = encode(image, folder / f"store {name}")
    assert Store(made.store).count == 16 and made.source == image


def test_through_the_command_line(image, tmp_path):
    request = json.dumps({"image": image, "store": str(tmp_path / "store"), "stride": 16})
    command = [sys.executable, "-m", "cdse_qgis_plugin.engine", "run", "embeddings.encode_image", request]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["count"] == 42


@pytest.mark.skipif(not SCENE.exists(), reason="the real scene is not beside this checkout")
def test_the_real_scene(tmp_path):
    made = encode(SCENE, tmp_path / "store")
    assert made.count == 14_280 and made.dim == 64 and made.seconds < 10


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read where Linux keeps it")
def test_reading_stays_within_bounds_of_memory(tmp_path):
    """An image far larger than what may be held."""
    image = tmp_path / "image.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 14_000, "width": 14_000, "dtype": "uint8", "tiled": True}
    where = {"crs": "EPSG:32631", "transform": rasterio.Affine(10, 0, 5e5, 0, -10, 5.6e6), "compress": "deflate"}
    tile = np.tile(textures(1, 200, 200) // 8, (1, 10, 10)).astype(np.uint8)
    with rasterio.open(image, "w", zlevel=1, num_threads=2, **profile, **where) as dataset:
        for row in range(0, 14_000, 2000):
            for col in range(0, 14_000, 2000):
                dataset.write(tile, window=rasterio.windows.Window(col, row, 2000, 2000))
    code = (
        "import re, sys\n"
        "from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest, encode_image\n"
        "from cdse_qgis_plugin.engine.run import Run\n"
        "request = EncodeImageRequest(image=sys.argv[1], store=sys.argv[2], encoder='statistics', patch=64)\n"
        "made = encode_image(request, Run())\n"
        "print(made.count, re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
    )
    command = [sys.executable, "-c", code, str(image), str(tmp_path / "store")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert count == 436**2
    assert kilobytes < 600_000  # as float32 the image would take 784,000, and libraries take 170,000


def test_a_raster_is_read_from_several_threads(image):
    from concurrent.futures import ThreadPoolExecutor

    with RasterImage(image) as raster, ThreadPoolExecutor(8) as pool:
        windows = [(row, col, 16, 16) for row in range(0, 80, 5) for col in range(0, 90, 7)]
        found = list(pool.map(lambda window: raster.read(*window)[0], windows))
        alone = [raster.read(*window)[0] for window in windows]
    assert all(np.array_equal(one, two) for one, two in zip(found, alone, strict=True))
