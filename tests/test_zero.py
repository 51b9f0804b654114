from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgebench.data.simulator import parameters, render
from edgebench.data.simulator.layers import Layers, linearised
from edgebench.data.simulator.optics import Optics
from edgebench.data.simulator.zero import sharpest_um
from edgebench.focus import measures

SIZE = (160, 160)


def stack(seed, **changes):
    """z in nm and noiseless planes of a training draw."""
    drawn = parameters.training(np.random.default_rng(seed), np.random.default_rng(seed + 100))
    drawn = dataclasses.replace(drawn, noise=0.0, first_nm=-12000, **changes)
    found = list(render.planes(drawn, SIZE, np.random.default_rng(seed)))
    return np.array([z for z, _ in found]), np.stack([image for _, image in found])


@pytest.mark.parametrize("seed", range(6))
def test_a_stack_is_sharpest_near_its_zero(seed):
    """Brenner sees grey values after the camera, so that it may lie a depth of field's fraction beside it."""
    z_nm, planes = stack(seed)
    figures = [measures.brenner(measures.luminance(plane)) for plane in planes]
    assert abs(z_nm[int(np.argmax(figures))]) <= 500


@pytest.mark.parametrize("seed", range(4))
def test_defocus_neither_makes_nor_loses_light(seed):
    """The mean of a plane must not tell z: a network would read the direction of focus from it."""
    _, planes = stack(seed)
    contrast = planes[len(planes) // 2].std()
    assert np.ptp(planes.mean(axis=(1, 2, 3))) < 0.03 * contrast + 0.3


def test_an_object_without_detail_has_its_zero_at_the_paraxial_focus():
    nothing = np.zeros((3, 3, 20, 11), np.complex64)
    assert sharpest_um((nothing, nothing), np.array([-1250, 0, 1250]), Optics(), np.ones((20, 11))) == 0


def test_the_zero_follows_the_layer_that_holds_the_detail():
    rng = np.random.default_rng(0)
    spectra = np.zeros((3, 3, 40, 21), np.complex64)
    spectra[2] = rng.normal(size=(3, 40, 21))
    frequency = np.hypot(np.fft.fftfreq(40, 0.345)[:, None], np.fft.rfftfreq(40, 0.345)[None])
    depth_nm = np.array([-1250, 0, 1250])
    plain = Optics(focal_shift_um=(0.0, 0.0, 0.0), spherical_waves=0.0)
    found = sharpest_um((spectra, np.zeros_like(spectra)), depth_nm, plain, frequency)
    assert found == pytest.approx(-1.25, abs=0.1)  # the stage must go down where the detail lies high


def test_layers_together_take_what_beer_and_lambert_say():
    density = np.random.default_rng(0).uniform(0, 0.8, (3, 3, 8, 8)).astype(np.float32)
    density[:, :, 0, 0] = 0
    taken, phase = linearised(Layers(density, np.ones((3, 8, 8), np.float32)), (0.62, 0.53, 0.46))
    np.testing.assert_allclose(1 - taken.sum(axis=0), np.exp(-density.sum(axis=0)), rtol=0, atol=1e-6)
    np.testing.assert_allclose(phase[0, :, 0, 0], [0.53 / 0.62, 1, 0.53 / 0.46], rtol=1e-6)
