"""The whole of Table 7 against its parts, and against the same job as one writes it first.

python benchmarks/end_to_end.py --data data/simulated     measure, a quarter of an hour on a quiet machine
python benchmarks/end_to_end.py --report                  write docs/end-to-end.md again, from the record alone

Every round runs, each in a fresh process and in seeded random order: the parts alone (one core), the whole by each
number of threads (edgebench's own accuracy process), that of one stack for its memory, and the straightforward
pipeline on a few images of the same stacks. Nothing is written before the last process has ended.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import common
import numpy as np
from pipeline import page
from pipeline.record import SCHEMA

from edgebench.backends import base as backends
from edgebench.bench import artifacts
from edgebench.devices import base as devices
from edgebench.errors import DeviceError
from edgebench.records.store import write
from edgebench.types import RunSpec

TARGETS = ("tflite-int8-io", "tflite-int8", "tflite-float32", "onnx-float32", "openvino-float32")
CHILDREN = Path(__file__).parent / "pipeline"
RECORD, PAGE = "end-to-end/local.json", Path("docs/end-to-end.md")
SPLIT = "test-2"


def main() -> None:
    given = _options()
    path = common.measured(given, RECORD, SCHEMA, _measured)
    write(given.page, page.document(common.load(path, SCHEMA)))
    print(page.ratios(common.load(path, SCHEMA)))
    print(given.page)


def _options() -> argparse.Namespace:
    parser = common.parser(__doc__ or "", PAGE)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--model", default="reduced")
    parser.add_argument("--target", action="append", help="more than once for more; those that are there if none")
    parser.add_argument("--threads", type=common.counts, default=(1, 2), help="of the whole (default 1,2)")
    parser.add_argument("--rounds", type=common.count, default=5, help="processes of each kind (default 5)")
    parser.add_argument("--stacks", type=common.count, default=8, help=f"stacks of {SPLIT} (default 8)")
    parser.add_argument(
        "--plain-images", type=common.count, default=8, help="images of the straightforward pipeline (default 8)"
    )
    parser.add_argument("--batch", type=common.count, default=8)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _measured(given: argparse.Namespace) -> common.Record:
    about, stacks = common.data(given.data, (SPLIT,))
    stacks = stacks[: given.stacks]
    device = devices.connect("local")
    base = RunSpec(
        mode="accuracy",
        artifact="",
        backend="",
        batch_size=given.batch,
        threads=1,
        input_size=1,
        data_root=str(given.data.resolve()),
        stacks=stacks,
    )
    names = given.target or [name for name in TARGETS if list((given.models / given.model).glob(f"{name}.*"))]
    found: dict[str, Any] = {}
    straight: dict[str, list[dict[str, Any]]] = {}
    jobs: list[tuple[str, Callable[[int], None]]] = []
    for name in names:
        artifact = artifacts.find(f"{given.model}/{name}", given.models)
        of = {"backend": backends.for_artifact(artifact.path), "input_size": artifact.input_size}
        spec = dataclasses.replace(base, artifact=str(artifact.path), **of)
        found[name] = {"sha256": artifact.about["sha256"], "parts": [], "whole": {}}
        jobs.append((f"{name}, parts", _parts(spec, found[name]["parts"])))
        for threads in given.threads:
            kept = found[name]["whole"].setdefault(str(threads), [])
            for part in (stacks, stacks[:1]):
                run = dataclasses.replace(spec, threads=threads, stacks=part)
                jobs.append((f"{name}, {len(part)} stacks, {threads} threads", _whole(device, run, kept)))
    keras = artifacts.find(f"{given.model}/keras-float32", given.models)
    plain = dataclasses.replace(base, artifact=str(keras.path), backend="keras", input_size=keras.input_size)
    straight["1"] = []
    few = dataclasses.replace(plain, images=given.plain_images)
    jobs.append(("straightforward", _straightforward(device, few, straight["1"])))
    for number in range(given.rounds):
        for place, at in enumerate(random.Random(f"{given.seed} {number}").sample(range(len(jobs)), len(jobs))):
            what, job = jobs[at]
            print(f"round {number + 1}/{given.rounds}, {place + 1}/{len(jobs)}: {what}", file=sys.stderr)
            job(number)
    settings = {"rounds": given.rounds, "stacks": len(stacks), "plain_images": given.plain_images}
    return {
        **common.head("end-to-end"),
        "settings": {**settings, "batch_size": given.batch, "seed": given.seed},
        "host": common.host(device),
        "data": about,
        "model": given.model,
        "artifacts": found,
        "straightforward": straight,
    }


def _whole(device: devices.Device, spec: RunSpec, kept: list[dict[str, Any]]) -> Callable[[int], None]:
    def run(number: int) -> None:
        load = os.getloadavg()[0]
        (total,) = (event for event in device.run(spec) if event["event"] == "accuracy")
        about = {key: total[key] for key in ("images", "wall_ns", "cpu_ns", "peak_rss_bytes")}
        kept.append({"round": number, "load": load, "stacks": len(spec.stacks), **about})

    return run


def _parts(spec: RunSpec, kept: list[dict[str, Any]]) -> Callable[[int], None]:
    def run(number: int) -> None:
        load = os.getloadavg()[0]
        kept.append({"round": number, "load": load, "images": _images(spec), "ns": _child("parts.py", spec)})

    return run


def _straightforward(device: devices.Device, spec: RunSpec, kept: list[dict[str, Any]]) -> Callable[[int], None]:
    """Its answers are compared with those of edgebench's own pipeline and the same Keras model."""
    ours: dict[tuple[str, int], list[float]] = {}

    def run(number: int) -> None:
        if not ours:
            ours.update(
                ((event["stack"], event["z_nm"]), event["patches_um"])
                for event in device.run(spec)
                if event["event"] == "image"
            )
        load = os.getloadavg()[0]
        told = _child("straightforward.py", spec)
        away = np.concatenate(
            [np.subtract(image["patches_um"], ours[image["stack"], image["z_nm"]]) for image in told["images"]]
        )
        about = {"mean_away_um": float(np.abs(away).mean()), "max_away_um": float(np.abs(away).max())}
        kept.append({"round": number, "load": load, "images": len(told["images"]), "wall_ns": told["wall_ns"], **about})

    return run


def _images(spec: RunSpec) -> int:
    heights = ({z for _, z in stack.planes} for stack in spec.stacks)
    return sum(len(z & {one - spec.delta_nm for one in z}) for z in heights)


def _child(script: str, spec: RunSpec) -> Any:
    """One fresh process of benchmarks/pipeline/, and the JSON object that it prints last."""
    done = subprocess.run(
        [sys.executable, str(CHILDREN / script)],
        input=json.dumps(dataclasses.asdict(spec)),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip()] or ["none"]
        raise DeviceError(f"{script} ended with status {done.returncode}. Its last words: {words[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    common.end(main)
