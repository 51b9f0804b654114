"""Gates of a suite: what fails is measured again, and only what fails twice ends in exit code 1."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from make_records import make_record
from test_comparison import record
from test_session import HOST, IMAGE, LOAD, RESULTS, TOTAL, Canned, run
from test_session import cell as cell  # a fixture
from test_session import data as data  # a fixture
from typer.testing import CliRunner

from edgebench.bench import gates, plan, session, suite
from edgebench.cli.main import app
from edgebench.devices import base as devices
from edgebench.errors import UsageError
from edgebench.records import gate_names, statistics, store
from edgebench.records.gates import judge

INT8, ERROR, LATENCY = gate_names.GATES
STACKS = 5


class Timed(Canned):
    """Answers with call times and errors by precision; slow: ratios of int8 to float32, one for each measurement."""

    def __init__(self, *slow, errors_um=(0.2, 0.2)):
        super().__init__()
        self._slow, self._errors_um, self._int8_runs = slow, errors_um, 0

    def run(self, spec):
        self.started.append(spec.mode)
        int8 = "int8" in spec.artifact
        if spec.mode == "accuracy":
            um = self._errors_um[int8] + IMAGE["z_nm"] / 1000
            images = [{**IMAGE, "stack": f"s{n}_l1", "patches_um": [um]} for n in range(STACKS)]
            events = [*images, {"event": "accuracy", **TOTAL, "images": STACKS, "patches": STACKS, "padded": 0}]
        elif spec.mode == "latency":
            ratio = self._slow[min(self._int8_runs // 5, len(self._slow) - 1)] if int8 else 1.0
            self._int8_runs += int8
            jitter = 1 + 0.001 * (len(self.started) % 5)
            samples = [int(1e6 * ratio * jitter)] * 4
            events = [{"event": "latency", **TOTAL, "samples_ns": samples, "warmup_calls": 40, "distinct_patches": 1}]
        else:
            events = RESULTS[spec.mode]
        return (dict(event) for event in (HOST, LOAD, *events, {"event": "done"}))


@pytest.fixture
def both(cell):
    return [cell(repeats=4), cell("tflite-int8", repeats=4)]


def measured(cells, device, data, results, names, baseline=None, **options):
    todo = plan.make(cells, device, data, results, **{"force": False, "seed": 0, **options})
    wanted = gates.checks(names, todo, baseline)
    list(session.follow(todo, device, data))
    return gates.confirm(gates.evaluate(wanted, todo), todo, device, data, lambda step, event: None)


# one gate on two records


def test_r15_only_a_whole_interval_beyond_the_floor_fails():
    (slower,), (wide,) = (judge(INT8, record(), record(ms)) for ms in (14.0, 12.36))
    assert slower.failed and slower.verdict == "slower" and slower.found.low > 1.03
    assert not wide.failed and wide.verdict == "no difference shown"
    assert not judge(LATENCY, record(), record(10.0))[0].failed


def test_r25_an_error_fails_if_it_is_shown_to_be_worse():
    findings = judge(ERROR, record(), record(error_um=0.4))
    assert [(one.what, one.verdict, one.failed) for one in findings] == [
        ("test-1", "worse", True),
        ("test-2", "worse", True),
    ]
    assert not any(one.failed for one in judge(ERROR, record(), record(error_um=0.21)))
    assert not any(one.failed for one in judge(ERROR, record(), record(14.0)))  # the time is another gate's


def test_what_cannot_be_told_is_an_error_not_a_pass():
    few = record()
    few["latency"] = few["latency"][:3]
    with pytest.raises(UsageError, match="need 4 latency processes"):
        judge(INT8, record(), few)
    with pytest.raises(UsageError, match=r"differ in settings\.threads"):
        judge(INT8, record(), make_record(threads=1))
    assert gate_names.PROCESSES == statistics.PROCESSES


# a session


def test_int8_is_compared_with_float32_of_the_same_model_and_backend(both, data, tmp_path):
    (found,) = measured(both, Timed(0.8), data, tmp_path, [INT8])
    assert "int8" in found.other and "float32" in found.base
    assert not found.failed and found.again == ()
    assert found.findings[0].found.value == pytest.approx(0.8, rel=0.01)
    assert not (tmp_path / gates.CONFIRMATIONS).exists()


@pytest.mark.parametrize(("slow", "confirmed"), [((1.5, 1.5), True), ((1.5, 1.0), False)])
def test_what_fails_is_measured_again_and_only_the_second_failure_counts(both, data, tmp_path, slow, confirmed):
    device = Timed(*slow)
    (found,) = measured(both, device, data, tmp_path, [INT8])
    assert found.failed and found.confirmed is confirmed
    assert found.again[0].found.value == pytest.approx(slow[1], rel=0.01)
    assert len(device.started) == 2 * 2 * 8  # all processes of both cells, fresh


def test_no_record_is_edited_or_lost_by_the_second_measurement(both, data, tmp_path):
    device = Timed(1.5)
    todo = plan.make(both, device, data, tmp_path, force=False, seed=0)
    list(session.follow(todo, device, data))
    before = {path: path.read_bytes() for path in tmp_path.glob("runs/*/*.json")}
    gates.confirm(gates.evaluate(gates.checks([INT8], todo, None), todo), todo, device, data, lambda *_: None)
    assert {path: path.read_bytes() for path in tmp_path.glob("runs/*/*.json")} == before
    assert len(list(tmp_path.glob(f"{gates.CONFIRMATIONS}/*/runs/local/*.json"))) == 2
    assert len(store.load_all(tmp_path)) == 2


def test_errors_of_int8_and_float32_are_compared_in_the_session(both, data, tmp_path):
    (found,) = measured(both, Timed(1.0, errors_um=(0.2, 0.5)), data, tmp_path, [ERROR])
    assert found.confirmed
    assert [one.what for one in found.findings] == ["test-1", "test-2"]


def test_a_baseline_is_compared_with_every_cell_and_not_measured_again(both, data, tmp_path):
    list(session.run(both, Timed(1.0), data, tmp_path / "before"))
    device = Timed(1.5)
    found = measured(both, device, data, tmp_path / "now", [LATENCY], tmp_path / "before" / "runs" / "local")
    assert [check.confirmed for check in found] == [False, True]
    assert device.started.count("memory") == 2 + 1  # the failing cell once more


def test_the_newest_record_of_a_whole_results_folder_is_the_baseline(both, data, tmp_path):
    list(session.run(both, Timed(1.0), data, tmp_path / "before"))
    (path,) = tmp_path.glob("before/runs/local/*int8*.json")
    old = json.loads(path.read_text()) | {"created": "2020-01-01T00:00:00Z", "id": "older"}
    store.save(old, tmp_path / "before")
    found = measured(both, Timed(1.0), data, tmp_path / "now", [LATENCY], tmp_path / "before")
    assert {check.base["id"] for check in found}.isdisjoint({"older"})


@pytest.mark.parametrize(
    ("names", "cells", "baseline", "message"),
    [
        ([INT8], ["tflite-int8"], None, "nothing to compare. It needs an int8 and a float32"),
        ([LATENCY], ["tflite-int8"], None, "nothing to compare. It needs --baseline"),
        ([ERROR], ["tflite-float32"], None, "or --baseline"),
        ([LATENCY], ["tflite-int8"], "empty", "no records there"),
        ([LATENCY], ["tflite-int8", "onnx-float32"], "before", "no record of tiny/onnx-float32 on null"),
    ],
)
def test_what_a_gate_lacks_is_said_before_anything_is_measured(cell, data, tmp_path, names, cells, baseline, message):
    list(session.run([cell("tflite-int8", repeats=4)], Timed(1.0), data, tmp_path / "before"))
    device = Timed(1.0)
    todo = plan.make([cell(c, repeats=4) for c in cells], device, data, tmp_path / "now", force=False, seed=0)
    with pytest.raises(UsageError, match=message):
        gates.checks(names, todo, tmp_path / baseline if baseline else None)
    assert device.started == []


@pytest.mark.parametrize(("part", "change"), [("device", {"cpu": "another"}), ("data", {"sha256": "1" * 64})])
def test_a_baseline_of_another_cpu_or_data_set_is_none(cell, data, tmp_path, part, change):
    own = [cell("tflite-int8", repeats=4)]
    list(session.run(own, Timed(1.0), data, tmp_path / "before"))
    (path,) = tmp_path.glob("before/runs/local/*.json")
    raw = json.loads(path.read_text())
    (raw["device"]["host"] if part == "device" else raw["data"]).update(change)
    path.write_text(json.dumps(raw))
    todo = plan.make(own, Timed(1.0), data, tmp_path / "now", force=False, seed=0)
    said = r"no record of tiny/tflite-int8 on null, batch 3 in .* that was measured alike"
    with pytest.raises(UsageError, match=said):
        gates.checks([LATENCY], todo, tmp_path / "before")


def test_too_few_processes_for_an_interval_are_said_before_anything_is_measured(cell, data, tmp_path):
    todo = plan.make([cell(), cell("tflite-int8")], Canned(), data, tmp_path, force=False, seed=0)
    with pytest.raises(UsageError, match="has 2 latency processes, an interval needs 4"):
        gates.checks([INT8], todo, None)


def test_a_record_is_no_baseline_of_itself(cell, data, tmp_path):
    own = [cell("tflite-int8", repeats=4)]
    run(own, Timed(1.0), data, tmp_path)
    todo = plan.make(own, Timed(1.0), data, tmp_path, force=False, seed=0)
    with pytest.raises(UsageError, match="the very one of this session"):
        gates.checks([LATENCY], todo, tmp_path)
    again = plan.make(own, Timed(1.0), data, tmp_path, force=True, seed=0)
    assert len(gates.checks([LATENCY], again, tmp_path)) == 1


# the suite and the command


SUITE = """
models = ["tiny"]
splits = ["test-1"]
repeats = 4
iterations = 4
gates = ["int8-not-slower"]
[[cells]]
target = "tflite-float32"
backend = "null"
[[cells]]
target = "tflite-int8"
backend = "null"
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('gates = ["int8-faster"]', "no gate 'int8-faster'. Gates: int8-not-slower, error-not-worse"),
        ('gates = "int8-not-slower"', "gates is 'int8-not-slower', expected list"),
        ("baseline = 3", "baseline is 3, expected str"),
    ],
)
def test_gates_are_read_strictly(tmp_path, line, message):
    (tmp_path / "bad.toml").write_text(line + SUITE.replace('gates = ["int8-not-slower"]', ""))
    with pytest.raises(UsageError, match=message):
        suite.load("bad", {}, tmp_path)


