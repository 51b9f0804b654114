"""Real in-focus images as objects: optical density from the image instead of procedural tissue (`--objects DIR`)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgebench.data.simulator.fields import Rng, Shape, noise
from edgebench.data.simulator.layers import Layers
from edgebench.errors import DatasetError
from edgebench.focus.images import SUFFIXES, read_image

SEAM_PX = 32  # width of the cross-fade that makes a crop periodic
DARKEST = 8.0  # grey values added below, so that black is a finite optical density


def object_files(folder: Path) -> tuple[Path, ...]:
    """The images of a folder, sorted by name; DatasetError where there is none."""
    if not folder.is_dir():
        raise DatasetError(f"objects folder {folder}: not a folder. Give one that holds in-focus RGB images.")
    files = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES))
    if not files:
        raise DatasetError(f"objects folder {folder}: no image. It must hold files ending in {', '.join(SUFFIXES)}.")
    return files


def from_image(
    path: Path,
    shape: Shape,
    rng: Rng,
    *,
    layers: int,
    scale: float,
    phase_per_density: float,
    colours: tuple[tuple[float, ...], ...] | None = None,
) -> Layers:
    """Layers whose sum is the optical density of a random, periodic crop of an image, `scale` times its size.

    colours: (3, 3), rows R, G, B: shares of the image's three densities.
    """
    image = cv2.resize(read_image(path), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    white = np.percentile(image[::4, ::4], 99, axis=(0, 1)) + DARKEST
    density = np.maximum(-np.log((image.astype(np.float32) + DARKEST) / white), 0).astype(np.float32)
    if colours is not None:
        density = density @ np.asarray(colours, np.float32).T
    crop = _periodic_crop(density, shape, rng).transpose(2, 0, 1)
    relief = [noise(shape, rng, slope=1.5, longest_px=min(shape) / 2, shortest_px=12) for _ in range(layers)]
    depth = np.exp(1.5 * np.stack(relief))
    share = depth / depth.sum(axis=0)
    parts = (share[:, None] * crop[None]).astype(np.float32)
    return Layers(parts, parts.mean(axis=1) * np.float32(phase_per_density))


def _periodic_crop(picture: np.ndarray, shape: Shape, rng: Rng) -> np.ndarray:
    """A crop of the mirror-tiled picture, its far borders faded into what lies before its near ones."""
    size = (shape[0] + SEAM_PX, shape[1] + SEAM_PX)
    start = [int(rng.integers(0, 2 * n)) for n in picture.shape[:2]]
    index = [_mirrored(np.arange(first, first + n), old) for first, n, old in zip(start, size, picture.shape)]
    crop: np.ndarray = picture[np.ix_(index[0], index[1])]
    fade = ((np.arange(SEAM_PX) + 0.5) / SEAM_PX).astype(np.float32)
    for axis in (0, 1):
        crop = np.moveaxis(crop, axis, 0).copy()
        weight = fade[:, None, None]
        crop[-SEAM_PX:] = (1 - weight) * crop[-SEAM_PX:] + weight * crop[:SEAM_PX]
        crop = np.moveaxis(crop[SEAM_PX:], 0, axis)
    return crop


def _mirrored(index: np.ndarray, length: int) -> np.ndarray:
    turned: np.ndarray = index % (2 * length)
    mirrored: np.ndarray = np.where(turned < length, turned, 2 * length - 1 - turned)
    return mirrored
