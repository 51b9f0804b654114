"""Partially coherent bright-field imaging without linearisation: Abbe's sum over source points, with multislice.

Each source point s lights the object with a tilted plane wave. The wave goes through the layers from the lowest up:
a layer multiplies it by exp(-density / 2 + i phase), the angular spectrum of air carries it to the next. The pupil
(defocus without paraxial approximation, aberration, focal shift of the colour: as in optics.py) makes of it the
field at the camera, and the intensities of all source points add. Strong absorption, multiple scattering and the
interference of scattered light with itself are in it, which the linear model leaves out; for weak objects both are
the same. Phase goes with 1 / wavelength here (the linear model has that of green for all colours).

Few points make ghosts far from focus, where the image of each is displaced by z tan(angle). So a point stands for a
disc of the condenser: the images of a small disc's points are nearly one image displaced, and their mean is that
image blurred by the disc's projection (`_disc`). With it 37 points do what 60 to 90 do without; with many points the
factor tends to 1.
Sources: Abbe 1873 and Born and Wolf (the sum); Cowley and Moodie 1957, Kirkland 2010 (multislice).
"""

from __future__ import annotations

from math import ceil

import numpy as np
from scipy import fft, special

from edgebench.data.simulator.fields import Shape
from edgebench.data.simulator.layers import Layers
from edgebench.data.simulator.optics import Optics, camera_mtf

EVALUATION_POINTS, TRAINING_POINTS = 37, 19  # of the source
IMAGE_SLICES = 5  # of a real image as the object: not the number that the linear model has
OVERSAMPLING = 1.5  # of the grid that the wave goes through the object on, per axis; products of two bands fit


def intensities(
    layers: Layers,
    step_um: float,
    optics: Optics,
    z_nm: np.ndarray,
    *,
    points: int,
    zero_um: float = 0.0,
    turn: float = 0.0,
    oversampling: float = OVERSAMPLING,
) -> np.ndarray:
    """Planes of an object on a torus: (Z, 3, H, W) float32, intensity relative to empty glass, camera's MTF included.

    layers: lowest first, step_um apart, the middle of them at 0. z_nm: rising in equal steps; its zero lies zero_um
    above the paraxial focus of green (render.py takes zero.sharpest_um, as for the linear model). points: of the
    source, evenly spread over the condenser's disc, turned by `turn` (rad). Raises ValueError without a point.
    """
    if points < 1:
        raise ValueError(f"{points} source points, expected at least one")
    torus: Shape = layers.phase.shape[1], layers.phase.shape[2]
    inner: Shape = fft.next_fast_len(ceil(oversampling * torus[0])), fft.next_fast_len(ceil(oversampling * torus[1]))
    phase = _resampled(layers.phase, inner)
    above_um = step_um * (len(phase) - 1) / 2  # the wave leaves the uppermost layer
    f = np.hypot(np.fft.fftfreq(torus[0], optics.pixel_um)[:, None], np.fft.rfftfreq(torus[1], optics.pixel_um)[None])
    camera = camera_mtf(optics, f).astype(np.float32)
    out = np.empty((len(z_nm), 3, *torus), np.float32)
    for colour, wavelength in enumerate(optics.wavelengths_um):
        turned = 1j * phase * np.float32(optics.wavelengths_um[1] / wavelength)
        slices = np.exp(turned - _resampled(layers.density[:, colour], inner) / 2)
        focus_um = z_nm / 1000 + zero_um - optics.focal_shift_um[colour]  # of the middle of the object
        sums = _sum_over_source(slices, step_um, optics, wavelength, focus_um + above_um, torus, _source(points, turn))
        for k, plane in enumerate(sums):
            out[k, colour] = _resampled(plane, torus, camera * _disc(optics, points, abs(focus_um[k]) * f))
    return out


