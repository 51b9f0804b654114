"""The compact network: shapes, sizes, and that training code finds in it what it finds in MobileNetV2."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.errors import UsageError
from edgebench.models import compact, regressor, size


@pytest.fixture(scope="module")
def small():
    return regressor.build(1.0, 64, network="compact", bn_momentum=0.9, seed=0)


def test_one_finite_number_comes_out_for_each_patch(small):
    y = small.predict_on_batch(np.random.default_rng(0).normal(size=(3, 64, 64, 3)).astype(np.float32))
    assert y.shape == (3, 1)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("side", [32, 48, 56, 64, 112, 168, 224])
def test_the_last_map_is_as_large_as_a_head_that_is_stretched_expects(side):
    _, features = compact.features(0.35, side)
    assert features.shape[1:] == (regressor.map_side(side), regressor.map_side(side), compact.LAST)


def test_the_head_alone_is_regularised_and_every_normalisation_gets_the_momentum(small):
    assert [layer.name for layer in small.layers if getattr(layer, "kernel_regularizer", None)] == ["z_um"]
    assert {layer.momentum for layer in regressor.batch_norms(small)} == {0.9}


def test_widths_are_multiples_of_8_and_follow_alpha():
    assert [compact._width(channels, 0.5) for channels in (8, 24, 64, 96)] == [8, 16, 32, 48]


def test_it_is_much_cheaper_than_the_papers_network():
    model = regressor.build(1.0, 112, network="compact", seed=0)
    assert size.macs(model) < 21_238_400  # of MobileNetV2 with alpha 0.4 at 112 px
    assert size.parameters(model) < 525_985


def test_a_typo_is_answered_with_the_networks():
    with pytest.raises(UsageError, match=r"^no network 'compakt'\. Use one of: mobilenetv2, compact\.$"):
        regressor.build(1.0, 64, network="compakt", seed=0)
