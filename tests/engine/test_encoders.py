"""The encoders: their arithmetic against a slow and plain one, masks, repeatability, and what they can tell apart."""

import numpy as np
import pytest

from cdse_qgis_plugin.engine.embeddings import encoders
from cdse_qgis_plugin.engine.embeddings.encoders import ArrayImage, PatchBlock
from cdse_qgis_plugin.engine.embeddings.encoders.filters import whichever_way
from cdse_qgis_plugin.engine.embeddings.patch_grid import PatchGrid
from cdse_qgis_plugin.engine.embeddings.sampling import draw_sample
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.run import Run

from .rasters import textures

BOTH = pytest.mark.parametrize("name", ["default", "statistics"])


def grid_of(image, patch=16, stride=8):
    return PatchGrid(image.height, image.width, patch, stride)


def fit(name, image, patch=16, stride=8, seed=0):
    return encoders.find(name).fit(draw_sample(image, grid_of(image, patch, stride), seed, Run()))


def whole(image, patch=16, stride=8):
    grid = grid_of(image, patch, stride)
    return grid.block(0, 0, grid.rows, grid.cols)


def holes(height, width, seed=3):
    """A mask with scattered pixels, a rectangle and a rim missing."""
    valid = np.random.default_rng(seed).random((height, width)) > 0.02
    valid[30:50, 40:70] = False
    valid[:, :3] = False
    return valid


# The arithmetic, the slow way -------------------------------------------------------------------------------------


def scaled(state, pixels):
    out = np.empty(pixels.shape)
    for band, log in enumerate(state["logarithm"]):
        values = pixels[band].astype(float)
        values = np.log1p(np.maximum(values, 0)) if log else values
        out[band] = (values - state["band_mean"][band]) / state["band_deviation"][band]
    return out


def slow_moments(values, valid, row, col, patch):
    inside = np.s_[row : row + patch, col : col + patch]
    if not valid[inside].any():
        return np.zeros(2 * len(values))
    held = [band[inside][valid[inside]] for band in values]
    return np.array([band.mean() for band in held] + [band.std() for band in held])


def slow_textures(state, values, valid, row, col, patch, step):
    """Mean rectified responses of a patch, position by position."""
    weights, offset, threshold = (np.asarray(state[key], float) for key in ("weights", "offset", "threshold"))
    above, below, seen = np.zeros(len(offset)), np.zeros(len(offset)), 0
    for y in range(row + step - 1, row + patch, step):
        for x in range(col + step - 1, col + patch, step):
            if y < 1 or x < 1 or y + 2 > valid.shape[0] or x + 2 > valid.shape[1]:
                continue
            if valid[y - 1 : y + 2, x - 1 : x + 2].all():
                response = values[:, y - 1 : y + 2, x - 1 : x + 2].ravel() @ weights + offset
                above += np.maximum(response - threshold, 0)
                below += np.maximum(-response - threshold, 0)
                seen += 1
    features = np.stack([above, below]).reshape(2, 4, -1) / max(seen, 1)
    return np.sort(features, axis=1).ravel()


def slow_default(encoder, image, valid, block):
    state = encoder.state()
    values = scaled(state, image.pixels)
    step = 2 if block.patch % 2 == 0 and block.stride % 2 == 0 else 1
    vectors = []
    for row in range(block.row, block.row + block.rows * block.stride, block.stride):
        for col in range(block.col, block.col + block.cols * block.stride, block.stride):
            texture = slow_textures(state, values, valid, row, col, block.patch, step)
            features = np.concatenate([texture, slow_moments(values, valid, row, col, block.patch)])
            vector = features @ state["components"].astype(float) - state["projection_offset"]
            vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors)


@pytest.mark.parametrize(("patch", "stride"), [(16, 8), (12, 4), (15, 5), (16, 7), (10, 10), (9, 12), (8, 20)])
@pytest.mark.parametrize("masked", [False, True])
def test_default_agrees_with_the_plain_arithmetic(patch, stride, masked):
    pixels = textures(3, 90, 100)
    valid = holes(90, 100) if masked else np.ones((90, 100), bool)
    image = ArrayImage(pixels, valid if masked else None)
    encoder = fit("default", image, patch, stride)
    grid = grid_of(image, patch, stride)
    block = grid.block(0, grid.cols - 4, 5, 4)
    vectors, share = encoder.encode(image, block)
    rows, cols = grid.corners(block)
    expected = np.array([valid[r : r + patch, c : c + patch].mean() for r, c in zip(rows, cols, strict=True)])
    assert np.allclose(share, expected)
    slow = slow_default(encoder, image, valid, block)
    some = expected > 0
    assert np.abs(vectors[some] - slow[some]).max() < 2e-4


