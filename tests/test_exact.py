"""Abbe's sum with multislice, against the linear model, against a sum written out, and against what needs no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import fft

from edgebench.data.simulator.exact import intensities
from edgebench.data.simulator.layers import Layers
from edgebench.data.simulator.optics import GRID_NM, Optics, camera_mtf, transfer_tables

IDEAL = Optics(spherical_waves=0.0, focal_shift_um=(0.0, 0.0, 0.0))
Z_NM = np.array([-4000, -2000, 0, 2000, 4000])
STEP_NM = 1250


@pytest.fixture(scope="module")
def tissue():
    """Three layers of blobs and rods of mean optical density 0.3 at most, and phase, 64 px."""
    rng = np.random.default_rng(4)
    f = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None])
    white = rng.standard_normal((3, 2, 64, 64))
    field = np.fft.ifft2(np.fft.fft2(white) * np.exp(-((f / 0.12) ** 2))).real
    density, phase = np.moveaxis(np.maximum(field / field.std(), 0), 1, 0) * 0.3
    colours = np.array([0.6, 1.0, 0.5])[:, None, None]
    return Layers((density[:, None] * colours).astype(np.float32), phase.astype(np.float32))


def scaled(layers: Layers, density: float, phase: float) -> Layers:
    return Layers(layers.density * np.float32(density), layers.phase * np.float32(phase))


def linear(layers: Layers, optics: Optics) -> np.ndarray:
    """(Z, 3, H, W) intensity of the linear model."""
    depth_nm = STEP_NM * np.array([-1, 0, 1])
    grid_nm = np.arange(Z_NM[0] - STEP_NM, Z_NM[-1] + STEP_NM + 1, GRID_NM)
    tables, step = transfer_tables(optics, grid_nm)
    n = layers.phase.shape[-1]
    f = np.hypot(np.fft.fftfreq(n, optics.pixel_um)[:, None], np.fft.rfftfreq(n, optics.pixel_um)[None])
    through = tables[..., np.rint(f / step).astype(int)]
    rows = (Z_NM[:, None] + depth_nm - grid_nm[0]) // GRID_NM
    density, phase = fft.rfft2(layers.density), fft.rfft2(layers.phase)
    seen = np.einsum("lcyx,czlyx->zcyx", density, through[0][:, rows]) + np.einsum(
        "lyx,czlyx->zcyx", phase, through[1][:, rows]
    )
    return np.exp(-fft.irfft2(seen, (n, n)))


def difference(layers: Layers, optics: Optics, colours: slice) -> float:
    """Of the two models' images, relative to the contrast."""
    exact = intensities(layers, STEP_NM / 1000, optics, Z_NM, points=150)[:, colours]
    other = linear(layers, optics)[:, colours]
    return float((exact - other).std() / other.std())


@pytest.mark.parametrize(
    ("phase", "colours"), [(0, slice(None)), (1, slice(1, 2))], ids=["absorption", "absorption and phase, green"]
)
def test_the_weaker_the_object_the_nearer_is_the_linear_model(tissue, phase, colours):
    """Phase in green alone: the linear model has no dispersion, here phase goes with 1 / wavelength."""
    optics = Optics()
    by_strength = [difference(scaled(tissue, k, k * phase), optics, colours) for k in (1, 0.2, 0.02)]
    assert by_strength[0] > 3 * by_strength[1] > 3 * by_strength[2]
    assert by_strength[2] < 0.01  # what is left: 150 and 500 points of the source


def test_empty_glass_has_intensity_one_in_every_plane_and_colour():
    glass = Layers(np.zeros((3, 3, 24, 30), np.float32), np.zeros((3, 24, 30), np.float32))
    seen = intensities(glass, 1.25, Optics(), np.arange(-12000, 10001, 500), points=7)
    np.testing.assert_allclose(seen, 1, atol=1e-5)  # 45 multiplications in single precision


def test_an_object_moved_sideways_gives_the_same_image_moved(tissue):
    by = (6, -10)  # px, even: whole steps of the grid 1.5 times as fine
    moved = Layers(np.roll(tissue.density, by, (2, 3)), np.roll(tissue.phase, by, (1, 2)))
    seen = intensities(tissue, 1.25, Optics(), Z_NM, points=7)
    again = intensities(moved, 1.25, Optics(), Z_NM, points=7)
    np.testing.assert_allclose(again, np.roll(seen, by, (2, 3)), atol=2e-5)


