"""Dead-leaves objects: overlapping random shapes of random size, colour, polarity and texture.

They hold edges and blobs of both polarities at every scale, so that a network cannot get away with "dark blobs on a
pale ground" (shared experience of two prototypes; dead leaves train image restoration well: Achddou et al. 2021).
"""

from __future__ import annotations

import cv2
import numpy as np

from edgebench.data.simulator.fields import Rng, Shape, noise
from edgebench.data.simulator.layers import Layers

MOST_LEAVES = 700  # a layer
CORNERS = 18  # of an outline
ON_GLASS = 0.5  # share of the fields whose shapes lie on empty glass, as torn or sparse tissue does


def dead_leaves(
    shape: Shape, rng: Rng, *, layers: int, contrast: float, smallest_px: float, phase_per_density: float
) -> Layers:
    """Layers of shapes with size density r**-3 from `smallest_px` up; mean optical density about `contrast`."""
    density = np.zeros((layers, 3, *shape), np.float32)
    spread = float(rng.choice([1.0, 6.0, 40.0]))  # from garish to the near grey of one stain
    palette = rng.dirichlet(np.array([1.5, 2.0, 1.2]) * spread, 8) * 3  # colours of the shapes; most absorb green
    on_glass = rng.uniform() < ON_GLASS
    for layer in density:
        ground = 0.0 if on_glass else 0.5 * contrast
        picture = np.full((*shape, 3), ground, np.float32) * palette[0].astype(np.float32)
        largest = min(shape) / rng.uniform(3, 8)
        count = min(int(rng.uniform(0.4, 2.5) * shape[0] * shape[1] / smallest_px**2 / 12), MOST_LEAVES)
        count = int(count * rng.uniform(0.05, 0.5)) if on_glass else count
        amounts = contrast * rng.gamma(2.0, 0.5, count)
        amounts[rng.uniform(size=count) < 0.4 * rng.uniform()] = 0  # leaves of glass: bright gaps
        colours = amounts[:, None] * palette[rng.integers(0, len(palette), count)]
        for outline, colour in zip(_outlines(count, smallest_px, largest, shape, rng), colours.tolist()):
            _paint(picture, outline, colour)
        layer[:] = picture.transpose(2, 0, 1)
        texture = noise(shape, rng, slope=rng.uniform(0.5, 1.4), longest_px=rng.uniform(10, 60))
        layer *= np.maximum(1 + rng.uniform(0, 0.5) * texture, 0)
    share = rng.dirichlet(np.full(layers, 0.8)).astype(np.float32)  # often one layer dominates
    density *= share[:, None, None, None]
    return Layers(density, density.mean(axis=1) * phase_per_density)


def _outlines(count: int, smallest_px: float, largest_px: float, shape: Shape, rng: Rng) -> np.ndarray:
    """(count, CORNERS, 2) x, y of ellipses, polygons and rods, turned and placed at random."""
    u = rng.uniform(size=count)
    size = (smallest_px**-2 + u * (largest_px**-2 - smallest_px**-2)) ** -0.5
    kind = rng.integers(0, 3, count)
    even = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    few = np.sort(rng.uniform(0, 2 * np.pi, (count, 6)), axis=1)[:, np.arange(CORNERS) * 6 // CORNERS]
    turn = np.where((kind == 1)[:, None], few, even)
    stretch = np.choose(kind, [rng.uniform(0.4, 1, count), rng.uniform(0.6, 1, count), rng.uniform(0.08, 0.25, count)])
    ring = np.stack([np.cos(turn), stretch[:, None] * np.sin(turn)], 2) * size[:, None, None]
    angle = rng.uniform(0, np.pi, count)
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    outlines: np.ndarray = np.einsum("nki,ijn->nkj", ring, spin) + rng.uniform(0, shape[::-1], (count, 1, 2))
    return outlines


def _paint(picture: np.ndarray, outline: np.ndarray, colour: list[float]) -> None:
    """Fill one outline, again at the opposite edges it crosses."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    height, width = picture.shape[:2]
    for dx in _wraps(low[0], high[0], width):
        for dy in _wraps(low[1], high[1], height):
            points = ((outline + np.array([dx, dy])) * 16).astype(np.int32)
            cv2.fillPoly(picture, [points], colour, cv2.LINE_8, 4)


def _wraps(low: float, high: float, period: int) -> list[int]:
    return [0] + ([period] if low < 0 else []) + ([-period] if high >= period else [])