@pytest.fixture
def edgebench(tiny_models, tiny_dataset, tmp_path, monkeypatch):
    path = tmp_path / "gated.toml"
    path.write_text(SUITE)

    def call(device, *arguments):
        monkeypatch.setattr(devices, "connect", lambda name, asked: device)
        folders = ["--models", str(tiny_models), "--data", str(tiny_dataset), "--results", str(tmp_path / "results")]
        return CliRunner().invoke(app, ["run", "--suite", str(path), *folders, *arguments], env={"COLUMNS": "200"})

    return call


@pytest.mark.parametrize(
    ("slow", "code", "said"),
    [
        ((1.0,), 0, "Gates: all 1 passed."),
        ((1.5, 1.5), 1, "FAILED, confirmed"),
        ((1.5, 1.0), 0, "the failure was not confirmed"),
    ],
)
def test_the_exit_code_is_1_for_a_failure_that_a_second_measurement_confirms(edgebench, slow, code, said):
    done = edgebench(Timed(*slow))
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "int8-not-slower" in done.output
    if len(slow) > 1:
        assert done.output.count("1.5") >= 1 and f"{slow[1]:.1f}" in done.output  # both outcomes


def test_an_emulated_board_is_held_to_no_gate_that_needs_a_time(edgebench, monkeypatch, tmp_path):
    device = Timed(1.5, 1.5, errors_um=(0.2, 0.9))
    monkeypatch.setattr(device, "emulated", True, raising=False)
    assert "Left out: gate int8-not-slower. An emulated board has no times." in edgebench(device, "--plan").output
    (tmp_path / "gated.toml").write_text(SUITE.replace('"int8-not-slower"', '"int8-not-slower", "error-not-worse"'))
    done = edgebench(device)
    assert done.exit_code == 1, done.output
    assert "error-not-worse" in done.output
    assert "latency" not in device.started


def test_a_board_is_cleaned_after_its_gates_were_measured_again(edgebench):
    class Board(Timed):
        did = ()

        def need(self, packages):
            self.did += ("need",)

        def run(self, spec):
            self.did += ("run",)
            return super().run(spec)

        def clean(self):
            self.did += ("clean",)

    board = Board(1.5, 1.0)
    done = edgebench(board, "--clean")
    assert "the failure was not confirmed" in done.output
    assert board.did.index("clean") == len(board.did) - 1
    board.run = lambda spec: 1 / 0
    assert edgebench(board, "--clean", "--force").exit_code == 1
    assert board.did[-1] == "clean" and board.did.count("clean") == 2


def test_a_baseline_without_gates_is_refused(edgebench, tmp_path):
    (tmp_path / "gated.toml").write_text(SUITE.replace('gates = ["int8-not-slower"]', ""))
    done = edgebench(Timed(1.0), "--baseline", str(tmp_path))
    assert isinstance(done.exception, UsageError)
    assert "for the gates of a suite" in str(done.exception)


def test_the_parent_of_a_gated_session_loads_no_numpy_before_it_measures():
    code = "import sys, edgebench.bench.gates, edgebench.bench.suite; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
