"""How large a network is: parameters, and multiply-accumulates of its convolutions and dense layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def parameters(model: keras.Model) -> int:
    """All weights, moving statistics of the batch normalisations included, as Keras counts them."""
    return int(model.count_params())


def macs(model: keras.Model) -> int:
    """Multiply-accumulates of one patch in convolutions, depthwise convolutions and dense layers.

    Biases, normalisations, activations and additions are not counted, as usual for MobileNets.
    """
    return sum(_macs(layer) for layer in model._flatten_layers(include_self=False, recursive=True))


def _macs(layer: keras.Layer) -> int:
    import keras

    known = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense, keras.layers.SeparableConv2D)
    if not isinstance(layer, known):
        return 0
    shape = layer.output.shape[1:]
    if isinstance(layer, keras.layers.Dense):
        return math.prod(map(int, shape)) * int(layer.kernel.shape[0])
    height, width = shape[:2] if layer.data_format == "channels_last" else shape[1:]
    positions = int(height) * int(width)
    if isinstance(layer, keras.layers.SeparableConv2D):
        return positions * int(math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape))
    return positions * int(math.prod(layer.kernel.shape))  # each kernel value once at each output position
