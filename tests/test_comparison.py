"""Two records side by side: R15 for times, R25 for errors, and what is refused."""

from __future__ import annotations

import copy

import pytest
from make_records import make_record, process
from typer.testing import CliRunner

from edgebench.cli.main import app
from edgebench.errors import UsageError
from edgebench.records import store
from edgebench.records.comparison import compare, side_by_side
from edgebench.records.summary import summarise
from edgebench.report import quantised

STACKS = 6


def record(call_ms=12.0, error_um=0.2, **changes):
    """A record of STACKS stacks a split, whose process medians vary by a percent."""
    made = make_record()
    for part in made["accuracy"].values():
        some = [image for image in part["images"] if image["stack"] == part["images"][0]["stack"]]
        part["images"] = [
            {**image, "stack": f"s{n}_l1", "sample": f"s{n}", "patches_um": [image["z_nm"] / 1000 + error_um] * 4}
            for n in range(STACKS)
            for image in some
        ]
    made["latency"] = [process(i, call_ms=call_ms * (1 + 0.01 * (-1) ** i)) for i in range(5)]
    return made | changes


@pytest.mark.parametrize(
    ("call_ms", "said"),
    [(14.0, "slower"), (10.0, "faster"), (12.0, "same within floor"), (12.36, "no difference shown")],
)
def test_r15_only_an_interval_wholly_beyond_the_floor_is_slower(call_ms, said):
    found = compare(record(), record(call_ms))
    assert found.latency.verdict == said
    assert found.latency.found.low < call_ms / 12 < found.latency.found.high
    assert bool(found.regressions) is (said == "slower")


def test_r2_too_few_processes_give_no_interval_and_no_verdict():
    other = record(50.0)
    other["latency"] = other["latency"][:3]
    found = compare(record(), other)
    assert found.latency.found is None
    assert found.latency.verdict == "too few processes"
    assert found.regressions == ()


@pytest.mark.parametrize(
    ("error_um", "said"), [(0.2, "equivalent"), (0.24, "equivalent"), (0.4, "worse"), (0.1, "better")]
)
def test_r25_errors_are_paired_and_equivalence_is_tested(error_um, said):
    found = compare(record(), record(error_um=error_um))
    assert {split: one.verdict for split, one in found.errors.items()} == {"test-1": said, "test-2": said}
    assert found.errors["test-1"].mean_um == pytest.approx(error_um - 0.2)
    assert bool(found.regressions) is (said == "worse")


@pytest.mark.parametrize(
    ("where", "name", "value", "said"),
    [
        (("settings",), "threads", 4, "settings.threads"),
        (("settings",), "batch_size", 1, "settings.batch_size"),
        (("device", "host"), "cpu", "another CPU", "device"),
        (("data",), "sha256", "9" * 64, "data"),
    ],
)
def test_unlike_protocols_are_refused_by_name(where, name, value, said):
    other = copy.deepcopy(record())
    part = other
    for key in where:
        part = part[key]
    part[name] = value
    with pytest.raises(UsageError, match=f"differ in {said}"):
        compare(record(), other)


def test_r22_sampled_energy_is_compared_with_sampled_energy_alone():
    def metered(samples):
        made = record()
        about = {"source": "hwmon", "joules": 1.0, "seconds": 1.0, "samples": samples, "idle_watts": 0.0}
        return made | {"latency": [one | {"energy": about} for one in made["latency"]]}

    assert compare(record(), metered(2)).latency.verdict == "same within floor"
    with pytest.raises(UsageError, match=r"differ in energy, which is sampled .* \(none and hwmon\)"):
        compare(record(), metered(50))


def test_other_images_are_refused():
    other = record()
    other["accuracy"]["test-2"]["images"].pop()
    with pytest.raises(UsageError, match="test-2: the two records are of different images"):
        compare(record(), other)


def at(minutes, **options):
    """A record whose processes started in these minutes of an hour."""
    record = make_record(**options)
    started = [f"2025-01-02T03:{minute:02}:00+00:00" for minute in minutes]
    record["processes"] = [{"phase": "memory", "started": one, "before": {}, "after": {}} for one in started]
    return record


@pytest.mark.parametrize(
    ("minutes", "turns"), [((1, 20), True), ((10, 30), True), ((20, 20), True), ((21, 40), False), ((0, 0), False)]
)
def test_r3_runs_are_side_by_side_where_their_sessions_overlap(minutes, turns):
    assert side_by_side(at((1, 20)), at(minutes)) is turns
    assert side_by_side(at(minutes), at((1, 20))) is turns


def test_a_ratio_of_times_that_were_not_measured_in_turns_says_so():
    def note(minutes):
        notes = {}
        runs = [summarise(at((1, 20))), summarise(at(minutes, target="tflite-int8"))]
        assert len(quantised.saves(runs, notes).rows) == 1
        return any("side by side" in text for text in notes)

    assert note((25, 40))
    assert not note((2, 21))


def test_the_commands_tell_by_their_exit_codes(tmp_path):
    run = CliRunner().invoke
    base = store.save(record(id="base"), tmp_path)
    slow = store.save(record(15.0, id="slow"), tmp_path)
    same = run(app, ["compare", str(base), str(base)])
    assert same.exit_code == 0 and "equivalent" in same.output
    worse = run(app, ["compare", str(base), str(slow)])
    assert worse.exit_code == 1 and "worse: latency slower" in worse.output
    checked = run(app, ["check", str(base), str(slow)])
    assert checked.exit_code in (0, 1)
    assert f"{base}: " in checked.output and f"{slow}: " in checked.output