def test_statistics_agree_with_the_plain_arithmetic():
    valid = holes(96, 112)
    image = ArrayImage(textures(), valid)
    encoder = fit("statistics", image)
    state, block = encoder.state(), whole(image)
    values = scaled(state, image.pixels)
    vectors, share = encoder.encode(image, block)
    rows, cols = grid_of(image).corners(block)
    for vector, row, col in zip(vectors[share > 0], rows[share > 0], cols[share > 0], strict=True):
        expected = slow_moments(values, valid, row, col, 16) - state["mean"]
        assert np.allclose(vector, expected / np.linalg.norm(expected), atol=1e-4)


# Masks ------------------------------------------------------------------------------------------------------------


@BOTH
def test_what_lies_under_the_mask_has_no_influence(name):
    pixels, valid = textures(), holes(96, 112)
    encoder = fit(name, ArrayImage(pixels))
    changed = np.where(valid, pixels, np.random.default_rng(1).integers(0, 60_000, pixels.shape))
    one, two = (encoder.encode(ArrayImage(each, valid), whole(ArrayImage(each))) for each in (pixels, changed))
    assert np.array_equal(one[0], two[0]) and np.array_equal(one[1], two[1])
    open_, _ = encoder.encode(ArrayImage(pixels), whole(ArrayImage(pixels)))
    assert np.abs(open_ - one[0]).max() > 0.01  # the mask does matter where it hides something


@BOTH
def test_a_patch_with_a_hole_looks_like_the_same_patch_without(name):
    pixels = textures()
    valid = np.ones(pixels.shape[1:], bool)
    valid[20:24, 20:24] = False
    encoder = fit(name, ArrayImage(pixels))
    block = PatchBlock(16, 16, 1, 1, 16, 8)
    (plain,), _ = encoder.encode(ArrayImage(pixels), block)
    (holed,), (share,) = encoder.encode(ArrayImage(pixels, valid), block)
    assert share == 1 - 16 / 256
    assert plain @ holed > 0.95


@BOTH
def test_a_patch_without_any_valid_pixel_is_zeros(name):
    pixels = textures()
    valid = np.ones(pixels.shape[1:], bool)
    valid[40:80, 40:80] = False
    encoder = fit(name, ArrayImage(pixels))
    vectors, share = encoder.encode(ArrayImage(pixels, valid), PatchBlock(48, 48, 1, 1, 16, 8))
    assert share[0] == 0 and not vectors.any()


# Repeatability ----------------------------------------------------------------------------------------------------


@BOTH
def test_same_seed_same_vectors(name):
    image = ArrayImage(textures())
    vectors = [fit(name, image, seed=seed).encode(image, whole(image))[0] for seed in (5, 5, 6)]
    assert np.array_equal(vectors[0], vectors[1])
    assert name == "statistics" or not np.array_equal(vectors[0], vectors[2])


@BOTH
@pytest.mark.parametrize(("patch", "stride"), [(16, 8), (16, 5), (24, 24)])
def test_a_vector_does_not_depend_on_its_block(name, patch, stride):
    image = ArrayImage(textures(3, 150, 170), holes(150, 170))
    encoder, grid = fit(name, image, patch, stride), grid_of(image, patch, stride)
    together = encoder.encode(image, whole(image, patch, stride))[0].reshape(grid.rows, grid.cols, -1)
    for row in range(0, grid.rows, 3):
        for col in range(0, grid.cols, 4):
            alone, _ = encoder.encode(image, grid.block(row, col, 1, 1))
            assert np.allclose(alone[0], together[row, col], atol=3e-5)


@BOTH
def test_what_was_learnt_survives_the_disk_and_fits_another_image(name, tmp_path):
    image, other = ArrayImage(textures(seed=1)), ArrayImage(textures(seed=2))
    encoder = fit(name, image)
    path = tmp_path / "encoder ä.npz"
    np.savez(path, version=np.int64(encoder.version), **encoder.state())
    again = encoders.load(name, path)
    assert again.dim == encoder.dim and again.parameters == encoder.parameters
    for each in (image, other):
        assert np.array_equal(again.encode(each, whole(each))[0], encoder.encode(each, whole(each))[0])


def test_state_from_the_future_or_broken_is_refused(tmp_path):
    encoder = fit("default", ArrayImage(textures()))
    path = tmp_path / "encoder.npz"
    np.savez(path, version=np.int64(99), **encoder.state())
    refused("encoder_too_new", encoders.load, "default", path)
    path.write_bytes(path.read_bytes()[:500])
    refused("encoder_damaged", encoders.load, "default", path)
    np.savez(path, version=np.int64(1), weights=np.zeros((9, 4)))
    refused("encoder_damaged", encoders.load, "default", path)
    refused("encoder_damaged", encoders.load, "default", tmp_path / "missing.npz")


