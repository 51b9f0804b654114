"""Rounds of processes: every program of every cell once in each, in seeded random order."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgebench.backends import base as backends
from edgebench.bench.artifacts import Artifact
from edgebench.devices.base import Device
from edgebench.errors import DeviceError, UsageError
from edgebench.types import RunSpec, StackFiles
from validation import process
from validation.process import Peer, Reading, Task
from validation.record import EDGEBENCH

FEWEST_CALLS, PILOT_CALLS = 100, 100


@dataclass(frozen=True)
class Cell:
    artifact: Artifact
    run: RunSpec
    peers: tuple[Peer, ...]

    @property
    def programs(self) -> tuple[Peer | None, ...]:
        return (None, *self.peers)  # None: edgebench


@dataclass(frozen=True)
class Pace:
    rounds: int
    calls: int  # timed in a process, at most; a peer without warm-up makes more
    seconds: float  # of the timed calls of a process, at most, but for FEWEST_CALLS
    seed: int

    def calls_of(self, peer: Peer | None, call_ns: float) -> int:
        most = self.calls * (peer.times_calls if peer else 1)
        return int(max(FEWEST_CALLS, min(self.seconds * 1e9 / call_ns, most)))


def plan(
    found: Sequence[Artifact],
    batches: Sequence[int],
    threads: Sequence[int],
    peers: Sequence[Peer],
    root: str,
    stacks: tuple[StackFiles, ...],
) -> list[Cell]:
    """A cell for each artifact, batch and number of threads that some peer can run too."""
    cells = []
    for artifact in found:
        name = backends.for_artifact(artifact.path)
        for batch_size in batches:
            fitting = tuple(peer for peer in peers if peer.takes(name, batch_size))
            for count in threads if fitting else ():
                size = artifact.input_size
                run = RunSpec("latency", str(artifact.path.resolve()), name, batch_size, count, size, root, stacks)
                cells.append(Cell(artifact, run, fitting))
    if not cells:
        raise UsageError("no peer can run what was asked for. Name other artifacts, or install the peers.")
    return cells


def measure(cells: Sequence[Cell], pace: Pace, device: Device) -> list[dict[str, Any]]:
    """The cells of a record. Every program of each has run once before, with few calls that do not count."""
    call_ns = [_pilot(cell, device) for cell in cells]
    found = [_of_cell(cell) for cell in cells]
    total = pace.rounds * sum(len(cell.programs) for cell in cells)
    for place, (round, number, peer) in enumerate(order(cells, pace.rounds, pace.seed)):
        cell, entry = cells[number], found[number]
        _tell(f"{place + 1}/{total}, round {round + 1}: {entry['artifact']} {_name(peer)}")
        calls = pace.calls_of(peer, call_ns[number])
        run = replace(cell.run, iterations=calls, seed=pace.seed + round)
        load = os.getloadavg()[0]
        reading, more = (process.run(peer, Task(run, calls, int(call_ns[number]))), {}) if peer else _ours(run, device)
        entry["executed"][_name(peer)] = reading.executed
        times = {"median_ns": reading.median_ns, "mean_ns": reading.mean_ns}
        entry["processes"].append(
            {"by": _name(peer), "round": round, "place": place, "load": load, "calls": calls, **times, **more}
        )
    _tell("")
    return found


def order(cells: Sequence[Cell], rounds: int, seed: int) -> Iterator[tuple[int, int, Peer | None]]:
    """Round, number of the cell and program; those of a cell follow each other, and share what disturbs them."""
    for round in range(rounds):
        rng = random.Random(f"{seed} {round}")
        for number in rng.sample(range(len(cells)), len(cells)):
            programs = cells[number].programs
            for peer in rng.sample(programs, len(programs)):
                yield round, number, peer


def _of_cell(cell: Cell) -> dict[str, Any]:
    return {
        "artifact": cell.artifact.name,
        "sha256": cell.artifact.about["sha256"],
        "backend": cell.run.backend,
        "batch_size": cell.run.batch_size,
        "threads": cell.run.threads,
        "programs": [_name(peer) for peer in cell.programs],
        "executed": {},
        "processes": [],
    }


def _pilot(cell: Cell, device: Device) -> float:
    """Time of a call, ns; what cannot run fails here, not after half an hour."""
    _tell(f"trying {cell.artifact.name}, batch {cell.run.batch_size}, threads {cell.run.threads}")
    run = replace(cell.run, iterations=PILOT_CALLS)
    call_ns = _ours(run, device)[0].mean_ns
    for peer in cell.peers:
        process.run(peer, Task(run, PILOT_CALLS, int(call_ns)))
    return call_ns


def _ours(run: RunSpec, device: Device) -> tuple[Reading, dict[str, Any]]:
    """A latency process of edgebench as every run has them, with its samples."""
    events = {event["event"]: event for event in device.run(run)}
    if "latency" not in events or "load" not in events:
        raise DeviceError(f"device {device.name!r}: no times from the runner. Update it.")
    latency, load = events["latency"], events["load"]
    samples_ns = latency["samples_ns"]
    reading = Reading(float(np.median(samples_ns)), float(np.mean(samples_ns)), load["executed"])
    kept = {key: latency[key] for key in ("warmup_calls", "steady", "samples_ns")}
    return reading, {"first_ns": load["first_ns"], **kept}


def _name(peer: Peer | None) -> str:
    return peer.name if peer else EDGEBENCH


def _tell(text: str) -> None:
    """One line that replaces itself, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
