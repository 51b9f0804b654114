from __future__ import annotations

import keras
import pytest
from keras import layers

from edgebench.models import size


@pytest.mark.parametrize(
    ("layer", "macs"),
    [
        (layers.Conv2D(7, 3, padding="same"), 8 * 8 * 3 * 3 * 4 * 7),
        (layers.Conv2D(8, 3, strides=2, padding="same", groups=2), 4 * 4 * 3 * 3 * 2 * 8),
        (layers.DepthwiseConv2D(3), 6 * 6 * 3 * 3 * 4),
        (layers.SeparableConv2D(5, 3, padding="same"), 8 * 8 * (3 * 3 * 4 + 4 * 5)),
        (layers.Dense(6), 8 * 8 * 4 * 6),
        (layers.BatchNormalization(), 0),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_multiply_accumulates_are_those_by_hand(layer, macs):
    image = keras.Input((8, 8, 4))
    assert size.macs(keras.Model(image, layer(image))) == macs


def test_a_network_inside_a_network_is_counted():
    image = keras.Input((8, 8, 4))
    inner = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(2, 1)])
    outer = keras.Model(image, layers.Dense(1)(layers.Flatten()(inner(image))))
    assert size.macs(outer) == 8 * 8 * 4 * 2 + 8 * 8 * 2
    assert size.parameters(outer) == 4 * 2 + 2 + 8 * 8 * 2 + 1
