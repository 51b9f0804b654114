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
SUMS = 11  # px; a square of so many px has a sum of differences that int16 holds
MARGIN = 2  # px; as far as two medians reach


def smooth(image: np.ndarray) -> np.ndarray:
    """Median-filter one plane, (H, W, 3) uint8; borders are replicated."""
    return cv2.medianBlur(image, MEDIAN)


def difference(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Median-filtered upper minus lower of two smoothed planes: (H, W, 3) int16, -255..255."""
    if lower.shape != upper.shape:
        raise DatasetError(f"the two planes differ in size: {lower.shape} and {upper.shape}. Both need one size.")
    return cv2.medianBlur(cv2.subtract(upper.astype(np.int16), lower.astype(np.int16)), MEDIAN)


def needed(plane: np.ndarray) -> np.ndarray:
    """The part of a raw plane, a view, that its tiles depend on: whole tiles, and what the medians see beside them."""
    height, width = (side // TILE * TILE + MARGIN for side in plane.shape[:2])
    return plane[:height, :width]


def tiles(image: np.ndarray) -> np.ndarray:
    """Cut (H, W, 3) into (N, 224, 224, 3), row by row from the top left; what is left over is dropped.

    1224x1024 gives 5 x 4 = 20 tiles. Raises DatasetError where not even one fits.
    """
    return _cut(image, *_grid(image), TILE)


def small_tiles(lower: np.ndarray, upper: np.ndarray, input_size: int) -> np.ndarray:
    """Tiles of the difference of two smoothed planes at the size of the model input: (N, S, S, 3), for standardise().

    int16 sums of grey values where each square of whole pixels becomes one, which is exact; else float32 means.
    One row of tiles after the other: what they need at a time stays in the processor's cache.
    """
    rows, columns = _grid(lower)
    square = _square(TILE, np.dtype(np.int16), input_size)
    right = columns * TILE
    found = []
    for row in range(rows):
        top, first, end = max(row * TILE - 1, 0), row * TILE, (row + 1) * TILE  # the median looks one pixel further
        strip = difference(lower[top : end + 1, : right + 1], upper[top : end + 1, : right + 1])
        strip = strip[first - top : end - top, :right]
        if square:
            found.append(_cut(_sums(strip, square), 1, columns, input_size))
        else:
            found.append(np.stack([_shrunk(tile, input_size) for tile in _cut(strip, 1, columns, TILE)]))
    return np.concatenate(found)


def model_input(patches: np.ndarray, input_size: int) -> np.ndarray:
    """Resize (area mean) and standardise each channel of each patch to mean 0 and standard deviation 1.

    patches: (N, h, w, 3) integers of -255..255, or float32. Returns (N, input_size, input_size, 3) float32.
    """
    out = np.empty((len(patches), input_size, input_size, patches.shape[3]), np.float32)
    for patch, to in zip(patches, out):
        standardise(_shrunk(patch, input_size), to)
    return out


def standardise(small: np.ndarray, out: np.ndarray) -> None:
    """Each channel of one patch, (S, S, 3) of int16 or float32, to mean 0 and standard deviation 1.

    out: (S, S, 3) float32, contiguous. A factor common to all values of the patch does not change it.
    """
    mean, std = cv2.meanStdDev(small)
    scale = np.where(std > MIN_STD, 1 / np.maximum(std, MIN_STD), 0)
    rows = len(small)
    to = out.reshape(rows, -1)  # NumPy is ten times faster where the last axis is long
    np.subtract(small.reshape(rows, -1), np.tile(mean.ravel().astype(np.float32), small.shape[1]), out=to)
    np.multiply(to, np.tile(scale.ravel().astype(np.float32), small.shape[1]), out=to)


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


def _grid(image: np.ndarray) -> tuple[int, int]:
    """Rows and columns of tiles."""
    rows, columns = image.shape[0] // TILE, image.shape[1] // TILE
    if not rows * columns:
        raise DatasetError(
            f"an image of {image.shape[1]}x{image.shape[0]} px has no {TILE} px tile. Use larger images."
        )
    return rows, columns


def _cut(image: np.ndarray, rows: int, columns: int, side: int) -> np.ndarray:
    cut = image[: rows * side, : columns * side].reshape(rows, side, columns, side, image.shape[2])
    return cut.swapaxes(1, 2).reshape(rows * columns, side, side, image.shape[2])


def _shrunk(patch: np.ndarray, input_size: int) -> np.ndarray:
    """(h, w, 3) to (S, S, 3): int16 sums where those are exact, else float32 means."""
    height, width = patch.shape[:2]
    square = _square(height, patch.dtype, input_size) if height == width else 0
    if square:
        return _sums(patch, square)
    small: np.ndarray = patch.astype(np.float32)
    if (height, width) != (input_size, input_size):
        small = cv2.resize(small, (input_size, input_size), interpolation=cv2.INTER_AREA)
    return small


def _square(side: int, dtype: np.dtype, input_size: int) -> int:
    """Side of the square of whole pixels that becomes one; 0 where there is none, or int16 cannot hold its sum."""
    square, rest = divmod(side, input_size)
    return square if not rest and square <= SUMS and np.issubdtype(dtype, np.integer) else 0


def _sums(image: np.ndarray, square: int) -> np.ndarray:
    """(H, W, 3) to (H / square, W / square, 3) int16: means of pixels made square * square times as bright."""
    brighter: np.ndarray = np.multiply(image, square * square, dtype=np.int16)
    if square > 1:
        brighter = cv2.resize(brighter, None, fx=1 / square, fy=1 / square, interpolation=cv2.INTER_AREA)
    return brighter
