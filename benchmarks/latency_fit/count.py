"""Count the networks of ncnn's published latencies on emulated boards, and put the counts beside the latencies.

    python -m benchmarks.latency_fit.count pi4 pi5 pi3

The rows of these boards in edgebench/records/latency_points.csv are made anew. Those of other runtimes stay: they are
made by benchmarks.latency_fit.external. About 15 minutes a board.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.latency_fit.networks import NETWORKS, SIDES
from edgebench.emulation import boards, userland, wheels
from edgebench.errors import DeviceError
from edgebench.files import replace_text
from edgebench.records.latency_fit import POINTS

NCNN = "ncnn==1.0.20261020"
PUBLISHED = Path(__file__).with_name("published.csv")
GUEST = Path(__file__).with_name("guest.py")
FIRST = ("use", "board", "network", "threads", "mhz", "latency_ms", "source")
CLASSES = (
    "total", "branch", "load", "store", "vload", "vstore", "int", "imul", "fp", "fp_fma", "fp_vector", "dot",
    "int_mul", "vector", "other", "l1_misses", "last_misses",
)  # fmt: skip


def counts(name: str, networks: list[str]) -> Iterator[tuple[str, dict[str, float]]]:
    """Network and its counts by class, of one call."""
    board = boards.find(name)
    there = userland.prepare(userland.folder(), print)
    if there.plugin is None:
        raise DeviceError(f"nothing is counted: {there.no_plugin}.")
    caches = ":".join(f"{kib}x{ways}" for kib, ways in board.caches)
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        for part in ("root", "site"):
            (folder / part).mkdir()
        wheels.install([NCNN], "aarch64", 36, there.python.name.removeprefix("python"), folder / "site")
        userland.overlay(there, board, folder / "root")
        for network in networks:
            (folder / "net.param").write_text(NETWORKS[network]())
            plugin = f"{there.plugin},out={folder / 'counts'},cache={caches}"
            emulator = [*there.emulator, "-cpu", board.cpu, "-L", str(folder / "root"), "-plugin", plugin]
            side = str(SIDES.get(network, 224))
            command = [*emulator, str(there.python), str(GUEST), str(folder / "net.param"), side]
            paths = {"PATH": "/usr/bin", "HOME": "/tmp", "PYTHONPATH": str(folder / "site")}
            done = subprocess.run(command, env={**paths, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
            if done.returncode:
                raise DeviceError(f"{network} on {name}: {done.stderr.strip()[-200:]}")
            told = json.loads((folder / "counts").read_text().splitlines()[-1])
            (folder / "counts").unlink()
            yield network, told


def rows(name: str, network: str, told: Mapping[str, float]) -> Iterator[dict[str, object]]:
    """One of each published latency of this network on this board."""
    levels = sorted(key for key in told if key.endswith("_misses"))
    classes = {**told, "last_misses": told[levels[-1]]}
    millions = {key: round(classes[key] / 1e6, 4) for key in CLASSES}
    with PUBLISHED.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            if (row["board"], row["network"]) == (name, network):
                yield {"use": "fit", **row, **millions}


def run(given: argparse.Namespace) -> None:
    with POINTS.open(encoding="utf-8", newline="") as opened:
        kept = [row for row in csv.DictReader(opened) if row["use"] != "fit" or row["board"] not in given.boards]
    made: list[Mapping[str, object]] = []
    for name in given.boards:
        with PUBLISHED.open(encoding="utf-8", newline="") as opened:
            wanted = {row["network"] for row in csv.DictReader(opened) if row["board"] == name}
        for network, told in counts(name, [one for one in NETWORKS if one in wanted]):
            print(f"{name} {network}: {told['total'] / 1e6:.1f} M instructions", flush=True)
            made += rows(name, network, told)
    save([*made, *kept], POINTS)


def save(points: list[Mapping[str, object]], file: Path) -> None:
    head = [*FIRST, *CLASSES]
    quoted = [[str(point[key]) for key in head] for point in points]
    if any("," in word or '"' in word for row in quoted for word in row):
        raise DeviceError(f"{file}: a value with a comma or a quote.")
    replace_text(file, "\n".join(",".join(row) for row in [head, *quoted]) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("boards", nargs="+", choices=sorted(boards.BOARDS))
    run(parser.parse_args())
