"""R13: trends and steps inside a process, against a reference implementation and by seeded simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from edgebench.records import rank_statistics as rank
from edgebench.records import trend as t

RUNS = 150
FALSE = 0.05 * RUNS


def noise(rng, n, rho=0.0):
    """(n,) normal, variance 1, successive values correlate by rho."""
    return lfilter([np.sqrt(1 - rho**2)], [1, -rho], rng.normal(size=n + 200))[200:]


def latencies(kind, n, seed):
    """(n,) ms without a trend."""
    rng = np.random.default_rng(seed)
    if kind == "correlated":
        return 10 * np.exp(0.3 * noise(rng, n, 0.5))
    if kind == "heavy-tailed":
        return 10 + 0.3 * np.abs(rng.standard_cauchy(n))
    return np.where(rng.random(n) < 0.5, 10.0, 15.0) + 0.1 * rng.normal(size=n)


def moved(shape, n, seed, *, size=0.1, of_noise=0.03, rho=0.0):
    """(n,) ms; shape of (n,) in 0..1."""
    u = (np.arange(n) + 0.5) / n
    return 10 * (1 + size * shape(u) + of_noise * noise(np.random.default_rng(seed), n, rho))


def up(u):
    return u


def half(u):
    return (u > 0.5).astype(float)


def test_r13_s_its_variance_with_ties_and_the_slope_are_those_of_pymannkendall():
    y = np.round(np.random.default_rng(1).normal(size=100) + 0.01 * np.arange(100), 1)
    s, variance = rank.kendall(y)  # pymannkendall 1.4.3, original_test
    assert (s, variance) == (964, pytest.approx(112492.66666666667))
    assert rank.line(y)[0] == pytest.approx(0.008955223880597015)


def test_r13_the_variance_is_corrected_as_by_pymannkendall_on_its_first_lags():
    y = np.random.default_rng(61).normal(size=100)
    for i in range(1, 100):
        y[i] += 0.8 * y[i - 1]
    y = np.round(y + 0.02 * np.arange(100), 6)
    residual = y - rank.line(y)[0] * np.arange(100)
    assert rank.inflation(residual) == pytest.approx(4.186906107493867)  # hamed_rao_modification_test, lag=4


def test_r13_k_is_the_largest_count_of_rises_over_a_place_of_change():
    y = np.random.default_rng(3).integers(0, 8, 40).astype(float)
    counts = [abs(np.sign(y[None, k:] - y[:k, None]).sum()) for k in range(1, 40)]
    assert rank.pettitt(y) == max(counts)


def test_r13_the_monotone_fit_pools_what_falls():
    y = np.array([1.0, 3.0, 2.0, 2.0, 5.0, 4.0])
    assert rank.monotone(y, 1).tolist() == pytest.approx([1, 7 / 3, 7 / 3, 7 / 3, 4.5, 4.5])
    assert rank.monotone(-y, -1).tolist() == pytest.approx([-1, -7 / 3, -7 / 3, -7 / 3, -4.5, -4.5])


@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("kind", ["correlated", "heavy-tailed", "bimodal"])
def test_r13_noise_raises_a_false_alarm_in_at_most_one_run_of_twenty(kind, n):
    trends = steps = changes = 0
    for seed in range(RUNS):
        samples = latencies(kind, n, seed)
        trends += t.mann_kendall(samples).p < t.LEVEL
        steps += t.step(samples).p < t.LEVEL
        changes += t.change(samples) is not None
    assert trends <= FALSE
    assert steps <= FALSE
    assert changes <= FALSE


@pytest.mark.parametrize("rho", [0.0, 0.5])
@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(("shape", "name"), [(up, "DRIFT"), (half, "STEP")])
def test_r13_a_tenth_more_or_less_is_found_and_called_by_its_name(shape, name, sign, rho):
    found = [t.change(moved(shape, 2000, seed, size=sign * 0.1, rho=rho)) for seed in range(60)]
    right = [size for kind, size in filter(None, found) if kind == name and size * sign > 0]
    assert len(right) >= 0.95 * len(found)


@pytest.mark.parametrize("place", [0.15, 0.3, 0.8])
def test_r13_a_step_is_found_where_it_is(place):
    samples = moved(lambda u: (u > place).astype(float), 2000, 0)
    found = t.step(samples)
    assert found.abrupt
    assert found.at == pytest.approx(2000 * place, abs=20)  # one block
    assert found.size == pytest.approx(0.1, abs=0.01)


def test_r13_a_step_counts_calls_also_where_blocks_are_of_two_lengths():
    samples = np.r_[np.full(1201, 10.0), np.full(789, 11.0)]
    assert t.step(samples).at == pytest.approx(1201, abs=20)


@pytest.mark.parametrize("of_noise", [0.003, 0.03])
def test_r13_a_slow_start_that_ends_is_a_trend_and_no_step(of_noise):
    def start(u):
        return np.maximum(0, 1 - 2 * u)

    for seed in range(10):
        samples = moved(start, 2000, seed, size=0.2, of_noise=of_noise)
        assert t.mann_kendall(samples).p < 1e-9
        assert t.change(samples)[0] == "DRIFT"
        y = t.blocks(samples)
        s, variance = rank.kendall(y)
        of_line = rank.inflation(y - rank.line(y)[0] * np.arange(len(y)))  # of Hamed and Rao: takes it for noise
        assert abs(s) / np.sqrt(variance * of_line) < 3


def test_r13_significant_but_small_is_no_drift():
    samples = moved(up, 5000, 0, size=0.03)
    assert t.mann_kendall(samples).p < 1e-6
    assert t.change(samples) is None


def test_r13_a_burst_that_ends_is_neither_a_drift_nor_a_step():
    assert t.change(moved(lambda u: (np.abs(u - 0.5) < 0.1).astype(float), 2000, 0)) is None


def test_r13_drift_compares_the_medians_of_the_first_and_last_third():
    assert t.drift([10, 10, 99, 12, 12, 12, 11, 11, 1]) == pytest.approx(0.1)


def test_r13_slope_is_per_call():
    assert t.mann_kendall(np.linspace(10, 11, 5000)).slope == pytest.approx(1 / 4999)


def test_r13_fewer_than_a_hundred_calls_or_a_constant_time_tell_nothing():
    assert t.mann_kendall([1.0] * 99) is None
    assert t.step([1.0] * 99) is None
    assert t.change([1.0] * 99) is None
    assert t.change([5.0] * 100) is None
    assert t.mann_kendall([5.0] * 100).p == 1


def test_r13_a_unit_changes_nothing_and_a_hundred_thousand_calls_are_taken():
    ms = moved(half, 100_000, 0)
    a, b = t.step(ms), t.step((ms * 1e6).tolist())
    assert (a.at, a.abrupt) == (b.at, b.abrupt) == (50_000, True)
    assert a.size == pytest.approx(b.size)


def test_r13_a_cell_tells_how_many_processes_changed_and_by_how_much():
    flat = [moved(up, 1000, seed, size=0.0) for seed in range(3)]
    drifting = [moved(up, 1000, seed, size=size) for seed, size in ((10, 0.15), (11, -0.3))]
    drift, step = t.trend_verdict([*flat, *drifting, moved(half, 1000, 12, size=0.2)])
    assert (drift.name, drift.about) == ("DRIFT", "latency")
    assert drift.reason.startswith("in 2 of 6 processes")
    assert "by up to -" in drift.reason
    assert step.name == "STEP"
    assert step.reason.startswith("in 1 of 6 processes")
    assert t.trend_verdict(flat) == ()
    assert t.trend_verdict([]) == ()


def test_r13_more_processes_ask_for_more_evidence():
    flat = [moved(up, 200, seed, size=0.0) for seed in range(9)]
    for seed in range(100):
        weak = moved(up, 200, seed, size=0.12, of_noise=0.15)
        p = t.mann_kendall(weak).p
        if 0.002 < p < 0.01 and t.change(weak):
            assert t.trend_verdict([weak])
            assert t.trend_verdict([weak, *flat]) == ()
            return
    pytest.fail("no such series")
