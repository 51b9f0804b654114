"""Count the networks of other runtimes' published latencies on emulated boards, and put the counts beside them.

    python -m benchmarks.latency_fit.external --models FOLDER pi4 pi5 pi3

The split into development and held out is a column of external.csv, written down before any of it was predicted: by
source and network. Networks of TensorFlow Lite are built into FOLDER where they are not there (a minute each); ONNX
files have to lie there: yolo11n.onnx is what Ultralytics' YOLO("yolo11n.yaml") exports (imgsz=640, opset=17,
simplify=False). --networks takes some only. Rows of latency_points.csv of the same use, board, network and threads are
replaced.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.latency_fit import tflite_networks
from benchmarks.latency_fit.count import CLASSES, FIRST, save
from edgebench.emulation import boards, userland
from edgebench.errors import DeviceError
from edgebench.records.latency_fit import POINTS

PUBLISHED = Path(__file__).with_name("external.csv")
GUEST = Path(__file__).with_name("guest_external.py")
ASIDE = "aside"  # published, and not comparable: source says why


def published() -> list[dict[str, str]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as opened:
        return [row for row in csv.DictReader(opened) if row["use"] != ASIDE]


def model(network: str, runtime: str, folder: Path) -> Path:
    if runtime != "litert":
        file = folder / f"{network.split('_')[0]}.onnx"
        if not file.is_file():
            raise DeviceError(f"{file} is not there. Export it first.")
        return file
    name, kind = network.rsplit("_", 1)
    file = folder / f"{network}.tflite"
    return file if file.is_file() else tflite_networks.write(name, kind == "int8", folder)


def counts(name: str, runtime: str, file: Path) -> dict[str, float]:
    """By class, of one call."""
    board = boards.find(name)
    there = userland.prepare(userland.folder(), print)
    if there.plugin is None:
        raise DeviceError(f"nothing is counted: {there.no_plugin}.")
    caches = ":".join(f"{kib}x{ways}" for kib, ways in board.caches)
    with tempfile.TemporaryDirectory() as work:
        root, out = Path(work) / "root", Path(work) / "counts"
        root.mkdir()
        userland.overlay(there, board, root)
        emulator = [*there.emulator, "-cpu", board.cpu, "-L", str(root)]
        emulator += ["-plugin", f"{there.plugin},out={out},cache={caches}"]
        paths = {"PATH": "/usr/bin", "HOME": "/tmp", "PYTHONPATH": str(there.site), "OMP_NUM_THREADS": "1"}
        command = [*emulator, str(there.python), str(GUEST), runtime, str(file)]
        done = subprocess.run(command, env=paths, capture_output=True, text=True)
        if done.returncode:
            raise DeviceError(f"{file.name} on {name}: {done.stderr.strip()[-200:]}")
        told: dict[str, float] = json.loads(out.read_text().splitlines()[-1])
    return told


def rows(row: Mapping[str, str], told: Mapping[str, float]) -> Mapping[str, object]:
    levels = sorted(key for key in told if key.endswith("_misses"))
    classes = {**told, "last_misses": told[levels[-1]]}
    return {**{key: row[key] for key in FIRST}, **{key: round(classes[key] / 1e6, 4) for key in CLASSES}}


def replaced(made: list[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """The points with these in place of those of the same name."""
    names = {tuple(str(row[key]) for key in ("use", "board", "network", "threads")) for row in made}
    with POINTS.open(encoding="utf-8", newline="") as opened:
        kept = [
            row
            for row in csv.DictReader(opened)
            if tuple(row[key] for key in ("use", "board", "network", "threads")) not in names
        ]
    return [*kept, *made]


def run(given: argparse.Namespace) -> None:
    wanted = [row for row in published() if row["board"] in given.boards]
    wanted = [row for row in wanted if not given.networks or row["network"] in given.networks]
    for (board, network, runtime), own in _grouped(wanted):
        told = counts(board, runtime, model(network, runtime, given.models))
        print(f"{board} {network}: {told['total'] / 1e6:.1f} M instructions", flush=True)
        save(replaced([rows(row, told) for row in own]), POINTS)


def _grouped(wanted: list[dict[str, str]]) -> Iterator[tuple[tuple[str, str, str], list[dict[str, str]]]]:
    keys = dict.fromkeys((row["board"], row["network"], row["runtime"]) for row in wanted)
    for key in keys:
        yield key, [row for row in wanted if (row["board"], row["network"], row["runtime"]) == key]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boards", nargs="+", choices=sorted(boards.BOARDS))
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--networks", nargs="*")
    run(parser.parse_args())
