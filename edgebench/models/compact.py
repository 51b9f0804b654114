"""A smaller network for the same task: the paper's blocks behind a coarser stem, most work on small maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# A defocus of micrometres spreads an edge over many pixels: what tells it is the shape of blurred edges, which a 5 x 5
# stem of stride 4 still sees whole. (channels, expansion, stride) of each inverted residual (Sandler et al. 2018).
BLOCKS = ((24, 3, 1), (32, 4, 2), (32, 4, 1), (64, 4, 2), (64, 4, 1), (64, 4, 1), (96, 4, 2), (96, 4, 1))
STEM = 16
LAST = 192


def features(alpha: float, input_size: int) -> tuple[Any, Any]:
    """Input (S, S, 3) and last feature map (S / 32, S / 32, C); alpha widens or thins all but the last."""
    import keras

    image = keras.Input((input_size, input_size, 3), name="image")
    x = _unit(keras.layers.Conv2D(_width(STEM, alpha), 5, 4, "same", use_bias=False)(image))
    for channels, expansion, stride in BLOCKS:
        x = _block(x, _width(channels, alpha), expansion, stride)
    return image, _unit(keras.layers.Conv2D(LAST, 1, use_bias=False)(x))


def _block(x: Any, channels: int, expansion: int, stride: int) -> Any:
    import keras

    layers = keras.layers
    before = x.shape[-1]
    y = _unit(layers.Conv2D(before * expansion, 1, use_bias=False)(x))
    y = _unit(layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(y))
    y = layers.BatchNormalization()(layers.Conv2D(channels, 1, use_bias=False)(y))
    return layers.Add()([x, y]) if stride == 1 and before == channels else y


def _unit(x: keras.KerasTensor) -> Any:
    import keras

    return keras.layers.ReLU(6.0)(keras.layers.BatchNormalization()(x))


def _width(channels: int, alpha: float) -> int:
    return max(8, round(channels * alpha / 8) * 8)
