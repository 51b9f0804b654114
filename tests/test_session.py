from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest

from edgebench.bench import artifacts, cells, lock, order, session
from edgebench.bench.cells import Cell, Data
from edgebench.bench.suite import Settings
from edgebench.devices import base as devices
from edgebench.errors import BackendError, DeviceError, ModelError, RecordError, UsageError
from edgebench.records import store
from edgebench.types import StackFiles

FOLDERS = {"test-1": "testRawData_incoherent_sameProtocol", "test-2": "testRawData_incoherent_diffProtocol"}
STACKS = {"test-1": ("s16_l1", "s17_l1"), "test-2": ("s201_l1", "s202_l1")}
Z_NM = tuple(range(-1850, 2150, 500))
SETTINGS = Settings(batch_size=3, images=2, repeats=2, iterations=4, seconds=0)


@pytest.fixture
def data(tiny_dataset):
    stacks = {
        split: tuple(
            StackFiles(
                name,
                name.split("_")[0],
                tuple((f"incoherent_RGBchannels/{FOLDERS[split]}/{name}/defocus{z_nm}.jpg", z_nm) for z_nm in Z_NM),
            )
            for name in STACKS[split]
        )
        for split in STACKS
    }
    about = {"name": "tiny", "simulated": True, "seed": 0, "sha256": "0" * 64, "rule": "pairs 2 um apart"}
    counts = {split: {"stacks": 2, "images": 8, "patches": 32} for split in STACKS}
    return Data(str(tiny_dataset), {**about, "splits": counts}, stacks)


@pytest.fixture
def cell(tiny_models):
    def make(target="tflite-float32", backend="null", package=None, **settings):
        artifact = artifacts.find(f"tiny/{target}", tiny_models)
        return Cell(artifact, backend, package, dataclasses.replace(SETTINGS, **settings))

    return make


LOAD = {"event": "load", "import_ns": 1, "load_ns": 1, "first_ns": 1, "executed": {}, "versions": {}}
HOST = {"event": "host", "python": "3", "platform": "Linux", "machine": "x86_64", "cpu": "a CPU", "cores": 1}
HOST |= {"memory_bytes": 2**30, "threads": 1, "affinity": [0], "versions": {"onnxruntime": "1"}}
IMAGE = {"event": "image", "z_nm": 150, "patches_um": [0.0], "stack": "s1_l1", "sample": "s1"}
IMAGE |= dict.fromkeys(("read_ns", "preprocess_ns", "predict_ns", "aggregate_ns"), 1)
TOTAL = {"wall_ns": 9, "cpu_ns": 9}
STAGES = {stage: {"rss_bytes": 1} for stage in ("interpreter", "imports", "load", "first", "steady")}
MINUTE = {"event": "minute", "calls": 9, "median_ns": 1000, "p90_ns": 1100, "wall_ns": 60_000_000_000}
RESULTS = {
    "accuracy": [IMAGE, {"event": "accuracy", **TOTAL, "images": 1, "patches": 1, "padded": 0}],
    "latency": [{"event": "latency", **TOTAL, "samples_ns": [1], "warmup_calls": 40, "distinct_patches": 1}],
    "memory": [{"event": "memory", "stages": STAGES, "peak_rss_bytes": 1}],
    "count": [{"event": "count", "calls": 2, "patches": 20}],  # by an emulator that counts none
    "profile": [{"event": "profile", "calls": 1, "operators": [{"kind": "Conv", "kernel": "", "count": 1, "ns": 5}]}],
    "sustained": [
        {**MINUTE, "minute": 1},
        {**MINUTE, "minute": 2},
        {"event": "sustained", "before": {}, "warmup_calls": 40, "steady": True, "distinct_patches": 1},
    ],
}


class Canned:
    """A device that answers at once, and may die at a process; it keeps which processes were asked for."""

    name, emulated = "local", False

    def __init__(self, dies_at=None):
        self._dies_at, self.started = dies_at, []

    def host(self):
        return dict(HOST)

    def state(self):
        return {"load": 0.0}

    def run(self, spec):
        if len(self.started) == self._dies_at:
            raise DeviceError("the runner died")
        self.started.append(spec.mode)
        return (dict(event) for event in (HOST, LOAD, *RESULTS[spec.mode], {"event": "done"}))


def run(cells, device, data, results, **options):
    return list(session.run(cells, device, data, results, **options))


def test_r31_a_finished_cell_is_a_valid_record_with_every_part(cell, data, tmp_path):
    (outcome,) = run([cell(backend="litert", package="ai-edge-litert")], devices.connect("local"), data, tmp_path)
    record = store.load(outcome.path)
    assert not outcome.skipped
    assert list(record["accuracy"]) == ["test-1", "test-2"]
    assert [len(part["images"]) for part in record["accuracy"].values()] == [2, 2]
    assert [process["process"] for process in record["latency"]] == [0, 1]
    assert [len(process["samples_ns"]) for process in record["latency"]] == [4, 4]
    assert record["memory"]["peak_rss_bytes"] > 0
    assert record["backend"]["executed"]["delegate"] == "XNNPACK"
    assert record["device"]["host"]["threads"] == 1
    assert record["settings"]["page_cache"] == "warm"
    assert record["artifact"]["made"]["parity"] == {}
    assert record["data"]["simulated"] is True
    assert record["id"].startswith("tiny_tflite-float32_litert_b3_t1_i2_")


