"""R18: minutes without rest, beside the latency processes; the last against the first."""

from __future__ import annotations

import pytest
from make_records import load_event, make_record
from test_runner import change, mean_of_red, measured, of
from test_runner import run_spec as run_spec  # a fixture
from test_session import Canned, run
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture
from typer.testing import CliRunner

from edgebench.bench import suite
from edgebench.cli.main import app
from edgebench.errors import UsageError
from edgebench.records import schema, store
from edgebench.records.summary import summarise
from edgebench.runner import spec, sustained


def sustained_record(last, *, throttled=(0, 0), khz=(None, None), **changes):
    minutes = [
        {
            "minute": number + 1,
            "calls": 5000,
            "median_ns": int(12e6 * ratio),
            "p90_ns": int(13e6 * ratio),
            "wall_ns": 60 * 10**9,
            "temperature_c": 50.0 + number,
            "throttle_count": throttled[min(number, 1)],
            "requested_khz": khz[min(number, 1)],
        }
        for number, ratio in enumerate((1.0, 1.2, last))
    ]
    about = {"load": load_event(), "before": {"throttle_count": throttled[0]}, "warmup_calls": 40, "steady": True}
    return make_record() | {"sustained": {**about, "distinct_patches": 64, "minutes": minutes}} | changes


def verdicts(record):
    return {verdict.name: verdict.reason for verdict in summarise(record).verdicts if verdict.about == "sustained"}


def test_r18_the_last_minute_is_compared_with_the_first():
    record = schema.validate(sustained_record(1.1))
    found = summarise(record).sustained
    assert (found.minutes, found.hottest_c) == (3, 52.0)
    assert found.ratio == pytest.approx(1.1)
    assert summarise(make_record()).sustained is None


@pytest.mark.parametrize(
    ("last", "changes", "name", "why"),
    [
        (1.04, {}, None, ""),
        (0.8, {}, None, ""),
        (1.06, {}, "DRIFT", "1.06 times as long as in the first (limit 1.05); the kernel tells no reason"),
        (1.3, {"throttled": (3, 5)}, "THROTTLED", "it was slowed down for heat 2 times"),
        (1.3, {"khz": ([1_800_000], [1_500_000])}, "THROTTLED", "its clock fell to 83% of that of the first"),
        (1.3, {"khz": ([1_800_000], [1_780_000])}, "DRIFT", "no reason"),
        (1.3, {"khz": (["<unknown>"], ["<unknown>"])}, "DRIFT", "no reason"),
        (1.0, {"throttled": (3, 5)}, None, ""),
    ],
)
def test_r18_a_slower_last_minute_has_a_verdict_with_its_reason(last, changes, name, why):
    found = verdicts(sustained_record(last, **changes))
    assert set(found) == ({name} if name else set())
    assert name is None or why in found[name]


@pytest.mark.parametrize(("slope", "minutes", "heating"), [(0.6, 12, True), (0.3, 12, False), (0.6, 9, False)])
def test_a_long_run_that_still_warms_at_its_end_has_not_settled(slope, minutes, heating):
    record = sustained_record(1.0)
    (first, *_) = record["sustained"]["minutes"]
    record["sustained"]["minutes"] = [
        first | {"minute": number + 1, "temperature_c": 50 + slope * number} for number in range(minutes)
    ]
    assert ("HEATING" in verdicts(schema.validate(record))) is heating
    assert summarise(record).sustained.settled is (None if minutes < 10 else not heating)


def test_a_pis_own_clock_and_flags_say_why_it_slowed_down():
    for told, why in (({"arm_hz": 1_500_000_000}, "83%"), ({"throttled": 0x10001}, "firmware says under-")):
        record = sustained_record(1.3, khz=([1_800_000], [1_800_000]))
        record["sustained"]["minutes"][0]["arm_hz"] = 1_800_000_000
        record["sustained"]["minutes"][-1] |= {"arm_hz": 1_800_000_000} | told
        assert why in verdicts(record)["THROTTLED"]


def test_r18_check_prints_the_ratio_whatever_the_verdict(tmp_path):
    path = store.save(sustained_record(1.02), tmp_path)
    said = CliRunner().invoke(app, ["check", str(path)]).output
    assert "3 minutes without rest: the last takes 1.020 times as long a call as the first" in said


def test_r18_the_runner_tells_each_minute_with_heat_and_clock(monkeypatch, run_spec):
    monkeypatch.setattr(sustained, "MINUTE_NS", 1_000_000)
    asked = change(run_spec, mode="sustained", minutes=3)
    events, fake = measured(monkeypatch, asked, mean_of_red, sustained.measure)
    assert [event["event"] for event in events] == ["load", "minute", "minute", "minute", "sustained"]
    minutes = of(events, "minute")
    (total,) = of(events, "sustained")
    assert [minute["minute"] for minute in minutes] == [1, 2, 3]
    assert sum(minute["calls"] for minute in minutes) + total["warmup_calls"] == len(fake.seen)
    for minute in minutes:
        assert minute["wall_ns"] >= 1_000_000
        assert 0 < minute["median_ns"] <= minute["p90_ns"]
        assert "temperature_c" in minute and "throttle_count" in minute


def test_r18_it_is_a_process_more_and_takes_nothing_from_the_others(cell, data, tmp_path):
    plain, long = Canned(), Canned()
    run([cell()], plain, data, tmp_path / "plain")
    (outcome,) = run([cell(sustained=2)], long, data, tmp_path / "long")
    assert sorted(long.started) == sorted([*plain.started, "sustained"])
    record = store.load(outcome.path)
    assert len(record["latency"]) == 2
    assert len(record["sustained"]["minutes"]) == 2
    assert "sustained" in {process["phase"] for process in record["processes"]}


def test_one_minute_has_nothing_to_be_compared_with():
    with pytest.raises(UsageError, match="Ask for 2 or more"):
        suite.settings({"sustained": 1})


def test_a_sustained_run_of_no_minutes_is_refused():
    text = '{"mode": "sustained", "artifact": "", "backend": "null", "batch_size": 1, "threads": 1, "input_size": 1, '
    with pytest.raises(UsageError, match="no minutes"):
        spec.parse(text + '"data_root": "", "stacks": [{"id": "a", "sample": "a", "planes": []}]}')
