"""From tiles to the image: the paper's median, and one in which a tile counts by its contrast."""

from __future__ import annotations

import numpy as np

# Grey values of the difference of two planes, whatever the model looks at: a tile of this contrast counts half; noise
# alone leaves about 0.8. A plane as it is has tens, of its shading alone.
HALF_CONTRAST = 2.0


def image_value(patches_um: np.ndarray) -> float:
    """Median of the distances that the tiles of one image give, um; it resists empty tiles (paper, 3.1)."""
    return float(np.median(patches_um))


def contrast(tiles: np.ndarray) -> np.ndarray:
    """Standard deviation over a tile's pixels, root mean square of its channels, grey values: (N, h, w, 3) to (N,)."""
    deviation: np.ndarray = np.sqrt(tiles.astype(np.float32).var(axis=(1, 2)).mean(axis=1))
    return deviation


def weighted_value(patches_um: np.ndarray, contrast: np.ndarray) -> float:
    """Weighted median, um: empty tiles lose their vote, which the plain median lets them win where they are many.

    patches_um, contrast (grey values, of the difference image): (N,) each. All tiles empty: the plain median, nearly.
    """
    weight = 1 / (1 + (HALF_CONTRAST / np.maximum(contrast.astype(np.float64), 1e-3)) ** 4)
    order = np.argsort(patches_um)
    reached = np.cumsum(weight[order])
    half = reached[-1] / 2
    low = int(np.searchsorted(reached, half * (1 - 1e-9)))
    high = int(np.searchsorted(reached, half * (1 + 1e-9), "right"))
    return float(patches_um[order[[low, min(high, len(order) - 1)]]].mean())