PROCESSES = ["accuracy", "accuracy", "latency", "latency", "latency", "memory"]  # one latency sees a single patch


def test_the_processes_are_accuracy_by_split_latency_one_patch_and_memory(cell, data, tmp_path):
    device = Canned()
    (outcome,) = run([cell()], device, data, tmp_path)
    assert sorted(device.started) == PROCESSES
    record = store.load(outcome.path)
    phases = {process["phase"] for process in record["processes"]}
    assert phases == {"accuracy test-1", "accuracy test-2", "latency 1/2", "latency 2/2", "one patch", "memory"}
    assert [process["place"] for process in record["processes"]] == [1, 2, 3, 4, 5, 6]


def test_r3_processes_of_all_cells_are_interleaved_in_seeded_random_order(cell, data, tmp_path):
    """R3: not cell after cell; the same seed gives the same order, another seed another one."""
    both = [cell(repeats=6), cell("tflite-int8", repeats=6)]
    orders = []
    for seed in (1, 1, 2):
        told = []
        tell = lambda step, event: told.append((step.cell.name, step.phase))  # noqa: E731, B023
        run(both, Canned(), data, tmp_path / str(len(orders)), seed=seed, tell=tell)
        orders.append(list(dict.fromkeys(told)))
    assert orders[0] == orders[1] != orders[2]
    names = [name for name, _ in orders[0]]
    for half in (names[:10], names[10:]):
        assert {half.count(name) for name in set(names)} <= {4, 5, 6}  # of 20 processes in all


def test_r3_each_cells_processes_are_spread_over_the_session():
    cells = {"few": range(4), "many": range(40)}
    for seed in range(50):
        places = [place for place, (name, _) in enumerate(order.interleaved(cells, seed)) if name == "few"]
        assert all(11 * k <= place <= 11 * (k + 1) for k, place in enumerate(places))


def test_a_second_call_skips_what_has_a_record(cell, data, tmp_path):
    (first,) = run([cell()], Canned(), data, tmp_path)
    before = first.path.read_bytes()
    again = Canned()
    (second,) = run([cell()], again, data, tmp_path)
    assert (second.skipped, second.path) == (True, first.path)
    assert again.started == []
    assert first.path.read_bytes() == before


def test_force_measures_again(cell, data, tmp_path):
    run([cell()], Canned(), data, tmp_path)
    again = Canned()
    (outcome,) = run([cell()], again, data, tmp_path, force=True)
    assert not outcome.skipped
    assert len(again.started) == len(PROCESSES)


def test_a_stop_costs_the_process_under_way_alone(cell, data, tmp_path):
    both = [cell(), cell("tflite-int8")]
    with pytest.raises(DeviceError, match="died"):
        run(both, Canned(dies_at=7), data, tmp_path)
    rest = Canned()
    run(both, rest, data, tmp_path)
    assert len(rest.started) == 2 * len(PROCESSES) - 7
    assert len(store.load_all(tmp_path)) == 2
    assert not (tmp_path / "unfinished").exists()


def test_a_process_whose_last_line_was_cut_is_measured_again(cell, data, tmp_path):
    with pytest.raises(DeviceError, match="died"):
        run([cell()], Canned(dies_at=3), data, tmp_path)
    (kept,) = (tmp_path / "unfinished").glob("*/*.jsonl")
    kept.write_bytes(kept.read_bytes()[:-40])
    rest = Canned()
    run([cell()], rest, data, tmp_path)
    assert len(rest.started) == len(PROCESSES) - 2


