from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from edgebench.records import store

QUICK = ["--batch", "4", "--images", "2", "--repeats", "1", "--iterations", "3"]


@pytest.fixture
def command(tiny_models, tiny_dataset, tmp_path):
    folders = ["--models", str(tiny_models), "--data", str(tiny_dataset), "--results", str(tmp_path / "results")]
    return [sys.executable, "-c", "from edgebench.cli.main import main; main()", "run", *folders]


def edgebench(command, *arguments):
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)


def test_an_artifact_is_measured_and_the_table_names_its_record(command, tmp_path):
    done = edgebench(command, "tiny/tflite-float32", *QUICK)
    assert done.returncode == 0, done.stderr
    (record,) = store.load_all(tmp_path / "results")
    assert record["id"] in done.stdout
    for heading in ("test-1, um", "test-2, um", "wall, s", "ms/patch", "peak MiB", "verdict"):
        assert heading in done.stdout


def test_the_second_call_skips_and_says_so(command, tmp_path):
    edgebench(command, "tiny/tflite-float32", *QUICK)
    done = edgebench(command, "tiny/tflite-float32", *QUICK)
    assert done.returncode == 0
    assert "tiny/tflite-float32 on litert, batch 4: skipped" in done.stderr
    assert len(store.load_all(tmp_path / "results")) == 1


def test_a_plan_is_printed_and_nothing_is_measured(command, tmp_path):
    done = edgebench(command, "tiny/tflite-float32", *QUICK, "--plan")
    assert done.returncode == 0, done.stderr
    assert "tiny/tflite-float32 on litert, batch 4: 0 of 5 processes done" in done.stdout
    assert "Estimate: " in done.stdout
    assert not (tmp_path / "results").exists()


def test_one_split_can_be_measured_alone_on_another_backend(command, tmp_path):
    done = edgebench(command, "tiny/onnx-float32", "--backend", "openvino", "--split", "test-2", *QUICK)
    assert done.returncode == 0, done.stderr
    (record,) = store.load_all(tmp_path / "results")
    assert record["backend"]["name"] == "openvino"
    assert list(record["accuracy"]) == list(record["data"]["splits"]) == ["test-2"]


def test_a_killed_session_keeps_its_finished_processes_and_goes_on(command, tmp_path):
    arguments = ["tiny/tflite-float32", "--backend", "null", *QUICK]
    process = subprocess.Popen([*command, *arguments], start_new_session=True, stderr=subprocess.DEVNULL)
    results = tmp_path / "results"
    while process.poll() is None and not list(results.glob("unfinished/*/*.jsonl")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert store.load_all(results) == ()
    (journal,) = results.glob("unfinished/*/*.jsonl")
    first = json.loads(journal.read_bytes().splitlines()[0])
    done = edgebench(command, *arguments)
    assert done.returncode == 0, done.stderr
    (record,) = store.load_all(results)
    kept = {key: first[key] for key in ("phase", "place", "started", "seconds")}
    assert kept.items() <= record["processes"][0].items()
    assert not journal.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no artifact 'reduced/tflite-int8'"),  # what is run if nothing is named, below these --models
        (["tiny/tflite-int4"], "no target 'tflite-int4' of model 'tiny'. There are: keras-float32, onnx-float32"),
        (["huge/tflite-int8"], "no artifact 'huge/tflite-int8'"),
        (
            ["tiny/tflite-int8", "--backend", "litter"],
            "no backend 'litter'. Backends: litert, tflite-runtime, onnxruntime",
        ),
        (["tiny/tflite-int8", "--backend", "onnxruntime"], "'onnxruntime' reads .onnx only"),
        (["tiny/tflite-int8", "--device", "toaster"], "no device 'toaster'. Devices: local, raspberrypi"),
        (["tiny/tflite-int8", "--device", "raspberrypi", "--emulate", "pi6"], "no board 'pi6' to emulate"),
        (["tiny/tflite-int8", "--device", "ssh"], "--device ssh: no host"),
        (["--suite", "table8"], "no suite 'table8'. Suites: "),
        (["tiny/tflite-int8", "--suite", "table7"], "names its own artifacts"),
        (["tiny/tflite-int8", "--model", "tiny"], "--model is of a suite"),
        (["--suite", "table7", "--model", "huge"], "no artifact 'huge/tflite-float32'"),
        (["tiny/tflite-int8", "--split", "test-3"], "no split 'test-3'. Splits: "),
        (["tiny/tflite-int8", "--data", "/nowhere"], "/nowhere"),
        (["tiny/tflite-int8", "--threads", "4096"], "4096 threads asked"),
        (["tiny/tflite-int8", "--input-size", "64"], "takes 32 px"),
    ],
)
def test_a_bad_input_is_one_line_and_exit_2(command, arguments, message, tmp_path):
    done = edgebench(command, *arguments)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("edgebench: error: ")
    assert message in lines[0]
    assert not list(tmp_path.glob("results/runs/*/*"))


def test_results_that_cannot_be_written_fail_before_anything_is_measured(command, tmp_path):
    (tmp_path / "results").write_text("a file, not a folder")
    done = edgebench(command, "tiny/tflite-int8", "--iterations", "1000000000")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_ctrl_c_says_that_finished_cells_are_kept(command):
    line = [*command, "tiny/tflite-int8", "--iterations", "1000000000", "--repeats", "1"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a test run in the background may ignore it
    process = subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=heard)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if children.read_text().strip():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()  # what did not end would disturb the tests that follow
    assert process.returncode == 130
    assert "what was finished is kept" in said
    assert "Traceback" not in said