def _sum_over_source(
    slices: np.ndarray,
    step_um: float,
    optics: Optics,
    wavelength: float,
    z_um: np.ndarray,
    torus: Shape,
    source: np.ndarray,
) -> np.ndarray:
    """Mean intensity over the source at each defocus of the uppermost slice, (Z, h, w) float32.

    The grid is so fine that the intensity (its band is twice the pupil's) does not alias into the camera's band.
    """
    edge = optics.na / wavelength
    length = torus[0] * optics.pixel_um, torus[1] * optics.pixel_um
    inner: Shape = slices.shape[1], slices.shape[2]
    outer = [fft.next_fast_len(ceil((2 * edge + 0.5 / optics.pixel_um) * side) + 2) for side in length]
    fy, fx = (np.fft.fftfreq(n, side / n) for n, side in zip(inner, length))
    entered = fft.fft2(slices[0], workers=1)
    sums = np.zeros((len(z_um), *outer), np.float32)
    for sy, sx in source * optics.coherence * edge:
        own = _axial(sy**2 + sx**2, wavelength)
        carried = np.exp(2j * np.pi * step_um * (_axial(_squares(fy + sy, fx + sx), wavelength) - own))
        wave = entered
        for one in slices[1:]:
            wave = fft.fft2(fft.ifft2(wave * carried.astype(np.complex64), workers=1) * one, workers=1)
        ky, kx = (np.arange(n) - n // 2 - round(s * side) for n, s, side in zip(outer, (sy, sx), length))
        square = _squares(ky / length[0] + sy, kx / length[1] + sx)  # the pupil, in the middle of its grid
        known = (np.abs(ky) < inner[0] / 2)[:, None] & (np.abs(kx) < inner[1] / 2)[None]
        inside = known & (square <= edge**2)
        square = np.minimum(square, edge**2)
        axial = np.sqrt(wavelength**-2 - square) - own.real
        waves = optics.spherical_waves * optics.wavelengths_um[1] / wavelength * square**2 / edge**4 - z_um[0] * axial
        pupil = inside * np.exp(2j * np.pi * waves) * (outer[0] * outer[1] / (inner[0] * inner[1]))
        field = wave[np.ix_(ky % inner[0], kx % inner[1])] * pupil.astype(np.complex64)
        rise_um = (z_um[-1] - z_um[0]) / max(len(z_um) - 1, 1)
        further = np.exp(-2j * np.pi * rise_um * axial).astype(np.complex64)
        for plane in sums:
            seen = fft.ifft2(field, workers=1)
            plane += seen.real**2 + seen.imag**2
            field *= further
    sums /= len(source)
    return sums


def _axial(square: np.ndarray | float, wavelength: float) -> np.ndarray:
    """Axial frequency in air, cycles/um, imaginary for evanescent waves."""
    axial: np.ndarray = np.sqrt(np.asarray(wavelength**-2 - square, np.complex128))
    return axial


def _squares(fy: np.ndarray, fx: np.ndarray) -> np.ndarray:
    squares: np.ndarray = (fy**2)[:, None] + (fx**2)[None]
    return squares


def _source(count: int, turn: float) -> np.ndarray:
    """(count, 2) points evenly spread over the unit disc (sunflower), their mean in the middle: no drift with z."""
    k = np.arange(count) + 0.5
    angle = turn + k * np.pi * (3 - np.sqrt(5))
    points: np.ndarray = np.sqrt(k / count)[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    points -= points.mean(axis=0)
    return points


def _disc(optics: Optics, points: int, cycles: np.ndarray) -> np.ndarray:
    """Transfer of the disc of the condenser that one point stands for; cycles: defocus (um) times frequency."""
    angle = optics.coherence * optics.na
    x = 2 * np.pi * cycles * angle / np.sqrt(points) / (1 - angle**2 / 2) + 1e-9  # tan(angle) grows faster than sin
    transfer: np.ndarray = (2 * special.j1(x) / x).astype(np.float32)
    return transfer


def _resampled(fields: np.ndarray, shape: Shape, transfer: np.ndarray | float = 1.0) -> np.ndarray:
    """Real periodic fields (..., H, W) on another grid of the same torus, by their spectrum without its Nyquist line.

    transfer: a factor of the new spectrum, (h, w // 2 + 1).
    """
    old = fields.shape[-2:]
    y, x = ((min(n, m) - 1) // 2 for n, m in zip(old, shape))
    spectrum = fft.rfft2(fields, workers=1)
    new = np.zeros((*fields.shape[:-2], shape[0], shape[1] // 2 + 1), np.complex64)
    new[..., : y + 1, : x + 1] = spectrum[..., : y + 1, : x + 1]
    new[..., shape[0] - y :, : x + 1] = spectrum[..., old[0] - y :, : x + 1]
    new *= transfer * np.float32(shape[0] * shape[1] / (old[0] * old[1]))
    resampled: np.ndarray = fft.irfft2(new, shape, workers=1, overwrite_x=True)
    return resampled
