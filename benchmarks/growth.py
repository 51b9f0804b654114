"""How time and memory grow with the number of patches, the batch and the threads.

python benchmarks/growth.py --data data/simulated       measure: half an hour, on a quiet machine
python benchmarks/growth.py --report                    write docs/growth.md and its figure again, from the record alone

Time and peak memory of the whole accuracy process (read, preprocess, predict, median) for 1, 2, 5, 10, 20 and 32 whole
stacks of test-2, 820 to 26,240 patches: whole ones, because images that are taken from between the planes of a stack
share fewer planes with their neighbours, and cost more each. And the time of one call for batches of 1 to 64. Every
process is fresh, and all of them are interleaved in seeded random order. Nothing is written before the last has ended.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import common
import growth_page
from common import fields, many

from edgebench.backends import base as backends
from edgebench.bench import artifacts
from edgebench.bench.order import interleaved
from edgebench.devices import base as devices
from edgebench.devices.base import Device
from edgebench.errors import DeviceError
from edgebench.records.store import write
from edgebench.types import RunSpec, StackFiles

ARTIFACT, SPLITS = "reduced/tflite-float32", ("test-2",)
STACKS, QUICK_STACKS = (1, 2, 5, 10, 20, 32), (1, 2, 3)
BATCHES, QUICK_BATCHES = (1, 2, 4, 8, 16, 32, 64), (1, 4, 16)
THREADS = (1, 2)
REPEATS = 3
ACCURACY_BATCH = 8  # of Table 7
SAMPLES, QUICK_SAMPLES, FEWEST_CALLS = 3200, 320, 50  # patches of a latency process, and never fewer calls
RECORD, PAGE = "growth/growth.json", Path("docs/growth.md")

_COUNT = {"type": "integer", "minimum": 1}
_MAYBE = {"type": ["integer", "null"]}
_RUN = {"repeat": {"type": "integer", "minimum": 0}, "place": {"type": "integer", "minimum": 0}, "threads": _COUNT}
_ACCURACY = fields(
    **_RUN, batch_size=_COUNT, stacks=_COUNT, images=_COUNT, patches=_COUNT, wall_ns=_COUNT, cpu_ns=_COUNT,
    peak_rss_bytes=_MAYBE, peak_reset={"type": ["boolean", "null"]},
)  # fmt: skip
_LATENCY = fields(**_RUN, batch_size=_COUNT, samples_ns=many(_COUNT), wall_ns=_COUNT, steady={"type": "boolean"})
SCHEMA = fields(
    schema={"const": 1},
    kind={"const": "growth"},
    created={"type": "string"},
    edgebench={"type": "string"},
    code_sha256={"type": "string"},
    quick={"type": "boolean"},
    settings=fields(repeats=_COUNT, seed={"type": "integer"}),
    host={"type": "object", "required": ["cpu", "cores", "python", "versions"]},
    before={"type": "object"},
    after={"type": "object"},
    artifact=fields(name={"type": "string"}, sha256={"type": "string"}, backend={"type": "string"}),
    data={"type": "object", "required": ["name", "simulated", "sha256"]},
    accuracy=many(_ACCURACY),
    latency=many(_LATENCY),
)


@dataclass(frozen=True)
class Sizes:
    stacks: tuple[int, ...]
    batches: tuple[int, ...]
    threads: tuple[int, ...]
    samples: int  # patches of a latency process
    repeats: int
    seed: int


def main() -> None:
    given = _options()
    path = common.measured(given, RECORD, SCHEMA, _measured)
    record = common.load(path, SCHEMA)
    figure = given.page.parent / "img" / "growth.png"
    growth_page.draw(record, figure)
    write(given.page, growth_page.document(record))
    print(given.page)


def _options() -> argparse.Namespace:
    parser = common.parser(__doc__ or "", PAGE)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--artifact", default=ARTIFACT, help="a file, or MODEL/TARGET")
    parser.add_argument("--threads", type=common.counts, default=THREADS, help="threads (default 1,2)")
    parser.add_argument("--repeats", type=common.count, default=REPEATS, help="processes of each size")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few sizes, few calls")
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> common.Record:
    about, stacks = common.data(given.data, SPLITS)
    artifact = artifacts.find(given.artifact, given.models)
    backend = backends.for_artifact(artifact.path)
    chosen, batches, samples = (
        (QUICK_STACKS, QUICK_BATCHES, QUICK_SAMPLES) if given.quick else (STACKS, BATCHES, SAMPLES)
    )
    sizes = Sizes(chosen, batches, given.threads, samples, given.repeats, given.seed)
    path, size = str(artifact.path.resolve()), artifact.input_size
    root = str(given.data.resolve())
    base = RunSpec("accuracy", path, backend, ACCURACY_BATCH, 1, size, root, stacks, seed=given.seed)
    device = devices.connect("local")
    host = common.host(device)
    before = device.state()
    found = measure(base, sizes, device)
    return {
        **common.head("growth"),
        "quick": given.quick,
        "settings": {"repeats": sizes.repeats, "seed": sizes.seed},
        "host": host,
        "before": before,
        "after": device.state(),
        "artifact": {"name": artifact.name, "sha256": artifact.about["sha256"], "backend": backend},
        "data": about,
        **found,
    }


def plan(base: RunSpec, sizes: Sizes) -> list[RunSpec]:
    """Each size once; the stacks of a smaller one are in the larger ones too."""
    stacks = _shuffled(base.stacks, sizes.seed)
    counts = sorted({min(count, len(stacks)) for count in sizes.stacks})
    runs = []
    for threads in sizes.threads:
        runs += [replace(base, threads=threads, stacks=stacks[:count]) for count in counts]
        for batch_size in sizes.batches:
            iterations = max(FEWEST_CALLS, sizes.samples // batch_size)
            runs.append(replace(base, mode="latency", threads=threads, batch_size=batch_size, iterations=iterations))
    return runs


def measure(base: RunSpec, sizes: Sizes, device: Device) -> dict[str, list[dict[str, Any]]]:
    """ "accuracy" and "latency" of a record."""
    runs = plan(base, sizes)
    order = interleaved({str(i): range(sizes.repeats) for i in range(len(runs))}, sizes.seed)
    found: dict[str, list[dict[str, Any]]] = {"accuracy": [], "latency": []}
    for place, (name, repeat) in enumerate(order):
        run = runs[int(name)]
        if sys.stderr.isatty():
            print(f"\r\x1b[K{place + 1}/{len(order)} {run.mode}", end="", file=sys.stderr, flush=True)
        about = {"repeat": repeat, "place": place, "threads": run.threads, "batch_size": run.batch_size}
        found[run.mode].append({**about, **_result(run, device)})
    return found


def _shuffled(stacks: Sequence[StackFiles], seed: int) -> tuple[StackFiles, ...]:
    return tuple(random.Random(seed).sample(stacks, len(stacks)))


def _result(run: RunSpec, device: Device) -> dict[str, Any]:
    told = [event for event in device.run(run) if event["event"] == run.mode]
    if len(told) != 1:
        raise DeviceError(f"device {device.name!r}: {len(told)} {run.mode} events, expected 1. Update it.")
    (event,) = told
    if run.mode == "latency":
        return {key: event[key] for key in ("samples_ns", "wall_ns", "steady")}
    memory = {key: event.get(key) for key in ("peak_rss_bytes", "peak_reset")}  # None: not measured
    return {
        "stacks": len(run.stacks),
        **{key: event[key] for key in ("images", "patches", "wall_ns", "cpu_ns")},
        **memory,
    }


if __name__ == "__main__":
    common.end(main)
