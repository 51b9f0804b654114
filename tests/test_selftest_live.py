"""The live parts: what is injected is really there, and what is found is judged rightly. A few real processes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from edgebench.backends.programmable import MIB, Programme, time_ns
from edgebench.bench.cells import ONE_PATCH
from edgebench.devices import base as devices
from edgebench.errors import DeviceError
from edgebench.records import statistics as st
from edgebench.records.summary import summarise
from edgebench.records.trend import trend_verdict
from edgebench.selftest import clock, disturb, error, faults, live, memory, pattern, synthetic
from edgebench.selftest.disturb import Disturbed

FAULTS = {fault.name: fault for fault in faults.faults(quick=False)}


@pytest.fixture(scope="module")
def bench():
    with live.opened(devices.connect("local"), seed=0, quick=True) as opened:
        yield opened


def verdicts(record):
    return {verdict.name for verdict in summarise(record).verdicts}


class Canned:
    """Keeps what it is asked to run, and runs nothing."""

    name, emulated = "local", False

    def __init__(self):
        self.asked = []

    def run(self, spec):
        self.asked.append(spec)
        yield {"event": "done"}

    def state(self):
        return {"load": 0.0, "swap_used_bytes": 5, "throttle_count": None}


def specs(bench, name="specs", **settings):
    cell = live.cell(bench, name, Programme(), **{"repeats": 5, **settings})
    return cell.processes(bench.data)


def test_a_programmed_error_and_faults_that_need_no_clock_are_found_through_real_processes(bench):
    """One cell with all of them; what only the time tells is left to the self-test itself."""
    programme = Programme(us=200, scale=0.0, later=60, later_um=0.5, executed="float16", cached=True)
    cell = live.cell(bench, "all", programme, batch_size=4, repeats=1, iterations=120)
    record = live.record(bench, cell, Disturbed(bench.device, seen=disturb.swap_grows))
    assert verdicts(record) >= {"COLLAPSED", "MISMATCH", "FALLBACK", "CACHE", "SWAPPED", "SHORT"}
    assert "THROTTLED" not in verdicts(record)
    found = summarise(record).errors[pattern.SPLIT]
    assert found.mean_um == pytest.approx(error.expected_um(replace(programme, later_um=0.0))["mean"], abs=1e-4)


def test_answers_that_are_no_numbers_leave_no_record(bench):
    outcome = faults.inject(bench, FAULTS["nan"])
    assert outcome == {"record": None, "refused": faults.REFUSED}


def test_known_memory_is_found_in_a_real_process(bench):
    programme = Programme(load_mib=16, first_mib=24, call_mib=1, scratch_mib=128)
    cell = live.cell(bench, "memory", programme)
    ((event,),) = live.processes(bench, {"memory": cell}, "memory").values()
    *stages, _ = memory.differences_mib(programme, event)
    for _, expected, measured in stages:
        assert measured == pytest.approx(expected, abs=memory.LIMIT_MIB)
    assert event["peak_rss_bytes"] - event["stages"]["load"]["rss_bytes"] >= (128 + 24 - 1) * MIB


def test_no_measured_call_is_shorter_than_programmed(bench):
    programme = Programme(latency="bimodal", us=300, by=0.5, share=0.4)
    cells = {"clock": live.cell(bench, "clock", programme, repeats=1, iterations=30)}
    ((process,),) = live.processes(bench, cells, "latency").values()
    programmed = [time_ns(programme, 1 + process["warmup_calls"] + i) for i in range(30)]
    assert all(measured >= ns for measured, ns in zip(process["samples_ns"], programmed))
    assert clock.bias_ns(process, programme) >= 0


def test_a_neighbour_computes_on_the_measured_core_and_is_gone_with_the_process(bench):
    core = sorted(os.sched_getaffinity(0))[-1]
    (chosen,) = [spec for phase, spec in specs(bench) if phase == "latency 2/5"]
    with disturb.with_neighbour(range(1, 2), bench.seed)(chosen) as spec:
        (neighbour,) = [child for child in psutil.Process().children() if child.cmdline()[-1:] == [str(core)]]
        while neighbour.cpu_affinity() != [core]:  # it has just been started
            assert neighbour.is_running()
    assert spec == chosen
    assert not neighbour.is_running()


@pytest.mark.parametrize("wrong", [disturb.with_neighbour, None])
def test_only_the_chosen_latency_processes_are_disturbed(bench, wrong, monkeypatch):
    entered = []
    monkeypatch.setattr(disturb, "busy", lambda core: entered.append(core) or disturb.nothing(None))
    during = (wrong or (lambda *chosen: disturb.with_artifact(Path("other"), *chosen)))(range(1, 3), bench.seed)
    device = Canned()
    disturbed = Disturbed(device, during=during)
    every = specs(bench)
    for _, spec in every:
        list(disturbed.run(spec))
    changed = [phase for (phase, spec), asked in zip(every, device.asked) if asked != spec]
    if wrong:
        assert (len(entered), changed) == (2, [])
    else:
        assert changed == ["latency 2/5", "latency 3/5"]
        assert ONE_PATCH not in changed


def test_a_neighbour_ends_also_where_the_runner_dies(bench):
    class Dying(Canned):
        def run(self, spec):
            raise DeviceError("the runner died")
            yield

    before = set(psutil.Process().children())
    (_, spec) = specs(bench)[1]
    with pytest.raises(DeviceError, match="died"):
        list(Disturbed(Dying(), during=disturb.with_neighbour(range(5), bench.seed)).run(spec))
    assert set(psutil.Process().children()) == before


@pytest.mark.parametrize(
    ("seen", "key"),
    [
        (disturb.swap_grows, "swap_used_bytes"),
        (disturb.throttle_count_grows, "throttle_count"),
        (disturb.throttled_flag, "throttled"),
    ],
)
def test_a_fake_state_grows_during_the_second_process_alone(seen, key):
    device = Disturbed(Canned(), seen=seen)
    readings = [device.state()[key] for _ in range(8)]
    assert [after > before for before, after in zip(readings[::2], readings[1::2])] == [False, True, False, False]
    assert device.state()["load"] == 0.0


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", ["step", "drift"])
def test_a_programmed_trend_is_given_its_name_and_none_where_there_is_none(name, quick):
    (fault,) = [fault for fault in faults.faults(quick) if fault.name == name]
    found = trend_verdict([samples(fault.programme, 40, faults.timed_calls(quick))] * 5)
    assert {verdict.name for verdict in found} == {name.upper()}


@pytest.mark.parametrize("quick", [False, True])
def test_levels_that_take_turns_never_settle_and_are_no_trend(quick):
    programme = FAULTS["unsteady"].programme
    assert synthetic.warm_up(samples(programme, 0, 300)) == (300, False)
    processes = [samples(programme, 300, faults.timed_calls(quick))] * 5
    assert trend_verdict(processes) == ()
    assert st.variation([float(np.median(process)) for process in processes]) == 0


def samples(programme, warmup_calls, calls):
    return [time_ns(programme, 1 + warmup_calls + i) for i in range(calls)]


@pytest.mark.parametrize("quick", [False, True])
def test_every_verdict_of_a_cell_has_its_fault(quick):
    """FALLBACK to UNSTEADY, as docs/measurement.md and records/checks.py have them; SHORT is true of all but one."""
    named = {name for fault in faults.faults(quick) for name in fault.one_of}
    assert named >= {"NOISY", "UNSTEADY", "DRIFT", "STEP", "CACHE", "MISMATCH", "FALLBACK", "COLLAPSED"}
    assert named >= {"SWAPPED", "THROTTLED", faults.REFUSED}
    assert (faults.OK in named) is not quick


def case(one_of, told, refused=None):
    """A finding of the part about faults, with the verdicts of a record given."""
    return {"what": "x", "one_of": list(one_of), "record": told, "refused": refused}


@pytest.mark.parametrize(
    ("one_of", "told", "reached"),
    [
        (["CACHE"], {"CACHE", "SHORT"}, True),
        (["CACHE"], {"SHORT"}, False),  # not found
        (["CACHE"], {"CACHE", "SHORT", "NOISY"}, False),  # and something that is not true
        (["CACHE"], {"CACHE"}, False),  # too short, and not said so
        (["DRIFT", "STEP"], {"STEP", "SHORT"}, True),
        (["DRIFT", "STEP"], {"DRIFT", "STEP", "SHORT"}, True),
        ([], {"SHORT"}, True),
        ([], set(), False),
        (["OK"], set(), True),
        (["OK"], {"SHORT"}, False),
    ],
)
def test_a_fault_is_found_by_its_verdict_and_by_nothing_else(monkeypatch, one_of, told, reached):
    summary = type("Summary", (), {"verdicts": [type("Verdict", (), {"name": name}) for name in told]})
    monkeypatch.setattr(faults, "summarise", lambda record: summary)
    (found,) = faults.findings({"cases": [case(one_of, "a record")]}, False)
    assert found.reached is reached


@pytest.mark.parametrize(("refused", "reached"), [(faults.REFUSED, True), ("ModelError, but a record", False)])
def test_a_refusal_counts_only_without_a_record(refused, reached):
    (found,) = faults.findings({"cases": [case([faults.REFUSED], None, refused)]}, False)
    assert found.reached is reached


def test_the_clock_steps_are_counted():
    steps = clock.steps_ns(1000)
    assert sum(count for _, count in steps) == 999
    assert all(step >= 0 for step, _ in steps)


def test_a_bias_is_what_is_measured_beyond_the_programme():
    programme = Programme(latency="drift", us=1000, by=0.5, begin=41, end=141)
    exact = samples(programme, 40, 100)
    process = {"warmup_calls": 40, "samples_ns": [ns + 700 for ns in exact]}
    assert clock.bias_ns(process, programme) == 700
    assert clock.bias_ns({**process, "warmup_calls": 60}, programme) != 700


@pytest.mark.parametrize(("away_ns", "reached"), [(0, True), (5000, True), (5001, False), (-1, False)])
def test_the_goal_of_a_bias_has_two_sides(away_ns, reached):
    processes = [{"warmup_calls": 40, "samples_ns": [1_000_000 + away_ns] * 9}]
    raw = {"steps_ns": [[0, 1], [40, 9]], "null": processes}
    raw["cases"] = [{"case": "1 ms", "programme": {"us": 1000}, "processes": processes}]
    assert clock.findings(raw, False)[-1].reached is reached


@pytest.mark.parametrize(("away_mib", "reached"), [(0.0, True), (1.5, False), (-1.5, False)])
def test_the_goal_of_memory_has_two_sides(away_mib, reached):
    at = {"interpreter": 0, "imports": 0, "load": 16 + away_mib, "first": 32 + away_mib, "steady": 32 + away_mib}
    stages = {stage: {"rss_bytes": int(mib * MIB)} for stage, mib in at.items()}
    event = {"stages": stages, "peak_rss_bytes": int((48 + away_mib) * MIB)}
    raw = {"cases": [{"case": "16 MiB", "programme": {"load_mib": 16, "first_mib": 16, "scratch_mib": 16}}]}
    raw["cases"][0]["memory"] = event
    assert [found.reached for found in memory.findings(raw, False)] == [reached, True, True, True]


def test_an_expected_error_follows_from_the_labels():
    assert error.expected_um(Programme()) == {"mean": 0, "bias": 0, "mean over tiles": pytest.approx(5 / 3)}
    expected = error.expected_um(Programme(offset_um=-0.25))
    assert expected["mean"] == pytest.approx(0.25)
    assert expected["bias"] == pytest.approx(-0.25)
