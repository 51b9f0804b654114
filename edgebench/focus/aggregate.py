"""From tiles to the image: the paper's median."""

from __future__ import annotations

import numpy as np


def image_value(patches_um: np.ndarray) -> float:
    """Median of the distances that the tiles of one image give, um; it resists empty tiles (paper, 3.1)."""
    return float(np.median(patches_um))
