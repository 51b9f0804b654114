from __future__ import annotations

import numpy as np
import pytest

from edgebench.errors import UsageError
from edgebench.models import regressor, size


@pytest.fixture(scope="module")
def small():
    return regressor.build(0.35, 32, bn_momentum=0.9, seed=0)


def test_one_finite_number_comes_out_for_each_patch(small):
    x = np.random.default_rng(0).normal(size=(3, 32, 32, 3)).astype(np.float32)
    y = small.predict_on_batch(x)
    assert y.shape == (3, 1)
    assert np.isfinite(y).all()


def test_the_output_is_linear_and_alone_regularised(small):
    head = small.layers[-1]
    assert head.activation.__name__ == "linear"
    assert [layer.name for layer in small.layers if getattr(layer, "kernel_regularizer", None)] == [head.name]
    assert len(small.losses) == 1


def test_every_batch_normalisation_gets_the_momentum(small):
    assert {layer.momentum for layer in regressor.batch_norms(small)} == {0.9}
    assert len(regressor.batch_norms(small)) == 52


def test_the_seed_decides_the_weights(small):
    again, other = (regressor.build(0.35, 32, bn_momentum=0.9, seed=seed) for seed in (0, 1))
    for a, b in zip(small.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(small.get_weights()[0], other.get_weights()[0])


@pytest.mark.parametrize(("alpha", "side"), [(0, 112), (-1, 112), (3, 112), (0.4, 16), (0.4, 113)])
def test_sizes_that_make_no_network_are_refused(alpha, side):
    with pytest.raises(UsageError, match="expected"):
        regressor.build(alpha, side, seed=0)


@pytest.mark.parametrize(
    ("alpha", "side", "parameters", "macs"), [(0.4, 112, 525_985, 21_238_400), (1.0, 224, 2_320_705, 299_556_992)]
)
def test_the_networks_of_the_paper_have_their_sizes(alpha, side, parameters, macs):
    model = regressor.build(alpha, side, seed=0)
    assert size.parameters(model) == parameters
    assert size.macs(model) == macs
