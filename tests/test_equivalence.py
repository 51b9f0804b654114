"""R25: quantised against float by two one-sided tests, by definition and by seeded simulation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from edgebench.records import statistics as st
from edgebench.records.equivalence import equivalence
from edgebench.records.evaluation_metrics import Answers, paired

RUNS = 600


def differences(rng, stacks, mean_um, *, between_um=0.05, images=(3, 41)):
    """Stack to differences of |e|, um; as many images as fall into the range."""
    return {
        f"s{n}": mean_um + between_um * rng.normal() + 0.1 * rng.normal(size=rng.integers(*images))
        for n in range(stacks)
    }


def test_r25_stacks_of_one_size_get_students_interval_of_their_means():
    rng = np.random.default_rng(0)
    found = equivalence(differences(rng, 12, 0.02, images=(7, 8)))
    means = [np.mean(of) for of in differences(np.random.default_rng(0), 12, 0.02, images=(7, 8)).values()]
    low, high = scipy.stats.t.interval(0.9, 11, np.mean(means), scipy.stats.sem(means))
    assert found.error_um == pytest.approx(scipy.stats.sem(means))
    assert (found.interval_90.low, found.interval_90.high) == pytest.approx((low, high))
    assert (found.stacks, found.images) == (12, 84)


def test_r25_the_mean_is_that_of_paired_and_the_interval_holds_its_bootstrap():
    rng = np.random.default_rng(5)
    stacks = tuple(f"s{n}" for n in range(6) for _ in range(n + 2))
    count = len(stacks)
    z_nm = 500 * np.arange(count)
    base = Answers(stacks, stacks, z_nm, z_nm / 1000 + rng.normal(size=count))
    other = Answers(stacks, stacks, z_nm, base.value_um + 0.1 * rng.normal(size=count))
    worse = np.abs(other.error_um) - np.abs(base.error_um)
    found = equivalence({name: worse[np.array(stacks) == name].tolist() for name in set(stacks)})
    said = paired(base, other)
    assert found.mean_um == pytest.approx(said.mean_um)
    assert found.images == said.images
    assert found.interval.low <= said.interval.low
    assert found.interval.high >= said.interval.high
    assert found.interval.low <= found.interval_90.low <= found.interval_90.high <= found.interval.high


@pytest.mark.parametrize(("stacks", "images"), [(5, (12, 13)), (9, (3, 41)), (17, (3, 41)), (32, (12, 13))])
def test_r25_the_intervals_hold_the_true_mean_as_often_as_they_say(stacks, images):
    rng = np.random.default_rng(stacks)
    wide = narrow = 0
    for _ in range(RUNS):
        found = equivalence(differences(rng, stacks, 0.03, images=images), resamples=200)
        wide += found.interval.low <= 0.03 <= found.interval.high
        narrow += found.interval_90.low <= 0.03 <= found.interval_90.high
    assert 0.93 <= wide / RUNS <= 0.98  # 20,000 runs: 95 to 96 %; sampling error 0.9 %
    assert 0.87 <= narrow / RUNS <= 0.94  # 90 to 91 %; 1.2 %


@pytest.mark.parametrize("stacks", [6, 17])
def test_r25_what_differs_by_the_margin_is_called_equivalent_in_one_run_of_twenty(stacks):
    rng = np.random.default_rng(stacks)
    data = [differences(rng, stacks, 0.05, between_um=0.02) for _ in range(RUNS)]
    said = [equivalence(of, resamples=200).verdict for of in data]
    assert said.count("equivalent") <= 0.07 * RUNS  # sampling error 0.9 %


def test_r25_no_difference_is_called_one_in_at_most_one_run_of_twenty():
    rng = np.random.default_rng(0)
    data = [differences(rng, 9, 0.0, between_um=0.2) for _ in range(RUNS)]
    said = [equivalence(of, resamples=200).verdict for of in data]
    assert said.count("worse") + said.count("better") <= 0.07 * RUNS
    assert said.count("equivalent") <= 0.05 * RUNS  # too few stacks to tell: not significant is not equivalent


def test_r25_the_detectable_difference_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    detectable = np.mean([equivalence(differences(rng, 17, 0.0, images=(12, 13))).detectable_um for _ in range(100)])
    data = [differences(rng, 17, detectable, images=(12, 13)) for _ in range(RUNS)]
    shown = [equivalence(of, resamples=200).interval.low > 0 for of in data]
    assert 0.75 <= np.mean(shown) <= 0.86


def test_r25_each_verdict_is_what_its_intervals_allow():
    def said(mean_um, between_um=0.001, margin_um=0.05):
        near = np.tile([-1.0, 1.0], 6) * between_um
        return equivalence({f"s{n}": [mean_um + d] for n, d in enumerate(near)}, margin_um=margin_um).verdict

    assert said(0.0) == "equivalent"
    assert said(0.02) == "equivalent"  # a difference is shown, and that it is smaller than the margin
    assert said(0.02, margin_um=0.01) == "worse"
    assert said(0.06) == "worse"
    assert said(-0.06) == "better"
    assert said(0.0, between_um=0.2) == "no difference shown"
    assert said(0.0, between_um=0.0) == "equivalent"


def test_r25_the_margin_itself_is_not_equivalent():
    assert equivalence({f"s{n}": [0.05] * 3 for n in range(5)}).verdict == "worse"


def test_r25_fewer_than_four_stacks_have_no_test():
    assert equivalence({}) is None
    assert equivalence({f"s{n}": [0.0, 0.1] for n in range(3)}) is None


def test_r25_the_seed_alone_decides_and_the_order_of_stacks_does_not():
    of = differences(np.random.default_rng(1), 8, 0.0)
    assert equivalence(of, seed=1) == equivalence(dict(reversed(of.items())), seed=1)
    mean, drawn = st.cluster_mean(of, seed=1)
    assert equivalence(of, seed=1).interval.low <= drawn.low
    assert equivalence(of, seed=1).mean_um == mean
