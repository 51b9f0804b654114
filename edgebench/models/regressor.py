"""The paper's network: MobileNetV2 without its top, flattened into one linear output (paper, 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebench.errors import UsageError

if TYPE_CHECKING:
    import keras

MIN_SIZE = 32  # px; five halvings leave one pixel
L2 = 1e-4  # the paper names no value


def check(alpha: float, input_size: int) -> None:
    """Raise UsageError for a width or a size that makes no network."""
    if not 0 < alpha <= 2:
        raise UsageError(f"alpha is {alpha}, expected more than 0 and at most 2. The paper uses 1.0 and 0.4.")
    if input_size < MIN_SIZE or input_size % 2:
        raise UsageError(f"input size is {input_size} px, expected an even number from {MIN_SIZE}. Use 112 or 224.")


def build(alpha: float, input_size: int, *, l2: float = L2, bn_momentum: float = 0.999, seed: int) -> keras.Model:
    """A fresh regressor: (B, S, S, 3) float32 difference patches to (B, 1) float32 um.

    L2 lies on the last layer alone (paper, 3.5). bn_momentum is Keras's word: the share of the old statistics that
    is kept at each step. Raises UsageError for a width or a size that makes no network.
    """
    check(alpha, input_size)
    import keras

    keras.utils.set_random_seed(seed)
    base = keras.applications.MobileNetV2(
        input_shape=(input_size, input_size, 3), alpha=alpha, include_top=False, weights=None
    )
    for layer in batch_norms(base):
        layer.momentum = bn_momentum
    head = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(l2), name="z_um")
    output = head(keras.layers.Flatten(name="flatten")(base.output))
    return keras.Model(base.input, output, name="focus_regressor")


def batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    import keras

    flat = model._flatten_layers(include_self=False, recursive=True)
    return [layer for layer in flat if isinstance(layer, keras.layers.BatchNormalization)]
