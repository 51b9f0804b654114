"""Patches that a tiny network can learn, the tiny network, and stacks on disk: for tests of training and conversion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgebench.data.datasets import Dataset, SplitCounts
from edgebench.data.patches import PatchSet
from edgebench.focus.aggregate import contrast
from edgebench.types import FocalStack, Plane

SIZE = 32  # px, of the model input
DATA = [{"name": "tests", "simulated": True, "sha256": "d" * 64}]


def sign_pattern(size: int = SIZE) -> np.ndarray:
    """(S, S), half +1 and half -1, the same after each of the eight turns: rings of blocks of S / 8 px."""
    ring = np.minimum(np.arange(8), np.arange(8)[::-1])
    blocks = np.array([1.0, -1.0, -1.0, 1.0])[np.minimum.outer(ring, ring)]
    return np.kron(blocks, np.ones((size // 8, size // 8)))


def patch_set(count: int, seed: int = 0, size: int = SIZE) -> PatchSet:
    """8-bit tiles of mean 0 and standard deviation 30 whose correlation with the pattern is the label / 12 um.

    Linear, so that few steps are enough; it survives the standardisation and the turns. Four patches a stack.
    """
    rng = np.random.default_rng(seed)
    z_um = np.linspace(-8, 10, count).astype(np.float32)
    rng.shuffle(z_um)
    pattern = sign_pattern(size)[None, ..., None]
    noise = rng.standard_normal((count, size, size, 3), np.float32)
    for away in (np.ones_like(pattern), pattern):
        noise -= away * (noise * away).mean((1, 2), keepdims=True)
    noise /= noise.std((1, 2), keepdims=True)
    a = z_um[:, None, None, None] / 12
    tiles = np.clip(np.rint(30 * (a * pattern + np.sqrt(1 - a**2) * noise)), -127, 127).astype(np.int8)
    ids = tuple(f"s{i}_l1_Seg1" for i in range(-(-count // 4)))
    return PatchSet(tiles, z_um, contrast(tiles), np.arange(count, dtype=np.int32) // 4, ids, "d" * 64)


def network(alpha: float, input_size: int, *, bn_momentum: float = 0.9, seed: int = 0, **_: Any) -> Any:
    """Stands in for regressor.build where a MobileNetV2 would take a minute."""
    import keras

    keras.utils.set_random_seed(seed)
    image = keras.Input((input_size, input_size, 3))
    x = keras.layers.Conv2D(4, 5, 4, "same", use_bias=False)(image)
    x = keras.layers.BatchNormalization(momentum=bn_momentum)(x)
    x = keras.layers.DepthwiseConv2D(8, 8, "same")(keras.layers.ReLU(6)(x))  # a map of S / 32, as regressor.build's
    head = keras.layers.Dense(1, kernel_regularizer="l2")
    return keras.Model(image, head(keras.layers.Flatten()(x)))


def exact_network(slope: float = 1.0) -> Any:
    """The label of patch_set, times slope, without any training."""
    import keras

    image = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(2, 4, 4, kernel_initializer=keras.initializers.Constant(1 / 48), activation="relu")(image)
    y = keras.layers.Conv2D(2, 4, 4, kernel_initializer=keras.initializers.Constant(-1 / 48), activation="relu")(image)
    both = keras.layers.Flatten()(keras.layers.Subtract()([x, y]))
    head = keras.layers.Dense(1)
    model = keras.Model(image, head(both))
    head.kernel.assign(slope * 12 / 128 * sign_pattern(8).repeat(2)[:, None])
    return model


def write_stack(folder: Path, sample: str, field: str, z_nm: range, side: int = 224, seed: int = 0) -> FocalStack:
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    planes = []
    for z in z_nm:
        path = folder / f"{sample}_{field}_defocus{z}.png"
        assert cv2.imwrite(str(path), rng.integers(0, 255, (side, side, 3), np.uint8))
        planes.append(Plane(path, z))
    return FocalStack(sample, field, tuple(planes))


def described(splits: dict[str, Any], sha256: str = "d" * 64) -> Dataset:
    """What datasets.describe gives, as far as training and conversion look at it."""
    return Dataset("tests", True, 0, sha256, "", dict.fromkeys(splits, SplitCounts(0, 0, 0)))
