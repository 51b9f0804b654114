"""benchmarks/peers.py: what the peers print is read right, the rounds are fair, and the page is the record's."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import replace
from pathlib import Path

import common
import peers
import pytest
from validation import launch, page, process, session, tools
from validation.process import Reading, Task
from validation.record import EDGEBENCH, SCHEMA, load
from validation.session import Cell, Pace

from edgebench.bench import artifacts
from edgebench.errors import DeviceError, RecordError, UsageError
from edgebench.types import RunSpec, StackFiles

ROOT = Path(__file__).parents[1]
PRINTED = Path(__file__).parent / "data/peers"
BENCHMARK_APP, LITERT, ONNXRUNTIME, LOADGEN = tools.PEERS
STACKS = (StackFiles("s1_l1", "s1", (("a.png", 0), ("b.png", 2000))),)
RUN = RunSpec("latency", "model.xml", "openvino", 8, 2, 112, "data", STACKS)


def printed(name: str) -> str:
    return (PRINTED / name).read_text()


def test_benchmark_app_is_read_with_what_it_has_executed():
    found = tools.read_benchmark_app(printed("benchmark_app.txt"))
    median_us = float(next(line for line in printed("benchmark_app.txt").splitlines() if "Median" in line).split()[-2])
    assert found.median_ns == pytest.approx(median_us * 1000)
    assert found.executed["INFERENCE_PRECISION_HINT"] == "<Type: 'float32'>"
    assert found.executed["PERFORMANCE_HINT"] == "LATENCY"
    assert found.executed["INFERENCE_NUM_THREADS"] == found.executed["NUM_STREAMS"] == "1"
    assert "f32" in found.executed["input"]


def test_benchmark_app_prints_milliseconds_from_1_ms_on():
    text = printed("benchmark_app.txt").replace(" us", " ms")
    assert tools.read_benchmark_app(text).median_ns == pytest.approx(
        1000 * tools.read_benchmark_app(printed("benchmark_app.txt")).median_ns
    )


def test_litert_benchmark_is_read_unrounded():
    found = tools.read_litert(printed("litert-benchmark.json"))
    latency = json.loads(printed("litert-benchmark.json"))["latency"]
    assert (found.median_ns, found.mean_ns) == (latency["median_ms"] * 1e6, latency["avg_ms"] * 1e6)
    assert latency["median_ms"] != round(latency["median_ms"], 2)
    assert found.executed == {"accelerators": "CPU", "threads": "1"}


def test_onnxruntime_test_prints_no_median():
    found = tools.read_onnxruntime(printed("onnxruntime_test.txt"))
    assert found == Reading(None, pytest.approx(2296992.5, abs=1))


def test_loadgens_summary_is_read():
    assert tools.read_loadgen(printed("loadgen.txt")) == Reading(707542, 763020, {"result": "VALID"})


@pytest.mark.parametrize("peer", [*tools.PEERS, *tools.CONTROLS], ids=lambda peer: peer.name)
def test_what_a_peer_does_not_print_is_an_error(peer):
    silent = replace(peer, command=lambda task, folder: ["-c", "print('{}')"], output=None)
    with pytest.raises(DeviceError, match="not as expected"):
        process.run(silent, Task(RUN, 10, 1000))


def test_a_peer_that_fails_is_an_error_with_its_last_words():
    failing = replace(LOADGEN, command=lambda task, folder: ["-c", "raise SystemExit('no such model')"])
    with pytest.raises(DeviceError, match=r"LoadGen: ended with status 1 on model.xml. Its last words: no such model"):
        process.run(failing, Task(RUN, 10, 1000))


def test_benchmark_app_gets_the_settings_of_our_backend():
    command = BENCHMARK_APP.command(Task(RUN, 300, 1000), Path())
    options = dict(zip(command[3::2], command[4::2], strict=True))
    assert command[1:3] == ["2", "benchmark_app"]
    assert options["-ip"] == options["-infer_precision"] == "f32"
    assert (options["-nthreads"], options["-nstreams"], options["-pin"], options["-api"]) == ("2", "1", "NO", "sync")
    assert (options["-shape"], options["-niter"]) == ("[8,112,112,3]", "300")


def test_onnxruntime_test_is_told_the_threads(monkeypatch):
    import onnxruntime

    given = []
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda path, sess_options, **_: given.append(sess_options))
    launch.onnxruntime_test(2)
    onnxruntime.InferenceSession("model.onnx", sess_options=None, providers=[])
    assert [options.intra_op_num_threads for options in given] == [2]


def test_litert_benchmark_does_not_round(monkeypatch):
    from ai_edge_litert.tools import benchmark_litert_model as tool

    monkeypatch.setattr(tool, "round", round, raising=False)
    launch.litert_benchmark(1)
    assert tool.round(0.3175, 2) == 0.3175


def test_onnxruntime_test_runs_on_the_cores_and_batch_of_ours(tiny_artifacts):
    run = replace(RUN, artifact=str(tiny_artifacts["onnx-float32"]), input_size=32, threads=1)
    assert process.run(ONNXRUNTIME, Task(run, 3, 1000)).mean_ns > 0


def test_a_control_times_our_backend_on_the_same_patches(tiny_dataset, tiny_artifacts):
    _, stacks = common.data(tiny_dataset, ("test-1",))
    artifact = str(tiny_artifacts["tflite-float32"])
    run = RunSpec("latency", artifact, "litert", 1, 1, 32, str(tiny_dataset), stacks)
    control = next(control for control in tools.CONTROLS if control.name == LITERT.control)
    found = process.run(control, Task(run, 5, 1000))
    assert found.median_ns > 0


@pytest.fixture
def cells(tiny_models):
    def plan(*names: str, batches=(1, 8), there=(*tools.PEERS, *tools.CONTROLS)) -> list[Cell]:
        found = [artifacts.find(f"tiny/{name}", tiny_models) for name in names]
        return session.plan(found, batches, (1,), there, "data", STACKS)

    return plan


def test_each_artifact_meets_the_peers_of_its_runtime(cells):
    programs = {
        (cell.run.backend, cell.run.batch_size): {peer.name for peer in cell.peers}
        for cell in cells("tflite-int8", "onnx-float32", "openvino-float32")
    }
    assert programs[("litert", 1)] == {"litert-benchmark", LITERT.control, "LoadGen", tools.RANDOM}
    assert programs[("litert", 8)] == {"LoadGen"}  # litert-benchmark takes batch 1 alone
    assert programs[("onnxruntime", 8)] == {"onnxruntime_test", "LoadGen"}
    assert programs[("openvino", 8)] == {"benchmark_app", BENCHMARK_APP.control, "LoadGen"}


def test_a_cell_that_no_peer_can_run_is_left_out(cells):
    assert [cell.run.batch_size for cell in cells("tflite-int8", there=(LITERT,))] == [1]
    with pytest.raises(UsageError, match="no peer can run"):
        cells("tflite-int8", there=(ONNXRUNTIME,))


def test_a_missing_package_leaves_its_peer_out_with_the_reason():
    there, skipped = peers.installed((ONNXRUNTIME, replace(LOADGEN, package="no-such-package")))
    assert there == (ONNXRUNTIME,)
    assert skipped == {"LoadGen": "no-such-package is not installed"}


def test_each_round_runs_every_program_of_every_cell_once_those_of_a_cell_together(cells):
    found = cells("tflite-float32", "onnx-float32")
    order = list(session.order(found, 3, seed=1))
    each = sum(len(cell.programs) for cell in found)
    for round in range(3):
        of_round = [(number, peer) for at, number, peer in order if at == round]
        assert len(of_round) == each
        assert [order[round * each + i][0] for i in range(each)] == [round] * each
        numbers = [number for number, _ in of_round]
        assert sum(a != b for a, b in zip(numbers, numbers[1:], strict=False)) == len(found) - 1
        for number, cell in enumerate(found):
            assert {peer for at, peer in of_round if at == number} == set(cell.programs)
    assert order == list(session.order(found, 3, seed=1))
    assert order != list(session.order(found, 3, seed=2))


def test_cells_and_programs_take_turns_in_going_first(cells):
    found = cells("tflite-float32", "onnx-float32", batches=(1,))
    order = list(session.order(found, 12, seed=0))
    firsts = order[:: len(order) // 12]
    assert {number for _, number, _ in firsts} == {0, 1}
    assert len({peer for _, _, peer in firsts}) > 2


def test_a_process_makes_the_calls_that_fit_into_its_time():
    pace = Pace(rounds=5, calls=1000, seconds=5.0, seed=0)
    assert pace.calls_of(None, 0.3e6) == 1000
    assert pace.calls_of(ONNXRUNTIME, 0.3e6) == 10000  # it has no warm-up: its first call must not weigh
    assert pace.calls_of(None, 20e6) == 250
    assert pace.calls_of(None, 1e9) == session.FEWEST_CALLS


@dataclasses.dataclass
class FakeDevice:
    """A call takes 1 ms in round 0, 2 ms in round 1 and so on, times a factor."""

    factor: float = 1.0
    name = "fake"
    emulated = False

    def run(self, run):
        yield {"event": "load", "first_ns": 9, "executed": {"threads": run.threads}}
        samples_ns = [(1 + run.seed) * self.factor * 1e6] * run.iterations
        yield {"event": "latency", "samples_ns": samples_ns, "wall_ns": 1, "warmup_calls": 40, "steady": True}
        yield {"event": "done"}


@pytest.fixture
def record(monkeypatch, cells):
    def make(ours=1.0, loadgen=1.0, **change):
        """Of one cell, four rounds; LoadGen's calls and ours take the others' times a factor."""

        def run(program, task):
            factor = loadgen if program.name.startswith("LoadGen") else 1.0
            return Reading(*((1 + task.run.seed) * factor * 1e6,) * 2)

        monkeypatch.setattr(process, "run", run)
        found = session.measure(cells("openvino-float32", batches=(1,)), Pace(4, 100, 1.0, 0), FakeDevice(ours))
        return {
            "schema": 1,
            "kind": "validation",
            "created": "2026-01-01T00:00:00+00:00",
            "edgebench": "0.1.0",
            "code_sha256": "c" * 64,
            "quick": False,
            "settings": dataclasses.asdict(Pace(4, 100, 1.0, 0)),
            "host": {"cpu": "a CPU", "cores": 2, "python": "3.11", "versions": {"openvino": "2026.4"}},
            "before": {"governor": None},
            "after": {},
            "data": {"name": "tests", "simulated": True, "sha256": "d" * 64},
            "peers": {"benchmark_app": "1", "LoadGen": "6", BENCHMARK_APP.control: "0.1.0", tools.RANDOM: "6"},
            "skipped": {},
            "cells": found,
            **change,
        }

    return make


def test_our_process_is_read_as_it_tells():
    reading, more = session._ours(replace(RUN, iterations=4, seed=1), FakeDevice())
    assert (reading.median_ns, reading.mean_ns, reading.executed) == (2e6, 2e6, {"threads": 2})
    assert more == {"first_ns": 9, "warmup_calls": 40, "steady": True, "samples_ns": [2e6] * 4}


def row(text: str, heading: str) -> list[str]:
    line = text.partition(f"## {heading}")[2].partition("| tiny/")[2].partition("\n")[0]
    return [cell.strip() for cell in line.split("|")]


def test_the_ratio_is_paired_by_round(record):
    """The rounds differ by a factor of 4, the programs of each by 1 %."""
    found = record(ours=1.01)
    assert row(page.document(found), "LoadGen")[5:7] == ["1.010 [1.010, 1.010]", "yes"]


def test_a_difference_without_a_known_cause_says_so(record, monkeypatch):
    text = page.document(record(ours=1.1, loadgen=0.9))
    assert row(text, "LoadGen")[5:8] == ["1.222 [1.222, 1.222]", "no", page.UNKNOWN]
    monkeypatch.setitem(page.CAUSES, "LoadGen", "its clock")
    assert row(page.document(record(ours=1.1, loadgen=0.9)), "LoadGen")[7] == "its clock"


def test_a_difference_that_vanishes_when_timed_alike_is_what_is_timed(record):
    text = page.document(record(ours=1.1))
    assert row(text, "benchmark_app")[5:9] == ["1.100 [1.100, 1.100]", "1.000 [1.000, 1.000]", "no", page.TIMED]


def test_the_page_says_what_was_left_out_and_what_was_simulated(record):
    text = page.document(record(skipped={"LoadGen": "it is not installed"}, quick=True))
    assert "LoadGen was left out: it is not installed." in text
    assert "tests (simulated" in text
    assert "A quick look" in text


def test_a_damaged_record_is_named(record, tmp_path):
    good = record()
    common.save(good, SCHEMA, tmp_path / "good.json")
    assert load(tmp_path / "good.json") == good
    good["cells"][0]["processes"][0]["mean_ns"] = "1"
    with pytest.raises(RecordError, match=r"bad.json: \$.cells\[0\].processes\[0\].mean_ns"):
        common.save(good, SCHEMA, tmp_path / "bad.json")
    assert not (tmp_path / "bad.json").exists()
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(RecordError, match="damaged"):
        load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda processes: processes.pop(), "in each round"),
        (lambda processes: ours(processes)["samples_ns"].__setitem__(slice(None), [1]), "median"),
        (lambda processes: ours(processes).pop("steady"), "steady"),
    ],
    ids=["a process is missing", "a median is of other samples", "a field is missing"],
)
def test_a_record_that_was_changed_by_hand_is_refused(record, tmp_path, spoil, said):
    found = record()
    spoil(found["cells"][0]["processes"])
    (tmp_path / "peers.json").write_text(json.dumps(found))
    with pytest.raises(RecordError, match=said):
        load(tmp_path / "peers.json")


def ours(processes):
    return next(one for one in processes if one["by"] == EDGEBENCH)


def test_a_record_is_not_overwritten_unless_asked(record, tmp_path):
    path = tmp_path / "validation/peers.json"
    common.save(record(), SCHEMA, path)
    with pytest.raises(UsageError, match="--force"):
        common.refuse(path, force=False)
    common.refuse(path, force=True)


@pytest.mark.parametrize("options", [["--rounds", "3"], ["--artifact", "none/none"], ["--data", "no-such-folder"]])
def test_a_wrong_option_is_one_line_and_nothing_is_written(monkeypatch, capsys, tmp_path, tiny_dataset, options):
    given = ["--data", str(tiny_dataset), "--results", str(tmp_path / "results"), *options]
    monkeypatch.setattr(sys, "argv", ["peers.py", *given])
    with pytest.raises(SystemExit) as stop:
        common.end(peers.main)
    assert stop.value.code == 2
    assert [line for line in capsys.readouterr().err.splitlines() if "left out" not in line][1:] == []
    assert not list(tmp_path.rglob("*.json"))


def test_the_committed_page_is_that_of_the_committed_record():
    path = ROOT / "results/validation/peers.json"
    if not path.exists():
        pytest.skip("no record of the peers is committed yet")
    assert (ROOT / "docs/validation.md").read_text() == page.document(load(path))


def test_a_program_of_a_cell_has_one_process_a_round(record):
    (cell,) = record()["cells"]
    for program in cell["programs"]:
        assert sorted(one["round"] for one in cell["processes"] if one["by"] == program) == [0, 1, 2, 3]
    assert EDGEBENCH in cell["programs"]
