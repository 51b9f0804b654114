"""R15: the ratio of two cells, against SciPy and by seeded simulation; Student's t without SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as some

from edgebench.records import student
from edgebench.records.ratio import judge, ratio
from edgebench.records.statistics import Estimate

RUNS = 1500
MEDIANS = some.lists(some.floats(1, 100), min_size=4, max_size=12)


@pytest.mark.parametrize("df", [2, 2.7, 3, 4, 7.3, 17, 31, 1000, 1e4])
def test_student_is_that_of_scipy(df):
    for t in (-4.0, 0.0, 0.3, 2.0, 20.0):
        assert student.cdf(t, df) == pytest.approx(scipy.stats.t.cdf(t, df), abs=1e-10)
    for p in (0.8, 0.95, 0.975, 0.995):
        assert student.quantile(p, df) == pytest.approx(scipy.stats.t.ppf(p, df), rel=1e-8)


def test_r15_the_interval_is_welchs_of_the_logarithms():
    base, other = [10.0, 10.4, 9.9, 10.1, 10.3], [11.9, 12.5, 11.0, 12.2]
    found = ratio(base, other)
    welch = scipy.stats.ttest_ind(np.log(other), np.log(base), equal_var=False).confidence_interval(0.95)
    assert found.value == pytest.approx(np.median(other) / np.median(base))
    assert (found.low, found.high) == pytest.approx((np.exp(welch.low), np.exp(welch.high)))


def test_r15_paired_processes_are_compared_round_by_round():
    base = np.array([10.0, 14.0, 11.0, 18.0])
    other = base * [1.10, 1.11, 1.09, 1.10]
    found = ratio(base, other, paired=True)
    student_t = scipy.stats.ttest_rel(np.log(other), np.log(base)).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((np.exp(student_t.low), np.exp(student_t.high)))
    assert judge(found) == "slower"
    assert judge(ratio(base, other)) == "no difference shown"
    with pytest.raises(ValueError, match="4 and 5"):
        ratio(base, [*other, 1.0], paired=True)


@pytest.mark.parametrize("n", [5, 10])
@pytest.mark.parametrize("effects", ["normal", "lognormal"])
def test_r15_the_interval_holds_the_true_ratio_in_95_runs_of_100(n, effects):
    def medians(rng, level):
        z = 0.1 * rng.normal(size=n)
        return level * (1 + z if effects == "normal" else np.exp(2 * z))

    rng = np.random.default_rng(n)
    found = [ratio(medians(rng, 10), medians(rng, 11)) for _ in range(RUNS)]
    hits = sum(one.low <= 1.1 <= one.high for one in found) / RUNS
    assert 0.935 <= hits <= 0.97  # 20,000 runs: 95.4 to 96.1 %; sampling error 0.6 %


def test_r2_fewer_than_four_processes_of_either_have_no_ratio():
    assert ratio([1.0] * 3, [1.0] * 9) is None
    assert ratio([1.0] * 9, [1.0] * 3) is None


def test_r15_processes_that_do_not_vary_have_an_interval_of_no_width():
    found = ratio([2.0] * 4, [3.0] * 4)
    assert (found.low, found.value, found.high) == pytest.approx((1.5, 1.5, 1.5))


@given(MEDIANS, MEDIANS)
def test_r15_the_ratio_lies_in_its_interval_which_a_swap_inverts(base, other):
    found, swapped = ratio(base, other), ratio(other, base)
    assert found.low <= found.value <= found.high
    assert (1 / swapped.high, 1 / swapped.low) == pytest.approx((found.low, found.high))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1.031, 1.2, "slower"),
        (1.029, 1.2, "no difference shown"),  # beyond 1, but not all of it beyond the floor
        (0.5, 1 / 1.031, "faster"),
        (0.5, 1 / 1.029, "no difference shown"),
        (0.98, 1.02, "same within floor"),
        (1.01, 1.03, "same within floor"),
        (0.96, 1.02, "no difference shown"),
    ],
)
def test_r15_a_difference_counts_only_if_the_whole_interval_is_beyond_the_floor(low, high, said):
    assert judge(Estimate(1.0, low, high)) == said


def test_r15_the_floor_can_be_wider():
    assert judge(Estimate(1.06, 1.04, 1.09), floor=0.1) == "same within floor"


def test_r15_two_cells_alike_are_hardly_ever_told_apart():
    rng = np.random.default_rng(0)
    said = [judge(ratio(rng.normal(10, 0.3, 5), rng.normal(10, 0.3, 5))) for _ in range(1000)]
    assert said.count("slower") + said.count("faster") <= 30
