"""Classical figures of merit: each one number for how sharp a grey image is (paper, section 2, Figure 1).

All are means over the pixels where the filter fits, so that images of different sizes compare; the sources sum. Values
of two fields of view do not compare: only where along a stack a figure is highest means something (paper, section 2).
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

SUBSAMPLING = 2  # Boddeke: every second pixel of every second row


def luminance(image: np.ndarray) -> np.ndarray:
    """Rec. 601 luma, 0.299 R + 0.587 G + 0.114 B, not rounded: (H, W, 3) uint8 RGB to (H, W) float32."""
    return cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2GRAY)


def tenengrad(grey: np.ndarray) -> float:
    """Mean of Sx^2 + Sy^2, the squared norm of the 3x3 Sobel gradient: (H, W) float32, grey values squared.

    Source: Tenenbaum 1970; Krotkov 1988.
    """
    x, y = (cv2.Sobel(grey, cv2.CV_32F, dx, 1 - dx)[1:-1, 1:-1] for dx in (1, 0))
    return _mean_square(x) + _mean_square(y)


def laplacian(grey: np.ndarray) -> float:
    """Variance of the Laplacian, mask (0 1 0, 1 -4 1, 0 1 0): (H, W) float32, grey values squared.

    Source: Pech-Pacheco et al. 2000.
    """
    return float(cv2.Laplacian(grey, cv2.CV_32F)[1:-1, 1:-1].var(dtype=np.float64))


def brenner(grey: np.ndarray) -> float:
    """Mean of (g(x + 2, y) - g(x, y))^2: (H, W) float32, grey values squared. Source: Brenner et al. 1976."""
    return _mean_square(grey[:, 2:] - grey[:, :-2])


def boddeke(grey: np.ndarray) -> float:
    """Energy of the mask (-1, 0, 1) along x on an image of every second pixel, unfiltered: (H, W) float32.

    The mask alone would be Brenner's figure; on a coarser grid it looks at frequencies half as high, which defocus
    changes and noise does not fill. Grey values squared. Source: Boddeke, Van Vliet and Young 1997; that paper was not
    at hand, the mask is as other software has it, and the subsampling by 2 is ours.
    """
    return brenner(grey[::SUBSAMPLING, ::SUBSAMPLING])


def normalised_variance(grey: np.ndarray) -> float:
    """Variance over mean, so that brightness counts once and not squared: (H, W) float32, grey values; black: 0.

    Source: Groen, Young and Ligthart 1985.
    """
    mean = float(grey.mean(dtype=np.float64))
    return float(grey.var(dtype=np.float64)) / mean if mean > 0 else 0.0


def _mean_square(values: np.ndarray) -> float:
    return float(np.square(values).mean(dtype=np.float64))


MEASURES: dict[str, Callable[[np.ndarray], float]] = {
    "tenengrad": tenengrad,
    "laplacian": laplacian,
    "brenner": brenner,
    "boddeke": boddeke,
    "normalised-variance": normalised_variance,
}
