"""The paper's network: MobileNetV2 without its top, flattened into one linear output (paper, 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgebench.errors import UsageError

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32  # px; five halvings leave one pixel
L2 = 1e-4  # the paper names no value
NETWORKS = ("mobilenetv2", "compact")


def check(alpha: float, input_size: int, network: str = "mobilenetv2") -> None:
    """Raise UsageError for a width, a size or a name that makes no network."""
    if network not in NETWORKS:
        raise UsageError(f"no network {network!r}. Use one of: {', '.join(NETWORKS)}.")
    if not 0 < alpha <= 2:
        raise UsageError(f"alpha is {alpha}, expected more than 0 and at most 2. The paper uses 1.0 and 0.4.")
    if input_size < MIN_SIZE or input_size % 2:
        raise UsageError(f"input size is {input_size} px, expected an even number from {MIN_SIZE}. Use 112 or 224.")


def build(
    alpha: float,
    input_size: int,
    *,
    network: str = "mobilenetv2",
    l2: float = L2,
    bn_momentum: float = 0.999,
    seed: int,
) -> keras.Model:
    """A fresh regressor: (B, S, S, 3) float32 patches to (B, 1) float32 um.

    L2 lies on the last layer alone (paper, 3.5). bn_momentum is Keras's word: the share of the old statistics that
    is kept at each step. Raises UsageError for what makes no network.
    """
    check(alpha, input_size, network)
    import keras

    from edgebench.models import compact

    keras.utils.set_random_seed(seed)
    if network == "compact":
        image, features = compact.features(alpha, input_size)
    else:
        base = keras.applications.MobileNetV2(
            input_shape=(input_size, input_size, 3), alpha=alpha, include_top=False, weights=None
        )
        image, features = base.input, base.output
    head = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(l2), name="z_um")
    model = keras.Model(image, head(keras.layers.Flatten(name="flatten")(features)), name="focus_regressor")
    for layer in batch_norms(model):
        layer.momentum = bn_momentum
    return model


def map_side(input_size: int) -> int:
    """Side of the last feature map: five halvings, rounded up."""
    return -(-input_size // 32)


def batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    import keras

    flat = model._flatten_layers(include_self=False, recursive=True)
    return [layer for layer in flat if isinstance(layer, keras.layers.BatchNormalization)]


def stretch_head(kernel: np.ndarray, old: int, new: int) -> np.ndarray:
    """The head of a map of old x old for one of new x new: (old * old * C, 1) to (new * new * C, 1), of equal sum.

    A map of constant features gets the same answer from both.
    """
    import cv2

    channels = kernel.shape[0] // old**2
    on_map = kernel.reshape(old, old, channels)
    grown = [cv2.resize(on_map[..., k], (new, new), interpolation=cv2.INTER_LINEAR) for k in range(channels)]
    stretched = np.stack(grown, axis=-1)
    total = on_map.sum((0, 1)) - stretched.sum((0, 1)) * (old / new) ** 2
    stretched = stretched * (old / new) ** 2 + total / new**2
    head: np.ndarray = stretched.reshape(-1, 1).astype(np.float32)
    return head
