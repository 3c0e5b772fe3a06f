"""Images that cannot be encoded, and encodings that are stopped: a sentence, and nothing lost."""

import os
import signal
import threading
import time
from pathlib import Path

import affine
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint

from cdse_qgis_plugin.engine.embeddings.operations import EncodeImageRequest
from cdse_qgis_plugin.engine.embeddings.store import Store
from cdse_qgis_plugin.engine.embeddings.store_writer import StoreWriter
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.operations import find
from cdse_qgis_plugin.engine.run import Run

from .disks import read_only_disk, small_disk
from .engine_process import Engine
from .rasters import textures, write


def encode(image, store, run=None, **request):
    return find("embeddings.encode_image")({"image": str(image), "store": str(store), **request}, run or Run())


def refused(code, image, tmp_path, **request):
    """The error of an encoding that must fail, having left nothing behind."""
    store = tmp_path / "stores" / "store"
    with pytest.raises(EngineError) as caught:
        encode(image, store, **request)
    error = caught.value
    assert error.code == code, error.details
    assert error.message.endswith(".") and error.hint and "Traceback" not in error.message + error.hint
    assert not store.parent.exists() or not list(store.parent.iterdir())
    return error


# Images -------------------------------------------------------------------------------------------------------------


def test_missing_file(tmp_path):
    assert "nowhere.tif" in refused("no_image", tmp_path / "nowhere.tif", tmp_path).message


@pytest.mark.parametrize("content", [b"", b"hello", b"II*\0" + bytes(100), b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_not_an_image(content, tmp_path):
    path = tmp_path / "image.tif"
    path.write_bytes(content)
    assert "image.tif" in refused("image_unreadable", path, tmp_path).message


def test_a_folder_is_not_an_image(tmp_path):
    refused("image_unreadable", tmp_path, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "scrambled"])
def test_damaged_in_the_middle(damage, tmp_path):
    image = Path(write(tmp_path / "image.tif", textures(2, 600, 600), compress="deflate"))
    content = bytearray(image.read_bytes())
    middle = len(content) // 2
    if damage == "cut":
        del content[middle:]
    else:
        content[middle : middle + 20_000] = bytes(20_000)
    image.write_bytes(content)
    error = refused("image_unreadable", image, tmp_path)
    assert "row" in error.message or "opened" in error.message


def test_no_crs(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64), crs=None)
    assert "Assign projection" in refused("no_crs", image, tmp_path).hint


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_no_georeference(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64), transform=affine.Affine.identity())
    assert "Georeferencer" in refused("no_georeference", image, tmp_path).hint


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_ground_control_points_only(tmp_path):
    path = tmp_path / "image.tif"
    points = [GroundControlPoint(row, col, 4 + col / 1e3, 51 - row / 1e3) for row in (0, 64) for col in (0, 64)]
    profile = {"driver": "GTiff", "count": 2, "height": 64, "width": 64, "dtype": "uint16"}
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(textures(2, 64, 64))
        dataset.gcps = points, rasterio.crs.CRS.from_epsg(4326)
    assert "Warp" in refused("no_georeference", path, tmp_path).hint


def test_flat_pixels(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64), transform=affine.Affine(0, 0, 5e5, 0, 0, 5.6e6))
    refused("no_georeference", image, tmp_path)


@pytest.mark.parametrize(("size", "nodata"), [(64, 0), (1200, 0), (64, np.nan)])
def test_all_nodata(size, nodata, tmp_path):
    pixels = np.full((2, size, size), nodata, np.float32 if np.isnan(nodata) else np.uint16)
    refused("all_nodata", write(tmp_path / "image.tif", pixels, nodata=nodata, compress="deflate"), tmp_path)


def test_too_much_nodata_everywhere(tmp_path):
    pixels = textures(2, 64, 64)
    pixels[:, ::2] = 0
    error = refused("no_patches", write(tmp_path / "image.tif", pixels, nodata=0), tmp_path)
    assert "75%" in error.message


@pytest.mark.parametrize("size", [1, 3, 15])
def test_smaller_than_a_patch(size, tmp_path):
    error = refused("image_too_small", write(tmp_path / "image.tif", textures(2, size, size)), tmp_path)
    assert f"{size} × {size}" in error.message and "16 × 16" in error.message


def test_patch_larger_than_the_image(tmp_path):
    error = refused("image_too_small", write(tmp_path / "image.tif", textures(2, 64, 64)), tmp_path, patch=65)
    assert "smaller patch" in error.hint


@pytest.mark.parametrize("bands", [[3], [1, 7], [0], [-1], [1, 1]])
def test_bands_that_do_not_exist(bands, tmp_path):
    refused("bad_band", write(tmp_path / "image.tif", textures(2, 64, 64)), tmp_path, bands=bands)


@pytest.mark.parametrize("kind", [np.complex64, np.complex128, "complex_int16"])
def test_complex_pixels(kind, tmp_path):
    pixels = textures(1, 64, 64).astype(np.complex64)
    image = write(tmp_path / "image.tif", pixels, dtype=kind)
    assert "complex" in refused("bad_pixels", image, tmp_path).message


@pytest.mark.parametrize("size", [64, 1200])
def test_constant_image(size, tmp_path):
    image = write(tmp_path / "image.tif", np.full((3, size, size), 77, np.uint8), compress="deflate")
    refused("constant_image", image, tmp_path)