# What they can tell ------------------------------------------------------------------------------------------------


def test_default_looks_past_quarter_turns_and_tells_rows_from_lattices():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:192, :192]
    rows, columns = np.sin(y * 1.6), np.sin(x * 1.6)
    lattice = np.sign(np.sin(x * 1.6) * np.sin(y * 1.6)) * np.sqrt(0.5)
    picture = np.where(x < 64, rows, np.where(x < 128, columns, lattice))
    pixels = 1000 + 200 * picture[None] + rng.normal(scale=10, size=(2, 192, 192))
    image = ArrayImage(pixels)
    vectors = fit("default", image).encode(image, whole(image))[0].reshape(23, 23, -1)
    row, column, grid = vectors[10, 3], vectors[10, 11], vectors[10, 19]
    assert row @ column > 0.8
    assert row @ grid < 0


def test_turns_are_sorted_filter_by_filter():
    features = np.random.default_rng(0).normal(size=(7, 2 * 4 * 5)).astype(np.float32)
    expected = np.sort(features.reshape(7, 2, 4, 5), axis=2).reshape(7, -1)
    assert np.array_equal(whichever_way(features), expected)


@pytest.mark.parametrize("seed", range(3))
def test_default_beats_statistics_on_textures_of_equal_mean(seed):
    """Squares with the same mean and deviation, told apart by grain alone."""
    rng = np.random.default_rng(seed)
    coarse = np.kron(rng.normal(size=(1, 48, 96)), np.ones((1, 2, 2)))[:, :96, :192]
    fine = rng.normal(size=(1, 96, 192))
    square = (np.indices((96, 192)) // 32).sum(axis=0) % 2
    image = ArrayImage(1000 + 100 * np.where(square, coarse, fine))
    kinds = square[16::32, 16::32].ravel()
    found = {}
    for name in ("default", "statistics"):
        encoder = fit(name, image, 32, 32)
        vectors, _ = encoder.encode(image, whole(image, 32, 32))
        likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
        found[name] = (kinds[likeness.argmax(axis=1)] == kinds).mean()
    assert found["default"] == 1 and found["statistics"] < 0.95


# Odd images --------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("bands", "height", "width"), [(1, 40, 40), (12, 48, 64), (2, 16, 16), (3, 16, 25), (1, 17, 16)]
)
def test_few_bands_and_tiny_images_work(name, bands, height, width):
    image = ArrayImage(textures(bands, height, width))
    encoder = fit(name, image)
    vectors, _ = encoder.encode(image, whole(image))
    assert vectors.shape == (len(vectors), encoder.dim) and encoder.dim >= 1
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_negative_bands_are_taken_as_they_are():
    pixels = textures(2).astype(np.float32)
    pixels[1] = -pixels[1] / 100
    state = fit("default", ArrayImage(pixels)).state()
    assert state["logarithm"].tolist() == [True, False]


def test_a_band_that_does_not_vary_adds_nothing():
    pixels = textures(3)
    pixels[1] = 700
    with_, without = ArrayImage(pixels), ArrayImage(pixels[[0, 2]])
    one, two = (fit("statistics", each).encode(each, whole(each))[0] for each in (with_, without))
    assert np.allclose(one @ one.T, two @ two.T, atol=1e-4)
    vectors, _ = fit("default", with_).encode(with_, whole(with_))
    assert np.isfinite(vectors).all()


def test_scattered_valid_pixels_leave_colour_to_go_by():
    """No 3 x 3 pixels are valid anywhere, so there are no filters; means and deviations still work."""
    valid = np.indices((64, 64)).sum(axis=0) % 2 == 0
    image = ArrayImage(textures(3, 64, 64), valid)
    encoder = fit("default", image)
    vectors, share = encoder.encode(image, whole(image))
    assert encoder.parameters["filters"] == 0 and (share == 0.5).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_another_number_of_bands_is_refused():
    encoder, other = fit("default", ArrayImage(textures(3))), ArrayImage(textures(4))
    error = refused("other_bands", encoder.encode, other, whole(other))
    assert "3" in error.message and "4" in error.message


def test_unknown_encoder_names_those_there_are():
    error = refused("unknown_encoder", encoders.find, "defualt")
    assert "“default”" in error.hint and "“statistics”" in error.hint and "Did you mean “default”" in error.hint
    assert set(encoders.names()) == {"default", "statistics"}


def refused(code, function, *arguments):
    with pytest.raises(EngineError) as caught:
        function(*arguments)
    assert caught.value.code == code and caught.value.message and caught.value.hint
    return caught.value
