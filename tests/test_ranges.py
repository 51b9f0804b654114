from __future__ import annotations

import numpy as np
import pytest

from edgebench.errors import ConversionError
from edgebench.quantise import ranges
from edgebench.quantise.ranges import LEVELS, Range
from edgebench.quantise.recipe import METHODS, Recipe

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(0, 1, 200_000).astype(np.float32)
TAILS = np.concatenate([NORMAL, [60.0, -40.0]]).astype(np.float32)  # two values of many, far out


def histogram(values):
    def activations(x):
        yield {"t": x}

    return ranges.collect(activations, values)


def span(values, **recipe):
    return ranges.choose(histogram(values), Recipe(**recipe))["t"]


def error(values, one):
    step = (one.high - one.low) / (LEVELS - 1)
    zero = np.rint(-one.low / step)
    codes = np.clip(np.rint(values / step) + zero, 0, LEVELS - 1)
    return float(np.mean(((codes - zero) * step - values) ** 2))


def test_minmax_holds_every_value_of_every_batch():
    def activations(x):
        yield {"t": x[:2]}
        yield {"t": x[2:]}

    found = ranges.collect(activations, np.array([1.0, 5.0, -3.0, 2.0]))
    assert ranges.choose(found, Recipe())["t"] == Range(-3.0, 5.0)
    assert found["t"].counts.sum() == 4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "values", [NORMAL + 9, -(NORMAL**2), np.zeros(100), np.full(100, 3.0), np.full(100, 3.0, np.float32)]
)
def test_every_range_holds_zero_and_has_a_step(method, values):
    found = span(values, ranges=method)
    assert found.low <= 0 <= found.high
    assert found.high > found.low


def test_percentile_leaves_out_the_share_that_it_says():
    found = span(NORMAL, ranges="percentile", percentile=99.0)
    outside = np.mean((found.low > NORMAL) | (found.high < NORMAL))
    assert outside == pytest.approx(0.01, abs=0.003)  # a bin is 0.4 % of the range wide


def test_mse_has_no_larger_error_than_any_other_method():
    errors = {method: error(TAILS, span(TAILS, ranges=method)) for method in METHODS}
    assert errors["mse"] <= 1.02 * min(errors.values())  # of the histogram, which has bins
    assert errors["mse"] < errors["minmax"]


def test_entropy_clips_what_is_far_out_and_leaves_a_normal_distribution_wide():
    assert span(TAILS, ranges="entropy").high < 30
    assert span(NORMAL, ranges="entropy").high > 2.5


def test_a_uniform_tensor_is_not_clipped_by_mse():
    values = RNG.uniform(-2, 3, 100_000)
    found = span(values, ranges="mse")
    assert (found.low, found.high) == pytest.approx((-2, 3), rel=0.03)


def test_calibration_that_is_not_finite_names_the_tensor():
    with pytest.raises(ConversionError, match="t holds values that are not finite"):
        histogram(np.array([1.0, np.nan]))


def test_no_calibration_at_all_is_refused():
    with pytest.raises(ConversionError, match="no patch was given"):
        ranges.collect(lambda x: iter(()), np.zeros((0, 1)))
