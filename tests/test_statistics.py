"""Statistics against their definitions, and against SciPy where it has them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as some

from edgebench.records import statistics as st
from edgebench.selftest import synthetic

floats = some.floats(0.01, 1e6)


@pytest.mark.parametrize(("p", "n"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.98, 183), (0.99, 368)])
def test_a_percentile_has_an_interval_from_its_known_number_of_samples_on(p, n):
    assert st.ranks(n - 1, p) is None
    assert st.ranks(n, p) is not None
    assert st.percentile(list(range(n - 1)), p) is None


@given(some.integers(6, 3000), some.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(deadline=None)
def test_ranks_leave_at_most_a_fortieth_outside_on_each_side_and_are_the_closest_that_do(n, p):
    found = st.ranks(n, p)
    if found is None:
        return
    low, high = found
    assert 1 <= low < high <= n
    count = scipy.stats.binom(n, p)
    tail = 0.025 * (1 + 1e-9)
    assert count.cdf(low - 1) <= tail  # the interval starts above the quantile
    assert count.sf(high - 1) <= tail  # it ends below
    assert count.cdf(low) > 0.025 * (1 - 1e-9)
    assert count.sf(high - 2) > 0.025 * (1 - 1e-9)


def test_the_median_interval_covers_the_median_of_a_skewed_distribution_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(1000):
        found = st.percentile(rng.exponential(size=25), 0.5)
        hits += found.low <= np.log(2) <= found.high
    assert hits >= 935  # 95 % or more, minus twice the sampling error


@given(some.lists(floats, min_size=36, max_size=80))
def test_a_percentile_lies_in_its_interval_and_in_any_order_of_the_samples(samples):
    found = st.percentile(samples, 0.9)
    assert found.low <= found.value <= found.high
    assert found == st.percentile(samples[::-1], 0.9)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_than_four_processes_have_no_interval(n):
    assert st.process_median([5.0] * n) == (5.0, None)


@given(some.lists(floats, min_size=4, max_size=12))
def test_the_median_of_process_medians_lies_in_its_interval(medians):
    value, interval = st.process_median(medians)
    assert value == pytest.approx(np.median(medians))
    assert interval.low <= value <= interval.high


def test_four_and_five_processes_get_the_interval_of_student():
    medians = [10.0, 11.0, 12.0, 14.0, 10.5]
    low, high = scipy.stats.t.interval(0.95, 4, np.mean(medians), scipy.stats.sem(medians))
    interval = st.process_median(medians)[1]
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-3)  # quantile kept to 4 decimals
    low, high = scipy.stats.t.interval(0.95, 3, np.mean(medians[:4]), scipy.stats.sem(medians[:4]))
    assert st.process_median(medians[:4])[1].high == pytest.approx(high, rel=1e-3)


def test_ten_processes_get_an_interval_between_the_ranks_that_hold_more_and_less_than_95_percent():
    """Ranks 2 and 9 hold the median with 97.85 %, 3 and 8 with 89.06 %."""
    value, interval = st.process_median([float(n) for n in range(1, 11)])
    share = (0.978515625 - 0.95) / (0.978515625 - 0.890625)
    inwards = 8 * share / (2 + 6 * share)
    assert value == 5.5
    assert (interval.low, interval.high) == pytest.approx((2 + inwards, 9 - inwards))


def test_six_processes_get_all_of_them():
    """96.9 % is the least that six order statistics can give above 95 %; hardly anything is left to go inwards."""
    _, interval = st.process_median([1.0, 2, 3, 4, 5, 6])
    assert 1 < interval.low < 1.4
    assert interval.high == pytest.approx(7 - interval.low)


def test_a_percentile_of_processes_that_differ_is_as_wide_as_they_are_apart():
    rng = np.random.default_rng(0)
    processes = [(level * rng.lognormal(0, 0.02, 400)).tolist() for level in (1.0, 1.1, 0.95, 1.05, 0.9)]
    found = st.process_percentile(processes, 0.9)
    pooled = st.percentile([one for samples in processes for one in samples], 0.9)
    assert found.value == pooled.value
    assert found.high - found.low > 3 * (pooled.high - pooled.low)


@pytest.mark.parametrize(("processes", "calls", "p"), [(3, 500, 0.9), (5, 35, 0.9), (5, 367, 0.99)])
def test_a_percentile_of_too_few_processes_or_calls_is_none(processes, calls, p):
    assert st.process_percentile([[float(n) for n in range(calls)]] * processes, p) is None


@pytest.mark.parametrize(("clusters", "tail"), [(8, 0.0057), (32, 0.0191), (1000, 0.0249)])
def test_an_interval_of_few_stacks_takes_tails_that_make_up_for_their_number(clusters, tail):
    assert st.expanded_tail(clusters) == pytest.approx(tail, abs=1e-4)


def test_outliers_are_counted_by_their_distance_in_mad():
    samples = [10, 11, 9, 10, 11, 9, 10, 100]  # median 10, MAD 1 (upper half of seven small distances)
    assert st.outliers(samples) == 1
    assert st.outliers([9, 10, 11, 10 + 14.8, 10 - 14.8, 9, 11]) == 0
    assert st.outliers([5, 5, 5, 5]) == 0


@given(some.lists(floats, min_size=2, max_size=30))
def test_mean_and_deviation_are_those_of_numpy(samples):
    mean, std = st.mean_std(samples)
    assert mean == pytest.approx(np.mean(samples))
    assert std == pytest.approx(np.std(samples, ddof=1))


def test_one_sample_has_no_deviation_and_one_process_no_variation():
    assert st.mean_std([3.0]) == (3.0, 0.0)
    assert st.variation([3.0]) is None
    assert st.variation([9.0, 11.0]) == pytest.approx(np.sqrt(2) / 10)


def test_slope_is_one_for_a_shifted_truth_and_zero_for_a_constant_answer():
    truth = [-8.0, -1.0, 3.0, 10.0]
    assert st.slope(truth, [z + 3 for z in truth]) == pytest.approx(1)
    assert st.slope(truth, [2.0] * 4) == pytest.approx(0)
    assert st.slope([1.0, 1.0], [0.0, 2.0]) is None


def test_the_best_constant_answer_on_the_published_labels_scores_four_point_six():
    assert st.constant_guess([-8 + 0.5 * step for step in range(37)]) == pytest.approx(4.62, abs=0.01)


@pytest.mark.parametrize("interval_of", [st.cluster_mean, st.cluster_mean_error])
def test_r24_whole_clusters_are_drawn(interval_of):
    alike = {f"stack{n}": [float(n % 2)] * 40 for n in range(16)}  # 640 images, but 16 independent answers
    apart = {f"image{n}": [float(n % 2)] for n in range(640)}
    value, clustered = interval_of(alike)
    _, single = interval_of(apart)
    assert value == 0.5
    ratio = (clustered.high - clustered.low) / (single.high - single.low)
    assert 5 < ratio < 8  # sqrt(40) = 6.3


def test_the_bootstrap_depends_on_its_seed_alone():
    clusters = {"a": [0.1, 0.2], "b": [0.5], "c": [0.3, 0.9, 0.4]}
    backwards = dict(reversed(clusters.items()))
    assert st.cluster_mean(clusters, seed=1) == st.cluster_mean(backwards, seed=1)
    value, interval = st.cluster_mean(clusters)
    assert value == pytest.approx(2.4 / 6)
    assert interval.low <= value <= interval.high


def _covered(interval_of, stacks, runs=300):
    """Share of the runs whose interval holds the true mean of |e|, where a few stacks are far worse than the others."""
    rng = np.random.default_rng(7)
    truth = synthetic.mean_stack_error(1.0)
    found = [interval_of(synthetic.stack_errors(rng, stacks, 20, 1.0), resamples=500)[1] for _ in range(runs)]
    return np.mean([one.low <= truth <= one.high for one in found])


@pytest.mark.parametrize(("stacks", "least"), [(4, 0.85), (8, 0.84), (17, 0.86), (32, 0.88)])
def test_the_interval_of_an_error_holds_where_a_few_stacks_are_far_worse(stacks, least):
    covered = _covered(st.cluster_mean_error, stacks)
    assert covered >= least
    assert covered > _covered(st.cluster_mean, stacks)


@pytest.mark.parametrize("stacks", [4, 11, 12, 40])
@given(some.integers(0, 2**32))
@settings(max_examples=20)
def test_the_interval_of_an_error_holds_it_and_nothing_negative(stacks, seed):
    rng = np.random.default_rng(seed)
    clusters = {str(n): np.abs(rng.standard_normal(rng.integers(1, 5))).tolist() for n in range(stacks)}
    value, interval = st.cluster_mean_error(clusters, resamples=200)
    assert value == pytest.approx(np.mean([one for of in clusters.values() for one in of]))
    assert 0 <= interval.low <= value <= interval.high


def test_an_error_that_is_the_same_in_every_stack_has_an_interval_of_no_width():
    assert st.cluster_mean_error({str(n): [0.5, 0.5] for n in range(20)})[1] == st.Estimate(0.5, 0.5, 0.5)
    assert st.cluster_mean_error({str(n): [0.0] for n in range(5)})[1] == st.Estimate(0.0, 0.0, 0.0)


def test_fewer_than_four_stacks_give_an_error_no_interval():
    assert st.cluster_mean_error({"a": [1.0], "b": [2.0], "c": [3.0]}) == (2.0, None)


def test_one_cluster_has_no_interval():
    assert st.cluster_mean({"a": [1.0, 3.0]}) == (2.0, None)
