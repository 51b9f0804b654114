"""The peers: how each is called, what it times, and how its answer is read."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from validation.process import Peer, Reading, Task

FOLDER = Path(__file__).parent
NS_PER_MS, NS_PER_US = 1e6, 1e3
LITERT_FILE, LOADGEN_FILE, BARE_FILE = "result.json", "mlperf_log_summary.txt", "bare.json"
BENCHMARK_APP_PROPERTIES = (
    "INFERENCE_PRECISION_HINT",
    "INFERENCE_NUM_THREADS",
    "PERFORMANCE_HINT",
    "NUM_STREAMS",
    "ENABLE_CPU_PINNING",
)


def _launch(task: Task, tool: str, *arguments: object) -> list[str]:
    return [str(FOLDER / "launch.py"), str(task.run.threads), tool, *map(str, arguments)]


def _benchmark_app(task: Task, folder: Path) -> list[str]:
    """`-hint none` is what allows -nthreads; it runs with the LATENCY hint all the same, as its answer shows.

    Without -ip it takes a three-channel input for an image of bytes, and adds a conversion to the network.
    """
    size = task.run.input_size
    options = {
        "-m": task.run.artifact,
        "-d": "CPU",
        "-hint": "none",
        "-api": "sync",
        "-nstreams": 1,
        "-nthreads": task.run.threads,
        "-pin": "NO",
        "-infer_precision": "f32",
        "-ip": "f32",
        "-shape": f"[{task.run.batch_size},{size},{size},3]",
        "-niter": task.calls,
    }
    return _launch(task, "benchmark_app", *(part for option in options.items() for part in option))


def _litert(task: Task, folder: Path) -> list[str]:
    options = {
        "--model": task.run.artifact,
        "--num_threads": task.run.threads,
        "--num_runs": task.calls,
        "--warmup_runs": 100,
        "--result_json": folder / LITERT_FILE,
    }
    return _launch(task, "litert-benchmark", *(f"{name}={value}" for name, value in options.items()))


def _onnxruntime(task: Task, folder: Path) -> list[str]:
    dimensions = ("--symbolic_dims", f"batch={task.run.batch_size}")
    return _launch(task, "onnxruntime_test", task.run.artifact, task.calls, *dimensions)


def _loadgen(inputs: str) -> Callable[[Task, Path], list[str]]:
    def command(task: Task, folder: Path) -> list[str]:
        return [str(FOLDER / "loadgen.py"), str(task.calls), str(task.expected_ns), str(folder), inputs]

    return command


def _bare(task: Task, folder: Path) -> list[str]:
    return [str(FOLDER / "bare.py"), str(task.calls), str(folder / BARE_FILE)]


def _word(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no {pattern!r}")
    return found[1]


def _number(pattern: str, text: str) -> float:
    return float(_word(pattern, text))


def _latency(name: str, text: str) -> float:
    """benchmark_app writes microseconds below 1 ms."""
    value, unit = _word(rf"\] +{name}: +([0-9.]+ (?:us|ms))$", text).split()
    return float(value) * (NS_PER_US if unit == "us" else NS_PER_MS)


def read_benchmark_app(text: str) -> Reading:
    properties = "|".join(BENCHMARK_APP_PROPERTIES)
    executed = dict(re.findall(rf"^.*\]   ({properties}): (.*)$", text, re.MULTILINE))
    taken = _word(r"\]     (.* : .* / .*)$", text.partition("Configuring input")[2])
    return Reading(_latency("Median", text), _latency("Average", text), {**executed, "input": taken})


def read_litert(text: str) -> Reading:
    answer = json.loads(text)
    latency = answer["latency"]
    executed = {"accelerators": "+".join(answer["accelerators"]), "threads": str(answer["num_threads"])}
    return Reading(latency["median_ms"] * NS_PER_MS, latency["avg_ms"] * NS_PER_MS, executed)


def read_onnxruntime(text: str) -> Reading:
    return Reading(None, _number(r"^avg latency: ([0-9.e-]+) ms$", text) * NS_PER_MS)


def read_loadgen(text: str) -> Reading:
    return Reading(
        _number(r"^50\.00 percentile latency \(ns\) +: ([0-9]+)$", text),
        _number(r"^Mean latency \(ns\) +: ([0-9]+)$", text),
        {"result": _word(r"^Result is : (.*)$", text)},
    )


def read_bare(text: str) -> Reading:
    samples_ns = json.loads(text)
    return Reading(statistics.median(samples_ns), statistics.mean(samples_ns))


BARE = ("our loop timed as benchmark_app does", "our loop timed as litert-benchmark does")
RANDOM = "LoadGen on random inputs"
PEERS = (
    Peer(
        name="benchmark_app",
        package="openvino",
        backends=("openvino",),
        batches=None,
        command=_benchmark_app,
        output=None,
        read=read_benchmark_app,
        times="the inference inside the C++ library (`InferRequest.latency`), after one call of warm-up. Its input is "
        "written once, before the loop, and its output is not read.",
        inputs="one random tensor",
        control=BARE[0],
    ),
    Peer(
        name="litert-benchmark",
        package="ai-edge-litert",
        backends=("litert",),
        batches=(1,),
        command=_litert,
        output=LITERT_FILE,
        read=read_litert,
        times="`CompiledModel.run_by_name`, after 100 calls of warm-up; its input is written once, before the loop, "
        "and its output is not read. It is the newer of LiteRT's two interfaces, ours is `Interpreter`.",
        inputs="one uniform tensor, -1 to 1",
        changed="its report is not rounded to 0.01 ms",
        control=BARE[1],
    ),
    Peer(
        name="onnxruntime_test",
        package="onnxruntime",
        backends=("onnxruntime",),
        batches=None,
        command=_onnxruntime,
        output=None,
        read=read_onnxruntime,
        times="`InferenceSession.run` in a loop, from first to last, without warm-up. It prints the mean alone, so "
        "that means are compared.",
        inputs="one uniform tensor, 0 to 1",
        changed="the number of threads, for which it has no option",
        times_calls=10,  # its mean holds the first call too, which must not weigh
    ),
    Peer(
        name="LoadGen",
        package="mlcommons-loadgen",
        backends=("litert", "onnxruntime", "openvino"),
        batches=None,
        command=_loadgen("real"),
        output=LOADGEN_FILE,
        read=read_loadgen,
        times="from its query to our answer: our backend class in its callback, after 100 calls of warm-up. It is the "
        "neutral clock: the same call as ours, timed by somebody else.",
        inputs="our 64 real patches, drawn at random",
        control=RANDOM,
    ),
)
CONTROLS = (
    *(
        replace(peer, name=peer.control, package="edgebench", command=_bare, output=BARE_FILE, read=read_bare)
        for peer in PEERS
        if peer.control in BARE
    ),
    *(replace(peer, name=RANDOM, batches=(1,), command=_loadgen("random")) for peer in PEERS if peer.control == RANDOM),
)
