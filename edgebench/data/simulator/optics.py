"""Partially coherent bright-field imaging of thin layers, linear in what they take of the light and in their phase.

What a layer at defocus z takes away in the image is, in the Fourier domain,
    D(f) = Re C(f, z) * mu(f) + 2 Im C(f, z) * phi(f),   C(f, z) = <conj P(s) P(s + f)> over the source s,
with mu the share of the light that the layer takes, phi its phase (rad) and P the pupil with the exact (not
paraxial) defocus phase of air and primary spherical aberration. Re C is even in z and blurs; Im C is odd in z, so
that a phase object changes sign through focus. Sources: Streibl 1985 (weak-object transfer functions), Born and Wolf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRID_NM = 250  # layers and planes lie on this grid in z, so that one recurrence gives every transfer function
RADII = 128  # radial frequencies computed; linear interpolation between them
TABLE = 2048  # entries of the interpolated tables
SOURCE_POINTS = 500  # of the source, folded to a half disc


@dataclass(frozen=True)
class Optics:
    """One microscope. Defaults: 20X, NA 0.75, 0.345 um a pixel (2x2 bins of 3.45 um), white LED, Koehler."""

    na: float = 0.75
    coherence: float = 0.6  # condenser NA over objective NA
    wavelengths_um: tuple[float, float, float] = (0.62, 0.53, 0.46)  # R, G, B
    focal_shift_um: tuple[float, float, float] = (-0.3, 0.0, 0.3)  # chromatic shift of best focus, R, G, B
    spherical_waves: float = 0.08  # W040 at the pupil's edge, in wavelengths of green
    pixel_um: float = 0.345
    blur_px: float = 0.35  # standard deviation of what the camera's colour interpolation adds


def transfer_tables(
    optics: Optics, z_grid_nm: np.ndarray, zero_um: float = 0.0, points: int = SOURCE_POINTS
) -> tuple[np.ndarray, float]:
    """Transfer functions on a rising grid of GRID_NM steps.

    z = 0 is zero_um above the paraxial focus of green. Returns ((2, 3, Z, TABLE) float32: absorption and phase,
    colour, z, radial frequency) and the frequency step of the last axis in cycles/um.
    """
    f_max = np.sqrt(0.5) / optics.pixel_um  # corner of the pixel grid's spectrum
    radii = np.linspace(0, f_max, RADII)
    fine = np.linspace(0, f_max, TABLE)
    camera = camera_mtf(optics, fine)
    tables = np.empty((2, 3, len(z_grid_nm), TABLE), np.float32)
    for colour in range(3):
        correlation = _correlation(optics, colour, radii, z_grid_nm, zero_um=zero_um, points=points)
        for k, row in enumerate(correlation):
            tables[0, colour, k] = np.interp(fine, radii, row.real) * camera
            tables[1, colour, k] = np.interp(fine, radii, 2 * row.imag) * camera
    return tables, float(fine[1])


def camera_mtf(optics: Optics, f: np.ndarray) -> np.ndarray:
    """Transfer of the camera's square pixel (taken as round) and its blur at radial frequencies f, cycles/um."""
    mtf: np.ndarray = np.sinc(f * optics.pixel_um) * np.exp(-2 * (np.pi * optics.blur_px * optics.pixel_um * f) ** 2)
    return mtf


def _correlation(
    optics: Optics, colour: int, radii: np.ndarray, z_nm: np.ndarray, *, zero_um: float, points: int
) -> np.ndarray:
    """C(f, z), (Z, radii) complex64, by a recurrence over z: each equal step turns a source point's phase alike."""
    wavelength = optics.wavelengths_um[colour]
    edge = optics.na / wavelength
    sx, sy = _half_disc(points, optics.coherence * edge)
    shifted = (sx[None] + radii[:, None]) ** 2 + sy[None] ** 2  # |s + f|^2
    centred = (sx**2 + sy**2)[None]
    inside = shifted <= edge**2
    shifted = np.minimum(shifted, edge**2)
    axial = np.sqrt(wavelength**-2 - shifted) - np.sqrt(wavelength**-2 - centred)  # cycles/um
    spherical = optics.spherical_waves * optics.wavelengths_um[1] / wavelength * (shifted**2 - centred**2) / edge**4
    z0_um = z_nm[0] / 1000 + zero_um - optics.focal_shift_um[colour]
    field = (inside * np.exp(2j * np.pi * (spherical - z0_um * axial))).astype(np.complex64)
    step = np.exp(-2j * np.pi * (z_nm[1] - z_nm[0]) / 1000 * axial).astype(np.complex64)
    out = np.empty((len(z_nm), len(radii)), np.complex64)
    for row in out:
        field.mean(axis=1, out=row)
        field *= step
    return out


def _half_disc(count: int, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Evenly spread points of a disc (sunflower), folded to y >= 0: the pupil is symmetric."""
    k = np.arange(count) + 0.5
    r = radius * np.sqrt(k / count)
    turn = k * np.pi * (3 - np.sqrt(5))
    return r * np.cos(turn), np.abs(r * np.sin(turn))
