"""The statistical parts: synthetic samples have the truth that they claim, and counting is right."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from edgebench.records.statistics import Estimate
from edgebench.selftest import alarms, coverage, finding, power, synthetic
from edgebench.selftest.finding import Share
from edgebench.selftest.live import Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, device=None, data=None, seed=0, quick=True)


@pytest.mark.parametrize(("hits", "runs"), [(0, 10), (10, 10), (93, 100), (950, 1000)])
def test_the_interval_of_a_share_is_that_of_scipy(hits, runs):
    expected = scipy.stats.binomtest(hits, runs).proportion_ci(method="wilson")
    assert Share(hits, runs).interval == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_many_runs_are_judged_by_their_share_and_few_by_their_interval():
    assert Share(945, 1000).lies_in(0.93, 0.97, lenient=False)
    assert not Share(975, 1000).lies_in(0.93, 0.97, lenient=False)
    assert Share(98, 100).lies_in(0.93, 0.97, lenient=True)
    assert not Share(80, 100).lies_in(0.93, 0.97, lenient=True)


@pytest.mark.parametrize("kind", synthetic.EFFECTS)
def test_processes_have_the_median_that_is_said(kind):
    effects = synthetic.effects(kind, np.random.default_rng(0), (400_000,), 0.05)
    assert np.median(effects) == pytest.approx(synthetic.median_effect(kind), rel=5e-4)


@pytest.mark.parametrize(("noise", "sd"), [("independent", 0.1), ("autocorrelated", 0.1)])
def test_calls_have_the_noise_that_is_said(noise, sd):
    logs = np.log(synthetic.times(noise, np.random.default_rng(0), (2000, 200)))
    assert logs.mean() == pytest.approx(0, abs=0.002)
    assert logs.std() == pytest.approx(sd, rel=0.02)
    correlation = (logs[:, 1:] * logs[:, :-1]).mean() / logs.var()
    assert correlation == pytest.approx(synthetic.RHO if noise == "autocorrelated" else 0, abs=0.01)


def test_a_heavy_tail_and_two_modes_are_there():
    rng = np.random.default_rng(0)
    heavy = synthetic.times("heavy-tailed", rng, (100, 1000))
    assert np.median(heavy) == pytest.approx(1, abs=0.01)
    assert heavy.max() > 20
    assert (heavy > 1.05).mean() == pytest.approx(0.05, abs=0.01)
    assert (synthetic.times("bimodal", rng, (100, 1000)) > 1.12).mean() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_errors_of_stacks_have_the_mean_that_is_said(sigma):
    errors = synthetic.stack_errors(np.random.default_rng(0), 100_000, 3, sigma)
    assert np.mean(list(errors.values())) == pytest.approx(synthetic.mean_stack_error(sigma), rel=0.02)


@pytest.mark.parametrize("name", coverage.trials())
def test_a_trial_gives_the_same_truth_and_an_interval_each_time(name):
    trial, rng = coverage.trials()[name], np.random.default_rng(0)
    (truth, interval), (again, _) = trial(rng), trial(rng)
    assert truth == again
    assert interval.low < interval.high
    assert abs(interval.value - truth) < 10 * (interval.high - interval.low)


def test_coverage_counts_intervals_that_hold_the_truth():
    held = iter([Estimate(1, 0, 2), Estimate(1, 1.5, 2), Estimate(1, 1, 1), None])
    assert coverage.hits(lambda rng: (1.0, next(held)), 4, 0, "x") == 2


def test_coverage_of_normal_processes_is_about_what_is_said():
    trial = coverage.trials()["p50 of 5 processes, normal effects"]
    share = Share(coverage.hits(trial, 400, 0, "x"), 400)
    assert share.interval[0] <= 0.95 <= share.interval[1]


def test_a_row_depends_on_the_seed_and_on_its_name_alone():
    trial = coverage.trials()["p90, processes differ by 2 %"]
    counts = [coverage.hits(trial, 60, *key) for key in ((0, "a"), (0, "a"), (1, "a"), (0, "b"))]
    assert counts[0] == counts[1]
    assert len(set(counts)) > 1


@pytest.mark.parametrize(("hits", "reached"), [(929, False), (930, True), (970, True), (971, False)])
def test_coverage_is_to_be_neither_too_low_nor_too_high(hits, reached):
    (found,) = coverage.findings({"rows": [{"case": "x", "runs": 1000, "hits": hits}]}, False)
    assert found.reached is reached


@pytest.mark.parametrize("probe", power.PROBES, ids=lambda probe: probe.what)
def test_every_probe_finds_what_is_three_times_the_threshold_and_nothing_where_there_is_nothing(probe):
    rng = np.random.default_rng(0)
    assert sum(bool(probe.detect(rng, 3.0)) for _ in range(5)) >= 4
    little = 0.9 if "SHORT" in probe.what or "THROTTLED" in probe.what else 0.01
    assert sum(bool(probe.detect(rng, little)) for _ in range(5)) == 0


def test_power_is_counted_at_each_size_and_judged_at_twice_the_threshold(bench, monkeypatch):
    monkeypatch.setattr(power, "PROBES", (power.Probe("x", lambda rng, times: times > 1.7),))
    raw = power.measure(bench)
    assert raw["rows"][0] == {"case": "x", "runs": power.RUNS_QUICK, "times": [1.0, 1.5, 2.0], "hits": [0, 0, 10]}
    assert power.findings(raw, False)[0].reached
    raw["rows"][0]["hits"][2] = 7
    assert not power.findings(raw, False)[0].reached


@pytest.mark.parametrize("noise", synthetic.NOISES)
def test_a_synthetic_record_is_judged_whole(bench, noise):
    rng = synthetic.generator(0, noise)
    one, two = synthetic.image_pair(rng)
    found = alarms.comparison.compare(synthetic.record(rng, noise, one), synthetic.record(rng, noise, two))
    assert found.base.latency.processes == 5
    assert found.base.latency.calls == 5 * synthetic.CALLS
    assert found.latency.found is not None
    assert found.errors[synthetic.SPLIT].stacks == synthetic.STACKS
    assert "SHORT" not in {verdict.name for verdict in found.base.verdicts}
    row = alarms.counted([found])
    assert (row["pairs"], row["records"], sum(row["latency"].values()), sum(row["error"].values())) == (1, 2, 1, 1)


def test_a_disturbed_synthetic_record_is_not_passed_over():
    rng = synthetic.generator(0, "disturbed")
    record = synthetic.record(rng, "independent", synthetic.image_pair(rng)[0])
    slow = record["latency"][0]
    slow["samples_ns"] = [2 * ns for ns in slow["samples_ns"]]
    slow["steady"] = False
    assert set(alarms.verdicts([alarms.comparison.summarise(record)])) == {"NOISY", "UNSTEADY"}


def test_a_verdict_that_noise_should_not_cause_gets_a_row_of_its_own():
    row = {"pairs": 10, "records": 20, "verdicts": {"SWAPPED": 2}, "latency": {"slower": 1}, "error": {"better": 0}}
    found = {one.what: one for one in alarms.of_row("x", row, lenient=False)}
    assert not found["x: SWAPPED"].reached
    assert not found["x: slower or faster"].reached
    assert found["x: worse or better"].reached
    assert found["x: NOISY"].reached
    *_, error = alarms.of_row("x", {**row, "error": {"worse": 1}}, lenient=False)
    assert not error.reached


def test_a_synthetic_warm_up_ends_as_the_runners_does():
    steady = [1000] * 400
    assert synthetic.warm_up(steady) == (40, True)
    late = [*range(2000, 1000, -10), *[1000] * 300]
    calls, settled = synthetic.warm_up(late)
    assert settled
    assert calls > 40


def test_a_finding_without_a_goal_is_not_missed():
    from edgebench.selftest import page

    assert page.missed([finding.Finding("x", "1", "", None)]) == []
