"""Cell after cell, each process fresh; a cell writes its record at its end, so a stop costs the cell under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import edgebench
from edgebench.bench.cells import Cell, Data, check_installed, code_sha256, identity
from edgebench.devices.base import Device, Event
from edgebench.errors import DeviceError
from edgebench.records import store
from edgebench.records.schema import VERSION


@dataclass(frozen=True)
class Step:
    """Where a session is: process `number` of `of`, counted over the cells that are measured."""

    cell: Cell
    phase: str
    number: int
    of: int


@dataclass(frozen=True)
class Outcome:
    cell: Cell
    path: Path
    skipped: bool


Tell = Callable[[Step, Event], None]


def run(
    cells: Sequence[Cell],
    device: Device,
    data: Data,
    results: Path,
    *,
    force: bool = False,
    tell: Tell = lambda step, event: None,
) -> Iterator[Outcome]:
    """Measure every cell that has no record yet, and yield each as it is done or skipped.

    What would fail later (folder, runtime) fails before the first process.
    """
    store.check_writable(results)
    host = device.host()
    for cell in cells:
        check_installed(cell, host, device.name)
    named = {identity(cell, data, host): cell for cell in cells}  # the same cell twice is one
    paths = {id: store.path_of(results, device.name, id) for id in named}
    waiting = [id for id in named if force or not paths[id].exists()]
    total = sum(len(named[id].processes(data)) for id in waiting)
    done = 0
    for id, cell in named.items():
        if id in waiting:
            record = _measure(id, cell, device, data, _counted(tell, cell, done, total))
            store.save(record, results, force=force)
            done += len(cell.processes(data))
        yield Outcome(cell, paths[id], id not in waiting)


def _counted(tell: Tell, cell: Cell, done: int, total: int) -> Callable[[str, int, Event], None]:
    return lambda phase, number, event: tell(Step(cell, phase, done + number, total), event)


def _measure(
    id: str, cell: Cell, device: Device, data: Data, tell: Callable[[str, int, Event], None]
) -> dict[str, Any]:
    before = device.state()
    accuracy: dict[str, Any] = {}
    latency: list[dict[str, Any]] = []
    memory: dict[str, Any] | None = None
    host: Event = {}
    loads: list[Event] = []
    for number, (phase, spec) in enumerate(cell.processes(data)):
        found: dict[str, list[Event]] = {}
        for event in device.run(spec):
            tell(phase, number, event)
            name = event.pop("event")
            found.setdefault(name, []).append(event)
        host, load, result = (_only(found, name, device) for name in ("host", "load", spec.mode))
        loads.append(load)
        if spec.mode == "accuracy":
            times = {key: result[key] for key in ("wall_ns", "cpu_ns", "padded")}
            accuracy[phase.removeprefix("accuracy ")] = {"images": found.get("image", []), **times, "load": load}
        elif spec.mode == "latency":
            latency.append({"process": len(latency), "load": load, **result})
        else:
            memory = result
    return {
        "schema": VERSION,
        "id": id,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "code_sha256": code_sha256(),
        "model": cell.artifact.model,
        "artifact": cell.artifact.about,
        "backend": {"name": cell.backend, "versions": loads[0]["versions"], "executed": loads[0]["executed"]},
        "device": {
            "name": device.name,
            "emulated": device.emulated,
            "host": host,
            "before": before,
            "after": device.state(),
        },
        "settings": asdict(cell.settings),
        "data": data.about,
        "accuracy": accuracy,
        "latency": latency,
        "memory": memory,
    }


def _only(found: dict[str, list[Event]], name: str, device: Device) -> Event:
    if len(found.get(name, ())) != 1:
        raise DeviceError(f"device {device.name!r}: {len(found.get(name, ()))} {name} events, expected 1. Update it.")
    return found[name][0]
