"""The preprocessing as properties: what must not matter, the order of tiles, and equality with a slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from edgebench.errors import DatasetError
from edgebench.focus import aggregate, preprocess

SEEDS = st.integers(0, 2**32 - 1)
CLOSE = 2e-4  # standard deviations; float32 sums over 50,176 px
few = settings(max_examples=8, deadline=None)


def planes(seed, shape=(224, 224), low=60, high=120):
    """Two planes as a microscope gives them: smooth, slightly different, (H, W, 3) uint8 in low..high."""
    rng = np.random.default_rng(seed)
    fields = ndimage.gaussian_filter(rng.standard_normal((2, *shape, 3)), (0, 2, 2, 0))
    fields[1] = 0.7 * fields[0] + 0.3 * fields[1]
    scaled = (fields - fields.min()) / np.ptp(fields)
    lower, upper = (low + (high - low) * scaled).round().astype(np.uint8)
    return lower, upper


def reference(lower, upper, input_size):
    """The paper's 3.4, slowly and in float64: median, difference, median, tiles, area mean, standardise."""

    def median(image):
        return ndimage.median_filter(image, size=(3, 3, 1), mode="nearest")

    difference = median(median(upper.astype(int)) - median(lower.astype(int)))
    edges = np.arange(input_size + 1) * 224 / input_size
    pixel = np.arange(224)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    mean = np.clip(overlap, 0, None) * input_size / 224  # rows are the weights of one output pixel
    made = []
    for top in range(0, difference.shape[0] - 223, 224):
        for left in range(0, difference.shape[1] - 223, 224):
            tile = difference[top : top + 224, left : left + 224]
            small = np.einsum("ij,jkc,lk->ilc", mean, tile, mean, optimize=True)
            made.append((small - small.mean((0, 1))) / small.std((0, 1)))
    return np.array(made)


@pytest.mark.parametrize("input_size", [56, 96, 112, 168, 224])
def test_patches_equal_a_slow_reference(input_size):
    lower, upper = planes(0, (230, 460))
    made = preprocess.patches(lower, upper, input_size)
    assert made.shape == (2, input_size, input_size, 3)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, reference(lower, upper, input_size), rtol=0, atol=CLOSE)


@pytest.mark.parametrize("input_size", [32, 56, 112, 168, 224])
@pytest.mark.parametrize("shape", [(224, 224), (230, 460), (450, 675)])
def test_tiles_made_row_by_row_of_what_is_needed_are_the_same_to_the_bit(input_size, shape):
    lower, upper = planes(1, shape, 0, 255)
    expected = preprocess.patches(lower, upper, input_size)
    small = preprocess.small_tiles(*(preprocess.smooth(preprocess.needed(x)) for x in (lower, upper)), input_size)
    made = np.empty_like(expected)
    for tile, to in zip(small, made, strict=True):
        preprocess.standardise(tile, to)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("input_size", [28, 56, 112, 224])
def test_sums_of_the_largest_differences_do_not_overflow(input_size):
    """Black against white, and the other way round, in blocks of 56 px."""
    black_and_white = np.kron(np.indices((4, 4)).sum(0) % 2, np.ones((56, 56)))[..., None].repeat(3, 2) * 255
    lower, upper = (x.astype(np.uint8) for x in (black_and_white, 255 - black_and_white))
    np.testing.assert_allclose(
        preprocess.patches(lower, upper, input_size), reference(lower, upper, input_size), rtol=0, atol=CLOSE
    )


@few
@given(SEEDS, st.integers(-60, 60), st.integers(-60, 60))
def test_brightness_added_to_a_plane_changes_nothing(seed, more, more_above):
    lower, upper = planes(seed)
    shifted = (lower.astype(int) + more).astype(np.uint8), (upper.astype(int) + more_above).astype(np.uint8)
    np.testing.assert_allclose(preprocess.patches(*shifted, 112), preprocess.patches(lower, upper, 112), atol=CLOSE)


@few
@given(SEEDS, st.integers(2, 4))
def test_gain_of_both_planes_changes_nothing(seed, gain):
    lower, upper = planes(seed, low=10, high=60)
    np.testing.assert_allclose(
        preprocess.patches(gain * lower, gain * upper, 112), preprocess.patches(lower, upper, 112), atol=CLOSE
    )


@few
@given(SEEDS)
def test_swapping_the_planes_turns_the_sign(seed):
    lower, upper = planes(seed)
    np.testing.assert_allclose(
        preprocess.patches(upper, lower, 112), -preprocess.patches(lower, upper, 112), atol=CLOSE
    )