def test_millions_of_patches_beyond_reason(tmp_path):
    image = write(tmp_path / "image.tif", np.zeros((1, 1, 1), np.uint8))
    vrt = tmp_path / "huge.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="100000" rasterYSize="100000"><SRS>EPSG:32631</SRS>'
        "<GeoTransform>500000,1,0,5600000,0,-1</GeoTransform>"
        f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>{image}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    error = refused("too_many_patches", vrt, tmp_path)
    assert "156,2" in error.message and "stride of 23 px" in error.hint
    rows = (100_000 - 16) // 23 + 1
    assert rows**2 <= 20_000_000


def test_unknown_encoder(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64))
    error = refused("unknown_encoder", image, tmp_path, encoder="resnet")
    assert "“default”" in error.hint and "“statistics”" in error.hint


@pytest.mark.parametrize("request_", [{"patch": 3}, {"stride": 0}, {"max_nodata": 1}, {"bands": []}, {"seed": -1}])
def test_numbers_out_of_range(request_, tmp_path):
    refused("bad_request", write(tmp_path / "image.tif", textures(2, 64, 64)), tmp_path, **request_)


def test_something_else_at_the_place_of_the_store(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(EngineError) as caught:
        encode(image, tmp_path / "mine")
    assert caught.value.code == "not_a_store"
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


def test_read_only_disk(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64))
    with read_only_disk(tmp_path / "disk") as disk, pytest.raises(EngineError) as caught:
        encode(image, disk / "store")
    assert caught.value.code == "not_allowed"


def test_full_disk(tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 900, 900))
    with small_disk(tmp_path / "disk", 2) as disk:
        with pytest.raises(EngineError) as caught:
            encode(image, disk / "store", encoder="default")
        assert caught.value.code == "disk_full" and not list(disk.iterdir())


# Stopped in the middle ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_image(tmp_path_factory):
    """An image that takes some seconds."""
    path = tmp_path_factory.mktemp("long") / "image.tif"
    tile = textures(6, 800, 800)
    return write(path, np.tile(tile, (1, 4, 4)), tiled=True, compress="deflate", zlevel=1)


@pytest.fixture
def old_store(tmp_path):
    """A store that is in place already."""
    encode(write(tmp_path / "old.tif", textures(2, 64, 64)), tmp_path / "store")
    (tmp_path / "old.tif").unlink()
    return tmp_path / "store"


def assert_untouched(store):
    """The old store is whole, and nothing lies beside it."""
    assert Store(store).count == 49 and np.isfinite(Store(store).vectors).all()
    assert [path.name for path in store.parent.iterdir()] == ["store"]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_cancel_stops_within_a_second_and_leaves_nothing(share, long_image, old_store):
    reached = threading.Event()

    def report(message):
        if (message.get("value") or 0) >= share:
            reached.set()

    run = Run(report)
    stopped = {}

    def work():
        try:
            encode(long_image, old_store, run)
        except EngineError as error:
            stopped["error"], stopped["at"] = error, time.monotonic()

    thread = threading.Thread(target=work)
    thread.start()
    assert reached.wait(60)
    asked = time.monotonic()
    run.cancel()
    thread.join(30)
    assert stopped["error"].code == "cancelled"
    assert stopped["at"] - asked < 1.5
    assert_untouched(old_store)


def test_cancel_while_learning_from_large_patches(long_image, old_store):
    run = Run(lambda message: run.cancel())
    with pytest.raises(EngineError) as caught:
        encode(long_image, old_store, run, patch=1024)
    assert caught.value.code == "cancelled"
    assert_untouched(old_store)


def test_killed_in_the_middle_the_old_store_stays_and_the_next_try_cleans_up(long_image, old_store):
    with Engine() as engine:
        assert engine.receive()["type"] == "hello"
        engine.call("1", "embeddings.encode_image", {"image": long_image, "store": str(old_store)})
        while True:
            message = engine.receive(60)
            if message["type"] == "progress" and (message["value"] or 0) > 0.2:
                break
        os.kill(engine.process.pid, signal.SIGKILL)
        engine.process.wait(10)
    assert Store(old_store).count == 49
    leftovers = [path.name for path in old_store.parent.iterdir() if path.name != "store"]
    assert leftovers and all(name.startswith(".") for name in leftovers)
    encode(write(old_store.parent / "new.tif", textures(2, 80, 64)), old_store)
    (old_store.parent / "new.tif").unlink()
    assert Store(old_store).count == 63
    assert [path.name for path in old_store.parent.iterdir()] == ["store"]


def test_two_at_once_on_one_store(old_store, tmp_path):
    image = write(tmp_path / "image.tif", textures(2, 64, 64))
    with StoreWriter(old_store, Run(), 8), pytest.raises(EngineError) as caught:
        encode(image, old_store)
    assert caught.value.code == "store_busy" and caught.value.hint
    (tmp_path / "image.tif").unlink()
    assert_untouched(old_store)


def test_an_image_that_goes_bad_under_way_leaves_the_old_store(old_store, tmp_path):
    image = Path(write(tmp_path / "image.tif", textures(2, 1400, 700), compress="deflate"))
    with open(image, "r+b") as file:
        file.truncate(image.stat().st_size - 5000)
    with pytest.raises(EngineError) as caught:
        encode(image, old_store)
    assert caught.value.code == "image_unreadable"
    image.unlink()
    assert_untouched(old_store)


def test_request_has_the_fields_of_the_contract():
    fields = EncodeImageRequest.model_fields
    assert {"image", "store", "encoder", "patch", "stride", "bands"} <= set(fields)
    assert fields["encoder"].default == "default" and fields["patch"].default == 16
