"""Figures of merit: highest at the sharpest image, and what light and offset do to them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebench.focus.measures import MEASURES, boddeke, brenner, laplacian, luminance, normalised_variance, tenengrad

ENERGIES = [tenengrad, laplacian, brenner, boddeke]  # of a filter that sums to zero


def field(seed: int, side: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).uniform(40, 200, (side, side)).astype(np.float32)


@pytest.mark.parametrize("name", MEASURES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_every_figure_falls_as_the_blur_grows(name, seed):
    figures = [MEASURES[name](cv2.GaussianBlur(field(seed), (0, 0), sigma)) for sigma in (0.3, 0.8, 1.5, 3.0, 6.0)]
    assert all(sharper > more_blurred for sharper, more_blurred in zip(figures, figures[1:]))


@pytest.mark.parametrize("measure", ENERGIES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 4), offset=st.floats(-30, 200))
def test_an_energy_grows_with_the_square_of_the_light_and_ignores_an_offset(measure, seed, factor, offset):
    grey = field(seed)
    brighter = (grey * factor + offset).astype(np.float32)
    assert measure(brighter) == pytest.approx(measure(grey) * factor**2, rel=1e-3)  # float32 of grey values


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 4))
def test_normalised_variance_grows_with_the_light_only_linearly(seed, factor):
    grey = field(seed)
    assert normalised_variance((grey * factor).astype(np.float32)) == pytest.approx(
        normalised_variance(grey) * factor, rel=1e-4
    )


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("level", [0, 128])
def test_an_even_image_scores_zero(name, level):
    assert MEASURES[name](np.full((32, 32), level, np.float32)) == 0


@pytest.mark.parametrize("measure", [brenner, boddeke])
def test_what_changes_only_down_the_image_is_not_seen_by_a_filter_along_x(measure):
    stripes = np.repeat(np.arange(32, dtype=np.float32)[:, None], 32, axis=1)
    assert measure(stripes) == 0
    assert measure(stripes.T) > 0
    assert tenengrad(stripes) == pytest.approx(tenengrad(stripes.T))


def test_known_ramps_give_the_values_of_the_formulas():
    ramp = np.repeat(np.arange(32, dtype=np.float32)[None], 32, axis=0)  # 1 grey value a pixel
    assert tenengrad(ramp) == pytest.approx(64)  # (8 x 1)^2
    assert brenner(ramp) == pytest.approx(4)  # 2^2
    assert boddeke(ramp) == pytest.approx(16)  # 4^2: twice as far on the coarser grid
    assert laplacian(ramp) == pytest.approx(0, abs=1e-9)
    assert laplacian(ramp**2 / 2) == pytest.approx(0, abs=1e-9)  # its Laplacian is 1 everywhere: no variance


def test_luminance_weighs_green_most_and_does_not_round():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 1, 2]]], np.uint8)
    np.testing.assert_allclose(luminance(colours)[0], [76.245, 149.685, 29.07, 1.114], rtol=1e-4)
