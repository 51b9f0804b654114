"""The transfer functions against physics that can be stated without them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgebench.data.simulator.optics import GRID_NM, Optics, transfer_tables

IDEAL = Optics(spherical_waves=0.0, focal_shift_um=(0.0, 0.0, 0.0), blur_px=0.0)
Z_NM = np.arange(-8000, 8001, GRID_NM)


@pytest.fixture(scope="module")
def ideal():
    return transfer_tables(IDEAL, Z_NM)


def test_brightness_is_kept_at_every_defocus(ideal):
    tables, _ = ideal
    np.testing.assert_allclose(tables[0, :, :, 0], 1, atol=1e-3)
    np.testing.assert_allclose(tables[1, :, :, 0], 0, atol=1e-3)


def test_absorption_is_even_and_phase_is_odd_in_z_without_aberration(ideal):
    tables, _ = ideal
    np.testing.assert_allclose(tables[0], tables[0][:, ::-1], atol=2e-3)
    np.testing.assert_allclose(tables[1], -tables[1][:, ::-1], atol=2e-3)


def test_a_refracting_blob_is_bright_below_focus(ideal):
    """Below focus the camera sees a plane above the object, where a converging phase has gathered light."""
    tables, step = ideal
    density_of_phase = tables[1, 1, list(Z_NM).index(-1000), int(0.2 / step)]
    assert density_of_phase < -0.1


def test_phase_contrast_follows_the_transport_of_intensity_near_focus(ideal):
    """For small defocus the image of a phase is z * lambda / 2 pi * laplacian, with cos(theta) ~ 1 at low frequency."""
    tables, step = ideal
    f, z_um = 0.1, 0.25  # cycles/um, um
    expected = 2 * np.pi * IDEAL.wavelengths_um[1] * z_um * f**2
    got = tables[1, 1, list(Z_NM).index(250), round(f / step)]
    assert got == pytest.approx(expected, rel=0.25)  # the pupil's obliquity adds up to a fifth at NA 0.75


def test_contrast_falls_with_defocus_and_blue_focuses_above_red():
    tables, step = transfer_tables(Optics(spherical_waves=0.0), Z_NM)
    f = int(0.5 / step)
    best = [Z_NM[int(np.argmax(tables[0, colour, :, f]))] for colour in range(3)]
    assert best[0] < best[1] < best[2]
    assert tables[0, 1, 0, f] < 0.2 < tables[0, 1, len(Z_NM) // 2, f]


def test_another_zero_is_another_name_for_the_same_planes():
    optics = Optics(spherical_waves=-0.15)
    (moved, _), (tables, _) = (
        transfer_tables(optics, Z_NM[4:-4] - 750, zero_um=0.75),
        transfer_tables(optics, Z_NM[4:-4]),
    )
    np.testing.assert_allclose(moved, tables, rtol=0, atol=1e-5)


def test_focal_shifts_that_are_all_alike_move_only_zero(ideal):
    shifted, _ = transfer_tables(dataclasses.replace(IDEAL, focal_shift_um=(0.5, 0.5, 0.5)), Z_NM, zero_um=0.5)
    np.testing.assert_allclose(shifted, ideal[0], rtol=0, atol=1e-5)


def test_turning_every_sign_turns_the_stack_upside_down():
    """Chromatic shifts, aberration and phase: with all of them turned, z says nothing that -z did not say before."""
    one = Optics(spherical_waves=0.15, focal_shift_um=(-0.3, 0.0, 0.2))
    other = dataclasses.replace(one, spherical_waves=-0.15, focal_shift_um=(0.3, 0.0, -0.2))
    (tables, _), (turned, _) = (transfer_tables(optics, Z_NM) for optics in (one, other))
    np.testing.assert_allclose(turned[0], tables[0][:, ::-1], rtol=0, atol=2e-3)
    np.testing.assert_allclose(-turned[1], tables[1][:, ::-1], rtol=0, atol=2e-3)


def test_the_linear_model_agrees_with_an_exact_sum_over_source_points_for_a_weak_object():
    """Abbe's sum, written out: each source point images the complex object; their intensities add."""
    size, pixel, z_um = 96, IDEAL.pixel_um, -2.0
    rng = np.random.default_rng(0)
    density = np.zeros((size, size))
    density[30:40, 50:70], density[60:66, 20:30] = 0.02, 0.03
    phase = 0.02 * rng.standard_normal((size, size))
    f = np.fft.fftfreq(size, pixel)
    fy, fx = np.meshgrid(f, f, indexing="ij")
    wavelength = IDEAL.wavelengths_um[1]
    edge = IDEAL.na / wavelength
    spectrum = np.fft.fft2(np.exp(-density / 2 + 1j * phase))
    source = [(sy, sx) for sy in f for sx in f if np.hypot(sy, sx) <= IDEAL.coherence * edge]
    image = np.zeros((size, size))
    for sy, sx in source:
        rho = np.hypot(fy + sy, fx + sx)
        axial = np.sqrt(np.maximum(wavelength**-2 - rho**2, 0))
        pupil = (rho <= edge) * np.exp(-2j * np.pi * z_um * axial)
        image += np.abs(np.fft.ifft2(spectrum * pupil)) ** 2 / len(source)
    exact = -np.log(image)
    tables, step = transfer_tables(IDEAL, np.array([-2000, -1750]))
    radius = np.minimum(np.rint(np.hypot(fy, fx) / step), tables.shape[-1] - 1).astype(int)
    pixel_mtf = np.sinc(np.hypot(fy, fx) * pixel)  # the exact sum has point samples, the tables have pixels
    image_density = np.fft.ifft2(
        np.fft.fft2(density) * tables[0, 1, 0][radius] + np.fft.fft2(phase) * tables[1, 1, 0][radius]
    ).real
    exact = np.fft.ifft2(np.fft.fft2(exact) * pixel_mtf).real
    residual = (image_density - exact).std() / exact.std()
    assert residual < 0.08  # 270 source points on a grid against 500 on a spiral