def test_one_absorbing_layer_looks_the_same_above_and_below_focus(tissue):
    """For the source turned by half a turn: a ray and its mirror image change places."""
    layer = Layers(tissue.density[:1], 0 * tissue.phase[:1])
    above = intensities(layer, 1.25, IDEAL, Z_NM, points=7)
    below = intensities(layer, 1.25, IDEAL, Z_NM, points=7, turn=np.pi)[::-1]
    np.testing.assert_allclose(above, below, atol=2e-5)


def test_a_shifted_zero_and_a_focal_shift_move_the_stack_along_z(tissue):
    optics = replace(IDEAL, focal_shift_um=(0.0, 0.0, 2.0))
    seen = intensities(tissue, 1.25, optics, Z_NM, points=7, zero_um=2.0)
    plain = intensities(tissue, 1.25, IDEAL, Z_NM, points=7)
    np.testing.assert_allclose(seen[:, 2], plain[:, 2], atol=2e-5)
    np.testing.assert_allclose(seen[:-1, 1], plain[1:, 1], atol=2e-5)


def test_few_points_come_near_many_far_from_focus(tissue):
    """A point stands for a disc of the source; without that, 37 points make ghosts of 0.29 of the contrast here."""
    z_nm = np.array([-10000])
    few, many = (intensities(tissue, 1.25, Optics(), z_nm, points=n) for n in (37, 400))
    assert (few - many).std() / many.std() < 0.2


def test_the_wave_is_that_of_a_sum_written_out():
    """A dark, refracting point in each of two slices, at focus: explicit Fourier sums, no FFT, no tricks."""
    n, fine, points, gap_um = 12, 18, 5, 1.0
    optics = Optics(spherical_waves=0.15)
    pixel, wavelength = optics.pixel_um, optics.wavelengths_um[1]
    density, phase = np.zeros((2, 3, n, n), np.float32), np.zeros((2, n, n), np.float32)
    density[0, :, 5, 4], density[1, :, 7, 6], phase[0, 5, 4], phase[1, 7, 6] = 1.0, 0.6, 0.4, 0.3
    seen = intensities(Layers(density, phase), gap_um, optics, np.array([0]), points=points)[0, 1]

    edge = optics.na / wavelength
    length = n * pixel
    low = np.arange(-(n // 2) + 1, n // 2)  # whole cycles a torus that the object holds; no Nyquist line
    every = np.arange(-(fine // 2), fine // 2)
    x_object, x_fine = np.arange(n) * pixel, np.arange(fine) * length / fine

    def wave(k, x):
        return np.exp(2j * np.pi * np.outer(x, k) / length)  # (x, k)

    def on_fine(field):
        spectrum = wave(low, x_object).conj().T @ field @ wave(low, x_object).conj() / n**2
        return (wave(low, x_fine) @ spectrum @ wave(low, x_fine).T).real

    first, second = (np.exp(-on_fine(density[k, 1]) / 2 + 1j * on_fine(phase[k])) for k in (0, 1))
    k = np.arange(points) + 0.5
    angle = k * np.pi * (3 - np.sqrt(5))
    source = np.sqrt(k / points)[:, None] * np.stack([np.sin(angle), np.cos(angle)], 1)
    source = (source - source.mean(axis=0)) * optics.coherence * edge
    forth, back = wave(every, x_fine), wave(every, x_fine).conj().T / fine
    denser = np.arange(40) * length / 40
    total = np.zeros((40, 40))
    for sy, sx in source:
        square = (every[:, None] / length + sy) ** 2 + (every[None] / length + sx) ** 2
        axial = np.sqrt((wavelength**-2 - square).astype(complex))
        spectrum = back @ first @ back.T * np.exp(2j * np.pi * gap_um * axial)
        spectrum = back @ (forth @ spectrum @ forth.T * second) @ back.T
        pupil = (square <= edge**2) * np.exp(2j * np.pi * (0.15 * square**2 / edge**4 - gap_um / 2 * axial))
        total += np.abs(wave(every, denser) @ (spectrum * pupil) @ wave(every, denser).T) ** 2 / points
    spectrum = wave(low, denser).conj().T @ total @ wave(low, denser).conj() / 40**2
    spectrum = spectrum * camera_mtf(optics, np.hypot(low[:, None], low[None]) / length)
    expected = (wave(low, x_object) @ spectrum @ wave(low, x_object).T).real
    assert expected.min() < 0.9 * expected.max()
    np.testing.assert_allclose(seen, expected, atol=2e-5)


def test_a_source_without_points_is_an_error(tissue):
    with pytest.raises(ValueError, match="0 source points"):
        intensities(tissue, 1.25, Optics(), Z_NM, points=0)
