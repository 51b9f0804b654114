"""Augmentation: both planes of a pair are changed alike, within 8 bits, from a seed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edgebench.data import augment
from edgebench.focus import preprocess

SEEDS = range(6)


@pytest.fixture
def pair():
    """Two planes as a microscope gives them: smooth tissue below white glass, the upper one a little more blurred."""
    rng = np.random.default_rng(0)
    field = cv2.GaussianBlur(rng.standard_normal((224, 224, 3)), (0, 0), 3)
    lower = 190 - 90 * np.clip(field / field.std() / 2, 0, 1)
    upper = cv2.GaussianBlur(lower, (0, 0), 3)
    return tuple(plane.round().astype(np.uint8) for plane in (lower, upper))


@pytest.fixture
def clean(monkeypatch):
    """Without what no two exposures share: no noise, and JPEG so good that it is none."""
    monkeypatch.setattr(augment, "NOISE", 0.0)
    monkeypatch.setattr(augment, "compressed", lambda plane, quality: plane)


def changed(pair, seed):
    return augment.augmented(*pair, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_planes_keep_their_shape_and_their_8_bits(pair, seed):
    for before, after in zip(pair, changed(pair, seed)):
        assert after.shape == before.shape
        assert after.dtype == np.uint8
        assert not np.array_equal(after, before)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("seed", SEEDS)
def test_black_and_white_do_not_wrap_round(value, seed):
    plane = np.full((64, 64, 3), value, np.uint8)
    for after in changed((plane, plane), seed):
        assert np.abs(after.astype(int) - value).max() < 80  # gain 0.85 and noise of 2.6 grey values


@pytest.mark.parametrize("seed", SEEDS)
def test_equal_planes_stay_equal_but_for_the_rounding(pair, clean, seed):
    lower, upper = changed((pair[0], pair[0]), seed)
    apart = upper.astype(int) - lower
    assert np.abs(apart).max() <= 1  # each plane is rounded at random
    assert abs(apart.mean()) < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_both_planes_pass_through_one_rising_curve_a_colour(pair, clean, seed):
    """So no pixel becomes darker than one that was darker, in whichever plane the two are."""
    before, after = np.stack(pair), np.stack(changed(pair, seed)).astype(float)
    for colour in range(3):
        seen, new = before[..., colour].ravel(), after[..., colour].ravel()
        curve = [new[seen == level] for level in np.unique(seen)]
        assert max(np.ptp(part) for part in curve) == 0
        assert (np.diff([part.mean() for part in curve if len(part) > 50]) >= 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_difference_keeps_its_sign_and_place(pair, seed):
    """What tells the label: the augmented difference image is the old one with other amplitudes."""
    old, new = (preprocess.difference(*map(preprocess.smooth, planes)) for planes in (pair, changed(pair, seed)))
    assert np.corrcoef(old.ravel(), new.ravel())[0, 1] > 0.7  # amplitudes differ by colour


def test_the_seed_decides(pair):
    for a, b, other in zip(changed(pair, 1), changed(pair, 1), changed(pair, 2)):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, other)


def test_the_planes_given_are_left_as_they_are(pair):
    before = [plane.copy() for plane in pair]
    changed(pair, 0)
    for plane, kept in zip(pair, before):
        np.testing.assert_array_equal(plane, kept)


def test_draws_reach_either_side_of_the_old_density_and_colour(pair):
    ratio = np.array([np.mean(changed(pair, seed)[0], (0, 1)) / np.mean(pair[0], (0, 1)) for seed in range(24)])
    assert (ratio.min(0) < 0.95).all()
    assert (ratio.max(0) > 1.0).all()
    assert np.ptp(ratio[:, 0] / ratio[:, 2]) > 0.1


def test_compression_changes_more_at_a_lower_quality(pair):
    noisy = pair[0] + np.random.default_rng(0).integers(0, 9, pair[0].shape, np.uint8)
    lost = [np.abs(augment.compressed(noisy, quality).astype(int) - noisy).mean() for quality in (98, 90, 75, 60)]
    assert lost[0] > 0
    assert (np.diff(lost) > 0).all()


def test_compression_keeps_colours_in_their_channels():
    plane = np.full((32, 32, 3), (200, 120, 40), np.uint8)
    np.testing.assert_allclose(augment.compressed(plane, 90).astype(int), plane, atol=3)