@few
@given(SEEDS)
def test_every_channel_of_every_patch_has_mean_0_and_deviation_1(seed):
    made = preprocess.patches(*planes(seed, (224, 448)), 112).astype(float)
    np.testing.assert_allclose(made.mean((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(made.std((1, 2)), 1, atol=1e-4)


@few
@given(SEEDS)
def test_a_patch_does_not_depend_on_its_neighbours(seed):
    lower, upper = planes(seed, (224, 448))
    other = upper.copy()
    other[:, 228:] = 255 - other[:, 228:]  # beyond the reach of the two medians
    np.testing.assert_array_equal(preprocess.patches(lower, upper, 112)[0], preprocess.patches(lower, other, 112)[0])


def test_the_difference_is_upper_minus_lower_with_its_sign():
    dark, bright = (np.full((224, 224, 3), value, np.uint8) for value in (0, 255))
    assert preprocess.difference(dark, bright).dtype == np.int16
    assert (preprocess.difference(dark, bright) == 255).all()
    assert (preprocess.difference(bright, dark) == -255).all()


def test_one_hot_pixel_leaves_no_trace():
    lower, upper = planes(1)
    hot = upper.copy()
    hot[100, 100] = 255
    clean, seen = (preprocess.difference(*map(preprocess.smooth, (lower, above))) for above in (upper, hot))
    assert np.abs(seen - clean).max() <= 4  # grey values; its neighbours are that close to one another


@pytest.mark.parametrize("value", [0, 128, 255])
def test_planes_without_any_difference_give_zeros_not_nan(value):
    plane = np.full((224, 224, 3), value, np.uint8)
    assert (preprocess.patches(plane, plane, 112) == 0).all()


def test_one_constant_channel_gives_zeros_and_leaves_the_others():
    lower, upper = planes(2)
    whole = preprocess.patches(lower, upper, 112)
    upper[..., 1] = lower[..., 1]
    made = preprocess.patches(lower, upper, 112)
    assert (made[..., 1] == 0).all()
    np.testing.assert_array_equal(made[..., [0, 2]], whole[..., [0, 2]])


def test_the_papers_field_gives_20_tiles_row_by_row_from_the_top_left():
    y, x = np.mgrid[:1024, :1224]
    image = np.stack([y, x, 0 * x], 2).astype(np.int16)
    made = preprocess.tiles(image)
    assert made.shape == (20, 224, 224, 3)
    corners = [(224 * row, 224 * column) for row in range(4) for column in range(5)]
    assert [tuple(tile[0, 0, :2]) for tile in made] == corners
    assert [tuple(tile[-1, -1, :2]) for tile in made] == [(top + 223, left + 223) for top, left in corners]


def test_the_tiles_of_a_pair_are_those_of_its_difference_or_of_its_upper_plane_alone():
    lower, upper = planes(4, (224, 448))
    difference = preprocess.difference(preprocess.smooth(lower), preprocess.smooth(upper))
    np.testing.assert_array_equal(preprocess.pair_tiles(lower, upper), preprocess.tiles(difference))
    np.testing.assert_array_equal(preprocess.pair_tiles(lower, upper, "single"), preprocess.tiles(upper))
    assert [preprocess.pair_tiles(lower, upper, kind).dtype for kind in preprocess.KINDS] == [np.int16, np.uint8]


@pytest.mark.parametrize("kind", preprocess.KINDS)
def test_planes_that_are_smoothed_already_give_the_same_tiles_and_are_not_smoothed_again(monkeypatch, kind):
    lower, upper = planes(3)
    expected = preprocess.pair_tiles(lower, upper, kind)
    smoothed = preprocess.smooth(lower), preprocess.smooth(upper)
    monkeypatch.delattr(preprocess, "smooth")
    np.testing.assert_array_equal(preprocess.pair_tiles(lower, upper, kind, smoothed), expected)


@few
@given(SEEDS)
def test_a_single_plane_is_standardised_and_the_plane_below_is_no_matter(seed):
    lower, upper = planes(seed, (224, 448))
    made = preprocess.patches(lower, upper, 112, "single")
    np.testing.assert_array_equal(made, preprocess.patches(255 - lower, upper, 112, "single"))
    np.testing.assert_allclose(made.astype(float).mean((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(made.astype(float).std((1, 2)), 1, atol=1e-4)


@pytest.mark.parametrize("kind", preprocess.KINDS)
def test_tiles_of_8_bits_give_the_same_input_as_those_of_more(kind):
    tiles = preprocess.pair_tiles(*planes(5), kind)
    assert np.abs(tiles).max() <= (127 if kind == "difference" else 255)
    eight = tiles.astype(np.int8 if kind == "difference" else np.uint8)
    np.testing.assert_array_equal(preprocess.model_input(eight, 112), preprocess.model_input(tiles, 112))


def test_a_training_tile_is_one_tile_unchanged():
    (lower, _) = planes(3)
    np.testing.assert_array_equal(preprocess.tiles(lower), lower[np.newaxis])


@pytest.mark.parametrize("shape", [(223, 224), (224, 100)])
def test_an_image_smaller_than_a_tile_is_an_error(shape):
    with pytest.raises(DatasetError, match=f"{shape[1]}x{shape[0]}"):
        preprocess.tiles(np.zeros((*shape, 3), np.int16))


def test_planes_of_different_sizes_are_an_error():
    with pytest.raises(DatasetError, match="differ in size"):
        preprocess.patches(np.zeros((224, 224, 3), np.uint8), np.zeros((224, 448, 3), np.uint8), 112)


def test_the_value_of_an_image_is_the_median_of_its_tiles():
    assert aggregate.image_value(np.array([1.0, 1.5, 2.0, -9.0, 1.2], np.float32)) == pytest.approx(1.2)
