"""From layers to the planes of a stack: optics, camera, 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from scipy import fft

from edgebench.data.simulator.exact import intensities
from edgebench.data.simulator.fields import Rng, Shape
from edgebench.data.simulator.histology import LAYERS, concentrations
from edgebench.data.simulator.layers import Layers, linearised, stained
from edgebench.data.simulator.leaves import dead_leaves
from edgebench.data.simulator.objects import from_image
from edgebench.data.simulator.optics import GRID_NM, TABLE, Optics, transfer_tables
from edgebench.data.simulator.parameters import STEP_NM, Parameters
from edgebench.data.simulator.zero import sharpest_um

MARGIN_PX = 16  # the torus is at least so much larger than the image; objects are periodic, so nothing leaks in


def planes(
    parameters: Parameters, size: Shape, rng: Rng, objects: Path | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """(z_nm, (H, W, 3) uint8 RGB) of every plane, lowest first."""
    torus = (fft.next_fast_len(size[0] + MARGIN_PX, True), fft.next_fast_len(size[1] + MARGIN_PX, True))
    layers = _layers(parameters, torus, rng, objects)
    z_nm = parameters.first_nm + STEP_NM * np.arange(parameters.planes)
    count = len(layers.phase)
    depth_nm = parameters.layer_step_nm * (2 * np.arange(count) + 1 - count) // 2
    taken, phase = linearised(layers, parameters.optics.wavelengths_um)
    spectra = fft.rfft2(taken), fft.rfft2(phase)
    frequency = _frequency(torus, parameters.optics.pixel_um)
    zero_um = sharpest_um(spectra, depth_nm, parameters.optics, frequency)
    grains = rng.standard_normal(3 * size[0] * size[1] * 2, np.float32)
    if parameters.optical_model == "exact":
        images = _exact(layers, parameters, z_nm, zero_um, size, float(rng.uniform(0, 2 * np.pi)))
    else:
        images = _linear(spectra, frequency, depth_nm, parameters.optics, z_nm, zero_um, torus, size)
    for z, roots in zip(z_nm, images):
        greys = [_exposed(root, white, parameters.noise, grains, rng) for root, white in zip(roots, parameters.white)]
        yield int(z), cv2.merge(greys)


def _linear(
    spectra: tuple[np.ndarray, np.ndarray],
    frequency: np.ndarray,
    depth_nm: np.ndarray,
    optics: Optics,
    z_nm: np.ndarray,
    zero_um: float,
    torus: Shape,
    size: Shape,
) -> Iterator[np.ndarray]:
    """Of each plane the root of the intensity relative to empty glass, (3, H, W) float32."""
    grid_nm = np.arange(z_nm[0] + depth_nm[0], z_nm[-1] + depth_nm[-1] + 1, GRID_NM)
    tables, step = transfer_tables(optics, grid_nm, zero_um)
    radius = np.minimum(np.rint(frequency / step), TABLE - 1).astype(np.intp)
    for z in z_nm:
        rows = (z + depth_nm - grid_nm[0]) // GRID_NM
        roots = np.empty((3, *size), np.float32)
        for colour in range(3):
            taken = _through(spectra, tables[:, colour, rows], colour, radius, torus)[: size[0], : size[1]]
            roots[colour] = np.sqrt(np.maximum(1 - taken, 0))
        yield roots


def _exact(
    layers: Layers, parameters: Parameters, z_nm: np.ndarray, zero_um: float, size: Shape, turn: float
) -> Iterator[np.ndarray]:
    """As `_linear`. turn (rad, of the source's points) is drawn, so that no two stacks share what is left of them."""
    step_um, points = parameters.layer_step_nm / 1000, parameters.source_points
    seen = intensities(layers, step_um, parameters.optics, z_nm, points=points, zero_um=zero_um, turn=turn)
    for plane in seen[:, :, : size[0], : size[1]]:
        yield np.sqrt(np.maximum(plane, 0))


def _layers(parameters: Parameters, torus: Shape, rng: Rng, objects: Path | None) -> Layers:
    if parameters.kind == "image" and objects is not None:
        return from_image(
            objects / parameters.image,
            torus,
            rng,
            layers=parameters.slices,
            scale=parameters.image_scale,
            colours=parameters.image_colours,
            phase_per_density=parameters.phase_per_density,
        )
    if parameters.kind == "leaves":
        return dead_leaves(
            torus,
            rng,
            layers=LAYERS,
            contrast=parameters.contrast,
            smallest_px=parameters.smallest_px,
            phase_per_density=parameters.phase_per_density,
        )
    amounts = concentrations(torus, parameters.tissue, rng)
    vectors = {stain: np.asarray(parameters.stains[stain]) for stain in amounts}
    return stained(amounts, vectors, parameters.phase_per_density)


def _frequency(torus: Shape, pixel_um: float) -> np.ndarray:
    """(H, W / 2 + 1) radial frequency of a real spectrum, cycles/um."""
    fy = np.fft.fftfreq(torus[0], pixel_um)[:, None]
    fx = np.fft.rfftfreq(torus[1], pixel_um)[None]
    radial: np.ndarray = np.hypot(fy, fx)
    return radial


def _through(
    spectra: tuple[np.ndarray, np.ndarray], tables: np.ndarray, colour: int, radius: np.ndarray, torus: Shape
) -> np.ndarray:
    """What is missing of the light in the image, (H, W) float32; tables: (2, L, TABLE) absorption and phase."""
    total = np.zeros(radius.shape, np.complex64)
    for layer in range(tables.shape[1]):
        total += spectra[0][layer, colour] * tables[0, layer].take(radius)
        total += spectra[1][layer, colour] * tables[1, layer].take(radius)
    missing: np.ndarray = fft.irfft2(total, torus, overwrite_x=True)
    return missing


def _exposed(root: np.ndarray, white: float, noise: float, grains: np.ndarray, rng: Rng) -> np.ndarray:
    """Camera: gain, shot-like noise (a random stretch of one pool per stack), 8 bits; root: of the intensity."""
    start = int(rng.integers(0, grains.size - root.size))
    grain = grains[start : start + root.size].reshape(root.shape)
    grey = (root + noise * grain) * root
    exposed: np.ndarray = cv2.convertScaleAbs(np.maximum(grey, 0), alpha=white)
    return exposed


def encode(image: np.ndarray, parameters: Parameters, suffix: str = ".jpg") -> bytes:
    """One plane as JPEG, or without loss as ".png"."""
    if suffix == ".png":
        return bytes(cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1])
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if parameters.jpeg_444 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, parameters.jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1])
