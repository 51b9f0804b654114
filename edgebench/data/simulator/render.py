"""From layers to the planes of a stack: optics, camera, 8 bits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from scipy import fft

from edgebench.data.simulator.fields import Rng, Shape
from edgebench.data.simulator.histology import LAYERS, concentrations
from edgebench.data.simulator.layers import Layers, stained
from edgebench.data.simulator.leaves import dead_leaves
from edgebench.data.simulator.objects import from_image
from edgebench.data.simulator.optics import GRID_NM, TABLE, transfer_tables
from edgebench.data.simulator.parameters import PLANES, STEP_NM, Parameters

MARGIN_PX = 16  # the torus is at least so much larger than the image; objects are periodic, so nothing leaks in


def planes(
    parameters: Parameters, size: Shape, rng: Rng, objects: Path | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """(z_nm, (H, W, 3) uint8 RGB) of every plane, lowest first."""
    torus = (fft.next_fast_len(size[0] + MARGIN_PX, True), fft.next_fast_len(size[1] + MARGIN_PX, True))
    layers = _layers(parameters, torus, rng, objects)
    z_nm = parameters.first_nm + STEP_NM * np.arange(PLANES)
    depth_nm = parameters.layer_step_nm * (np.arange(LAYERS) - LAYERS // 2)
    grid_nm = np.arange(z_nm[0] + depth_nm[0], z_nm[-1] + depth_nm[-1] + 1, GRID_NM)
    tables, step = transfer_tables(parameters.optics, grid_nm)
    spectra = fft.rfft2(layers.density), fft.rfft2(layers.phase)
    radius = _radius_index(torus, parameters.optics.pixel_um, step)
    grains = rng.standard_normal(3 * size[0] * size[1] * 2, np.float32)
    for z in z_nm:
        rows = (z + depth_nm - grid_nm[0]) // GRID_NM
        colours = []
        for colour in range(3):
            density = _through(spectra, tables[:, colour, rows], colour, radius, torus)[: size[0], : size[1]]
            colours.append(_exposed(density, parameters.white[colour], parameters.noise, grains, rng))
        yield int(z), cv2.merge(colours)


def _layers(parameters: Parameters, torus: Shape, rng: Rng, objects: Path | None) -> Layers:
    if parameters.kind == "image" and objects is not None:
        return from_image(
            objects / parameters.image,
            torus,
            rng,
            layers=LAYERS,
            scale=parameters.image_scale,
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


def _radius_index(torus: Shape, pixel_um: float, step: float) -> np.ndarray:
    fy = np.fft.fftfreq(torus[0], pixel_um)[:, None]
    fx = np.fft.rfftfreq(torus[1], pixel_um)[None]
    index: np.ndarray = np.minimum(np.rint(np.hypot(fy, fx) / step), TABLE - 1).astype(np.intp)
    return index


def _through(
    spectra: tuple[np.ndarray, np.ndarray], tables: np.ndarray, colour: int, radius: np.ndarray, torus: Shape
) -> np.ndarray:
    """Optical density of the image, (H, W) float32; tables: (2, LAYERS, TABLE) absorption and phase."""
    total = np.zeros(radius.shape, np.complex64)
    for layer in range(LAYERS):
        total += spectra[0][layer, colour] * tables[0, layer].take(radius)
        total += spectra[1][layer] * tables[1, layer].take(radius)
    density: np.ndarray = fft.irfft2(total, torus, overwrite_x=True)
    return density


def _exposed(density: np.ndarray, white: float, noise: float, grains: np.ndarray, rng: Rng) -> np.ndarray:
    """Camera: Beer-Lambert, gain, shot-like noise (a random stretch of one pool per stack), 8 bits."""
    root = np.exp(-0.5 * density)  # of the intensity: shot noise grows with it
    start = int(rng.integers(0, grains.size - root.size))
    grain = grains[start : start + root.size].reshape(root.shape)
    grey = (root + noise * grain) * root
    return cv2.convertScaleAbs(np.maximum(grey, 0), alpha=white)


def encode(image: np.ndarray, parameters: Parameters) -> bytes:
    """One plane as JPEG."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if parameters.jpeg_444 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, parameters.jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1])
