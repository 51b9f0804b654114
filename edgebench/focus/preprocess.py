"""Two planes to model inputs, the only copy: training, conversion, host and device call it (paper, 3.4).

Standardisation is per patch and per channel, not per image or per set: the step is a *local* contrast normalisation
(paper, 3.4), a tile of faint tissue beside a dark one keeps its detail, the result does not depend on what else is in
the field, and a training tile (published as 224x224 alone) is treated exactly as a test tile.
"""

from __future__ import annotations

from typing import Optional

import cv2
import numpy as np

from edgebench.errors import DatasetError

TILE = 224  # px, paper, 3.1
MEDIAN = 3  # px, paper, 3.4
KINDS = ("difference", "single")  # what a model looks at; the label is the upper plane's defocus in both
MIN_STD = 1e-6  # grey values; a constant channel becomes zeros, not NaN


def smooth(image: np.ndarray) -> np.ndarray:
    """Median-filter one plane, (H, W, 3) uint8; borders are replicated."""
    return cv2.medianBlur(image, MEDIAN)


def difference(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Median-filtered upper minus lower of two smoothed planes: (H, W, 3) int16, -255..255."""
    if lower.shape != upper.shape:
        raise DatasetError(f"the two planes differ in size: {lower.shape} and {upper.shape}. Both need one size.")
    return cv2.medianBlur(cv2.subtract(upper, lower, dtype=cv2.CV_16S), MEDIAN)


def tiles(image: np.ndarray) -> np.ndarray:
    """Cut (H, W, 3) into (N, 224, 224, 3), row by row from the top left; what is left over is dropped.

    1224x1024 gives 5 x 4 = 20 tiles. Raises DatasetError where not even one fits.
    """
    rows, columns = image.shape[0] // TILE, image.shape[1] // TILE
    if not rows * columns:
        raise DatasetError(
            f"an image of {image.shape[1]}x{image.shape[0]} px has no {TILE} px tile. Use larger images."
        )
    cut = image[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE, image.shape[2])
    return cut.swapaxes(1, 2).reshape(rows * columns, TILE, TILE, image.shape[2])


def model_input(patches: np.ndarray, input_size: int) -> np.ndarray:
    """Resize (area mean) and standardise each channel of each patch to mean 0 and standard deviation 1.

    patches: (N, h, w, 3) int16 or float32. Returns (N, input_size, input_size, 3) float32.
    """
    out = np.empty((len(patches), input_size, input_size, patches.shape[3]), np.float32)
    for patch, to in zip(patches, out):
        small = patch.astype(np.float32)
        if small.shape[:2] != (input_size, input_size):
            small = cv2.resize(small, (input_size, input_size), interpolation=cv2.INTER_AREA)
        mean, std = cv2.meanStdDev(small)
        scale = np.where(std > MIN_STD, 1 / np.maximum(std, MIN_STD), 0).ravel()
        np.multiply(small - mean.ravel().astype(np.float32), scale.astype(np.float32), out=to)
    return out


def pair_tiles(
    lower: np.ndarray,
    upper: np.ndarray,
    kind: str = "difference",
    smoothed: Optional[tuple[np.ndarray, np.ndarray]] = None,
) -> np.ndarray:
    """Tiles of two raw planes, (H, W, 3) uint8 each, before resizing: (N, 224, 224, 3).

    kind "difference": int16, of the filtered difference. "single": uint8, of the upper plane as it is (paper, 4.3).
    smoothed: both planes after smooth(), where that is done already.
    """
    if kind == "single":
        return tiles(upper)
    return tiles(difference(*(smoothed or (smooth(lower), smooth(upper)))))


def patches(lower: np.ndarray, upper: np.ndarray, input_size: int, kind: str = "difference") -> np.ndarray:
    """All of 3.4 on two raw planes, (H, W, 3) uint8 each: (N, input_size, input_size, 3) float32."""
    return model_input(pair_tiles(lower, upper, kind), input_size)
