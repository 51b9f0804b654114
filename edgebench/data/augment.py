"""Changes of a pair of planes that keep its label: what differs between slides, cameras and files, not between z.

Flips and quarter turns are made per batch instead (models/batches.py): they cost nothing there.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

STAIN = (0.7, 1.4)  # factor of the optical density of each colour: another stain, another thickness
TOGETHER = (0.75, 1.3)  # and of all colours
GAIN = (0.85, 1.1)  # of each colour: another lamp, another white balance
NOISE = 0.01  # standard deviation at most, of white: another camera, another exposure
POOL = 2**22  # of noise, values at least
QUALITY = (60, 98)  # JPEG; half of the pairs: the compression that the paper found its method sensitive to (section 5)


def augmented(lower: np.ndarray, upper: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two planes, (H, W, 3) uint8 RGB, changed alike but for noise and compression, which no two exposures share."""
    power = rng.uniform(*STAIN, 3) * rng.uniform(*TOGETHER)
    gain = rng.uniform(*GAIN, 3)
    sigma = 255 * NOISE * rng.uniform() ** 2
    quality = int(rng.integers(*QUALITY)) if rng.uniform() < 0.5 else None
    white = np.percentile(upper[::4, ::4], 99, axis=(0, 1)) + 1
    levels = np.arange(256)[:, None] / white
    table = np.clip(white * gain * levels**power, 0, 255).astype(np.float32)
    return _exposed(lower, table, sigma, quality, rng), _exposed(upper, table, sigma, quality, rng)


def _exposed(
    plane: np.ndarray, table: np.ndarray, sigma: float, quality: int | None, rng: np.random.Generator
) -> np.ndarray:
    """table: (256, 3) float32. Noise is a random stretch of one pool: it costs more than all else if drawn anew."""
    pool = _grains(POOL * (1 + plane.size // POOL))
    start = int(rng.integers(0, len(pool) - plane.size + 1))
    grain = pool[start : start + plane.size].reshape(plane.shape)
    changed = cv2.scaleAdd(grain, sigma, cv2.LUT(plane, table[None]))
    out = cv2.convertScaleAbs(np.maximum(changed, 0))
    return out if quality is None else compressed(out, quality)


@lru_cache(1)
def _grains(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(count, np.float32)


def compressed(plane: np.ndarray, quality: int) -> np.ndarray:
    """What JPEG of this quality (4:2:0) leaves of (H, W, 3) uint8 RGB."""
    bgr = cv2.cvtColor(plane, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