def test_a_kill_between_the_last_process_and_its_record_loses_nothing(cell, data, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(store, "save", lambda *a, **b: (_ for _ in ()).throw(KeyboardInterrupt))
        run([cell()], Canned(), data, tmp_path)
    rest = Canned()
    (outcome,) = run([cell()], rest, data, tmp_path)
    assert rest.started == []
    assert sorted(store.load(outcome.path)["accuracy"]) == ["test-1", "test-2"]


def test_the_same_cell_twice_is_measured_once(cell, data, tmp_path):
    device = Canned()
    assert len(run([cell(), cell()], device, data, tmp_path)) == 1
    assert len(device.started) == len(PROCESSES)


def test_events_are_told_with_the_place_in_the_session(cell, data, tmp_path):
    told = []
    both = [cell(repeats=1), cell("tflite-int8", repeats=1)]
    run(both, Canned(), data, tmp_path, tell=lambda step, event: told.append((step.phase, step.number, step.of)))
    assert [number for _, number, _ in dict.fromkeys(told)] == list(range(10))
    assert {of for *_, of in told} == {10}


def test_a_folder_that_cannot_be_written_fails_before_anything_is_measured(cell, data, tmp_path):
    (tmp_path / "results").write_text("a file, not a folder")
    device = Canned()
    with pytest.raises(RecordError, match="cannot be written"):
        run([cell()], device, data, tmp_path / "results")
    assert device.started == []


def test_a_runtime_that_the_device_lacks_fails_before_anything_is_measured(cell, data, tmp_path):
    device = Canned()
    with pytest.raises(BackendError, match=r"needs tflite-runtime.*pip install"):
        run([cell(), cell("tflite-int8", package="tflite-runtime")], device, data, tmp_path)
    assert device.started == []


def test_a_model_that_gives_nan_leaves_no_record(data, tmp_path):
    path = tmp_path / "nan.onnx"
    nodes = [
        onnx.helper.make_node("ReduceMean", ["x"], ["mean"], axes=[1, 2, 3], keepdims=0),  # 0: patches are standardised
        onnx.helper.make_node("Sub", ["mean", "nine"], ["negative"]),
        onnx.helper.make_node("Log", ["negative"], ["y"]),
    ]
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [None, 32, 32, 3])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [None])
    nine = onnx.helper.make_tensor("nine", onnx.TensorProto.FLOAT, [1], [9])
    graph = onnx.helper.make_graph(nodes, "nan", [x], [y], [nine])
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), path)
    artifact = artifacts.find(str(path), tmp_path, 32)
    with pytest.raises(ModelError, match="artifact gives NaN for 3 of 3 patches"):
        run([Cell(artifact, "onnxruntime", "onnxruntime", SETTINGS)], devices.connect("local"), data, tmp_path)
    assert store.load_all(tmp_path) == ()


def test_somebody_elses_artifact_is_measured_without_a_sidecar(tiny_artifacts, data, tmp_path):
    path = tmp_path / "theirs.onnx"
    path.write_bytes(tiny_artifacts["onnx-float32"].read_bytes())
    cell = Cell(artifacts.find(str(path), tmp_path, 32), "onnxruntime", "onnxruntime", SETTINGS)
    (outcome,) = run([cell], Canned(), data, tmp_path)
    record = json.loads(outcome.path.read_text())
    assert record["model"]["name"] == "theirs"
    assert record["model"]["parameters"] is None
    assert record["artifact"]["target"] == "onnx-unknown"
    assert "made" not in record["artifact"]


# the id


def test_whatever_defines_a_cell_changes_its_id(cell, data, monkeypatch):
    host = {"cpu": "A", "versions": {"ai-edge-litert": "1"}}
    plain = cell(package="ai-edge-litert")
    other_data = dataclasses.replace(data, about={**data.about, "sha256": "1" * 64})
    one_split = dataclasses.replace(data, stacks={"test-1": data.stacks["test-1"]})
    ids = [
        cells.identity(plain, data, host),
        cells.identity(plain, data, {**host, "cpu": "B"}),
        cells.identity(plain, data, {**host, "versions": {"ai-edge-litert": "2"}}),
        cells.identity(plain, other_data, host),
        cells.identity(plain, one_split, host),
        cells.identity(cell("tflite-int8", package="ai-edge-litert"), data, host),
        *(
            cells.identity(cell(package="ai-edge-litert", **{name: 7}), data, host)
            for name in ("batch_size", "threads", "images", "repeats", "iterations", "seed")
        ),
    ]
    monkeypatch.setattr(cells, "code_sha256", lambda: "other code")
    ids.append(cells.identity(plain, data, host))
    assert len(set(ids)) == len(ids)


def test_the_same_cell_has_the_same_id_wherever_its_files_lie(cell, data, tiny_models, tmp_path):
    host = {"cpu": "A", "versions": {}}
    folder = tmp_path / "tiny"
    folder.mkdir()
    for path in (tiny_models / "tiny").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    moved = dataclasses.replace(cell(), artifact=artifacts.find("tiny/tflite-float32", tmp_path))
    elsewhere = dataclasses.replace(data, root="/elsewhere")
    assert cells.identity(moved, elsewhere, host) == cells.identity(cell(), data, host)


def test_the_parent_imports_no_runtime_and_no_numpy():
    code = "import sys, edgebench.bench.session, edgebench.devices.local; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "cv2", "tensorflow", "onnxruntime", "openvino"}.isdisjoint(loaded)


def test_the_code_version_covers_what_runs_on_the_device():
    assert len(cells.code_sha256()) == 64
    package = Path(cells.edgebench.__file__).parent
    assert all(list(package.glob(pattern)) for pattern in cells.CODE)


def test_a_second_session_into_the_same_folder_is_refused_at_once(cell, data, tmp_path):
    with lock.alone(tmp_path / "runs" / "local"), pytest.raises(UsageError, match="another session measures into"):
        run([cell()], Canned(), data, tmp_path)
    assert len(run([cell()], Canned(), data, tmp_path)) == 1


def test_the_name_of_a_cell_tells_it_from_others_of_its_artifact(cell):
    assert cell(batch_size=8).name == "tiny/tflite-float32 on null"
    assert cell(batch_size=1, threads=2).name == "tiny/tflite-float32 on null, batch 1, 2 threads"
