"""The weighted median of an image: who votes, who does not, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgebench.focus import aggregate

COUNTS = st.integers(1, 40)
ANSWERS = COUNTS.flatmap(
    lambda count: arrays.arrays(np.float32, count, elements=st.floats(-12, 12, width=32, allow_subnormal=False))
)
few = settings(max_examples=60, deadline=None)
CLOSE = 1e-5  # um; float32 answers


def contrasts(count, seed, low=0.0, high=60.0):
    return np.random.default_rng(seed).uniform(low, high, count).astype(np.float32)


@few
@given(ANSWERS, st.floats(0, 1000))
def test_tiles_of_equal_contrast_give_the_plain_median(answers, contrast):
    found = aggregate.weighted_value(answers, np.full(len(answers), contrast, np.float32))
    assert found == pytest.approx(aggregate.image_value(answers), abs=CLOSE)


@few
@given(ANSWERS, st.integers(0, 99))
def test_tiles_of_high_contrast_are_alike_however_high_it_is(answers, seed):
    """From 60 grey values on, one in 800,000 of the vote is missing: less than a tile's in 40."""
    odd = answers[: len(answers) - (1 - len(answers) % 2)]
    found = aggregate.weighted_value(odd, contrasts(len(odd), seed, 60, 600))
    assert found == pytest.approx(aggregate.image_value(odd), abs=CLOSE)


@few
@given(ANSWERS, st.integers(0, 99))
def test_the_value_lies_between_the_answers_and_the_order_of_tiles_is_no_matter(answers, seed):
    contrast = contrasts(len(answers), seed)
    found = aggregate.weighted_value(answers, contrast)
    assert answers.min() - CLOSE <= found <= answers.max() + CLOSE
    order = np.random.default_rng(seed).permutation(len(answers))
    assert aggregate.weighted_value(answers[order], contrast[order]) == pytest.approx(found, abs=CLOSE)


@few
@given(ANSWERS, st.integers(0, 99), st.sampled_from([-4.0, -0.5, 0.25, 8.0]), st.integers(-20, 20))
def test_scaled_and_shifted_answers_scale_and_shift_the_value(answers, seed, slope, offset):
    contrast = contrasts(len(answers), seed)
    found = aggregate.weighted_value(answers.astype(float) * slope + offset, contrast)
    expected = aggregate.weighted_value(answers.astype(float), contrast) * slope + offset
    assert found == pytest.approx(expected, abs=CLOSE)


@few
@given(st.integers(3, 19), st.integers(0, 99))
def test_a_majority_of_empty_tiles_does_not_decide(empty, seed):
    rng = np.random.default_rng(seed)
    tissue = 20 - empty
    answers = np.concatenate([rng.normal(3, 0.1, tissue), rng.uniform(-9, -5, empty)])
    contrast = np.concatenate([rng.uniform(8, 30, tissue), rng.uniform(0, 0.8, empty)])
    assert abs(aggregate.weighted_value(answers, contrast) - 3) < 0.5  # um; the plain median is beyond -5 from 11 on


@few
@given(ANSWERS, st.integers(0, 99))
def test_tiles_without_any_contrast_change_nothing(answers, seed):
    contrast = contrasts(len(answers), seed, 5, 60)
    more = np.concatenate([answers, [-50, 50, 50]]), np.concatenate([contrast, [0, 0, 0]])
    assert aggregate.weighted_value(*more) == pytest.approx(aggregate.weighted_value(answers, contrast), abs=CLOSE)


def test_only_empty_tiles_give_their_plain_median():
    assert aggregate.weighted_value(np.array([1.0, 2.0, 9.0]), np.zeros(3)) == 2


def test_a_tile_of_half_contrast_counts_half():
    answers = np.array([0.0, 1.0, 2.0])
    full, half = 1e6, aggregate.HALF_CONTRAST
    assert aggregate.weighted_value(answers, np.array([half, half, full])) == pytest.approx(1.5)  # 1/2 + 1/2 against 1


def test_the_contrast_of_a_tile_is_the_deviation_of_its_channels_whatever_their_means():
    rng = np.random.default_rng(0)
    tiles = rng.normal((30, 60, 120), (3, 4, 12), (2, 224, 224, 3)).round().astype(np.uint8)
    tiles[1] = 77
    expected = np.sqrt((3**2 + 4**2 + 12**2) / 3)
    np.testing.assert_allclose(aggregate.contrast(tiles), [expected, 0], rtol=0.01)


def test_the_contrast_of_a_difference_does_not_depend_on_its_sign():
    tiles = np.random.default_rng(0).integers(-127, 128, (3, 32, 32, 3), np.int8)
    np.testing.assert_allclose(aggregate.contrast(-tiles), aggregate.contrast(tiles), rtol=1e-5)
