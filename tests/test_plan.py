"""run --plan and the progress of a session: what is to do, and estimates that say what they rest on."""

from __future__ import annotations

import dataclasses

import pytest
from test_session import Canned, run
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture

from edgebench.bench import estimate, plan
from edgebench.bench.session import Step
from edgebench.cli import plan as printed
from edgebench.cli.progress import Figures, duration
from edgebench.errors import DeviceError
from edgebench.records import store


def planned(cells, data, results, **options):
    return plan.make(cells, Canned(), data, results, **{"force": False, "seed": 0, **options})


def test_a_plan_is_the_order_that_the_session_keeps_and_writes_nothing(cell, data, tmp_path):
    both = [cell(), cell("tflite-int8")]
    found = planned(both, data, tmp_path)
    assert list(tmp_path.iterdir()) == []
    told = []
    run(both, Canned(), data, tmp_path, tell=lambda step, event: told.append((step.id, step.phase)))
    assert [(one.id, one.phase) for one in found.order] == list(dict.fromkeys(told))


def test_a_plan_knows_what_is_done(cell, data, tmp_path):
    run([cell()], Canned(), data, tmp_path)
    with pytest.raises(DeviceError):
        run([cell("tflite-int8")], Canned(dies_at=4), data, tmp_path)
    found = planned([cell(), cell("tflite-int8")], data, tmp_path)
    (skipped,) = found.skipped
    assert "float32" in skipped
    assert len(found.order) == 6 and len(found.left) == 2
    assert len(planned([cell()], data, tmp_path, force=True).left) == 6


def rewrite(results, **seconds):
    """Give the processes of the only record other durations, by the first word of their phase."""
    (record,) = store.load_all(results)
    for process in record["processes"]:
        process["seconds"] = seconds[process["phase"].split()[0]]
    store.save(record, results, force=True)


def test_an_estimate_rests_on_like_processes_of_the_same_artifact_and_backend(cell, data, tmp_path):
    run([cell()], Canned(), data, tmp_path)
    rewrite(tmp_path, accuracy=100.0, latency=10.0, one=10.0, memory=3.0)
    changed = dataclasses.replace(cell().settings, seed=5)  # another id; nothing that decides how long it takes
    again = planned([dataclasses.replace(cell(), settings=changed), cell("tflite-int8")], data, tmp_path)
    found = estimate.estimate(again, estimate.pace(again, data.about["sha256"]))
    assert (found.measured, found.asked, found.unknown) == (6, 0, 6)  # of the int8 artifact nothing is known
    assert found.seconds == pytest.approx(2 * 100 + 3 * 10 + 3)


@pytest.mark.parametrize(("settings", "measured"), [({"iterations": 9}, 3), ({"images": 3}, 4), ({"threads": 2}, 0)])
def test_processes_of_other_settings_or_data_are_not_alike(cell, data, tmp_path, settings, measured):
    run([cell()], Canned(), data, tmp_path)
    other = planned([cell(**settings)], data, tmp_path)
    assert estimate.estimate(other, estimate.pace(other, data.about["sha256"])).measured == measured
    assert estimate.estimate(other, estimate.pace(other, "f" * 64)).measured == 0


def test_without_records_the_seconds_of_the_settings_count(cell, data, tmp_path):
    found = planned([cell(seconds=60, repeats=5)], data, tmp_path)
    rests = estimate.estimate(found, estimate.pace(found, data.about["sha256"]))
    assert rests.seconds == pytest.approx(6 * 12)  # 5 and the one that repeats a patch
    assert (rests.measured, rests.asked, rests.unknown) == (0, 6, 3)


def test_the_plan_is_printed_with_its_estimate_labelled(cell, data, tmp_path, capsys):
    run([cell()], Canned(), data, tmp_path)
    found = planned([cell(), cell("tflite-int8", seconds=60)], data, tmp_path)
    printed.show(found, estimate.estimate(found, estimate.pace(found, data.about["sha256"])))
    out = capsys.readouterr().out
    assert "on null, batch 3: its record is there (" in out and "on null, batch 3: 0 of 6 processes done: " in out
    assert "accuracy test-1, accuracy test-2, 2 latency, memory, one patch" in out
    assert "Order of the 6 processes to run: B " in out
    assert "Estimate: at least 90 s" not in out and "Estimate: at least 2 min" in out
    assert "3 by the seconds that they are timed" in out and "3 unknown" in out


def step(found, cell, at):
    (id,) = found.cells
    return Step(id, cell, found.order[at].phase, at, len(found.order), found.order[at:])


def test_provisional_figures_are_those_of_the_process_and_cell_under_way(cell, data, tmp_path):
    own = cell()
    found = planned([own], data, tmp_path)
    at = {process.phase: place for place, process in enumerate(found.order)}
    figures = Figures(data, estimate.Pace())
    accuracy = step(found, own, at["accuracy test-1"])
    figures.hear(accuracy, {"event": "host"})
    figures.hear(accuracy, {"event": "image", "patches_um": [1.0, 1.2, 9.0], "z_nm": 1000})
    assert figures.text(accuracy).startswith("0.20 um so far (1/2)")
    assert figures.share(accuracy) == 0.5
    latency = step(found, own, at["latency 1/2"])
    figures.hear(latency, {"event": "host"})
    figures.hear(latency, {"event": "latency", "samples_ns": [1_000_000, 2_000_000, 9_000_000]})
    assert figures.text(latency).startswith("p50 2 ms so far (1/2)")
    alone = step(found, own, at["one patch"])
    figures.hear(alone, {"event": "latency", "samples_ns": [1]})
    assert "p50 2 ms" in figures.text(alone)  # a run that repeats one patch is no latency


def test_the_time_left_is_by_the_kind_of_the_processes_not_by_their_number(cell, data, tmp_path):
    own = cell()
    found = planned([own], data, tmp_path)
    (id,) = found.cells
    pace = estimate.Pace()
    figures = Figures(data, pace)
    start = step(found, own, 0)
    assert figures.left_s(start) is None
    for phase, seconds in (
        ("accuracy test-1", 300.0),
        ("accuracy test-2", 200.0),
        ("latency 1/2", 10.0),
        ("memory", 2.0),
    ):
        pace.add(id, phase, seconds)
    assert figures.left_s(start) == pytest.approx(300 + 200 + 3 * 10 + 2, abs=5)
    pace_elsewhere = estimate.Pace()
    for process in found.order:
        pace_elsewhere.add("another cell", process.phase, 7.0)
    assert pace_elsewhere.of(found.order[0]) is None
    assert pace_elsewhere.near(found.order[0]) == 7.0


def test_durations_are_said_in_the_unit_that_fits():
    assert [duration(s) for s in (42, 600, 7200)] == ["42 s", "10 min", "2.0 h"]
