"""A session: the processes of all cells interleaved, each fresh; a stop costs the process under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import edgebench
from edgebench.bench.cells import ONE_PATCH, Cell, Data, check_installed, code_sha256, identity
from edgebench.bench.journal import Finished, Journal
from edgebench.bench.order import interleaved
from edgebench.devices.base import Device, Event
from edgebench.errors import DeviceError
from edgebench.records import store
from edgebench.records.schema import VERSION
from edgebench.types import RunSpec


@dataclass(frozen=True)
class Step:
    """Where a session is: process `number` (from 0) of `of`; those of an earlier, stopped call count as done."""

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
    seed: int = 0,
    tell: Tell = lambda step, event: None,
) -> Iterator[Outcome]:
    """Measure every cell that has no record yet, and yield each as it is done or skipped.

    What would fail later (folder, runtime) fails before the first process. A cell's record is written with its last
    process; until then its finished ones are kept below results/unfinished, and are not measured again.
    """
    store.check_writable(results)
    host = device.host()
    for cell in cells:
        check_installed(cell, host, device.name)
    named = {identity(cell, data, host): cell for cell in cells}  # the same cell twice is one
    paths = {id: store.path_of(results, device.name, id) for id in named}
    waiting = [id for id in named if force or not paths[id].exists()]
    yield from (Outcome(cell, paths[id], True) for id, cell in named.items() if id not in waiting)
    order = interleaved({id: named[id].processes(data) for id in waiting}, seed)
    journals = {id: Journal(results, device.name, id) for id in waiting}
    finished = {id: journal.read() for id, journal in journals.items()}
    for number, (id, (phase, spec)) in enumerate(order):
        cell = named[id]
        if id not in finished:  # its record was written: an earlier call had finished its last process
            continue
        if phase not in finished[id]:
            step = Step(cell, phase, number, len(order))
            finished[id][phase] = _process(device, step, spec, tell)
            journals[id].append(finished[id][phase])
        if len(finished[id]) == len(cell.processes(data)):
            store.save(_record(id, cell, device, data, finished.pop(id)), results, force=force)
            journals[id].drop()
            yield Outcome(cell, paths[id], False)


def _process(device: Device, step: Step, spec: RunSpec, tell: Tell) -> Finished:
    """One fresh runner from start to end, and the device before and after it."""
    before, began = device.state(), time.monotonic()
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    events: dict[str, list[Event]] = {}
    for event in device.run(spec):
        tell(step, event)
        events.setdefault(event["event"], []).append({key: value for key, value in event.items() if key != "event"})
    for name in ("host", "load", spec.mode):
        if len(events.get(name, ())) != 1:
            count = len(events.get(name, ()))
            raise DeviceError(f"device {device.name!r}: {count} {name} events, expected 1. Update it.")
    seconds = round(time.monotonic() - began, 3)
    return Finished(step.phase, step.number + 1, started, seconds, before, device.state(), events)


def _record(id: str, cell: Cell, device: Device, data: Data, finished: Mapping[str, Finished]) -> dict[str, Any]:
    ordered = [(phase, spec, finished[phase]) for phase, spec in cell.processes(data)]
    in_time = sorted(finished.values(), key=lambda one: (one.started, one.place))
    accuracy: dict[str, Any] = {}
    latency: list[dict[str, Any]] = []
    single: dict[str, Any] | None = None
    memory: dict[str, Any] | None = None
    for phase, spec, one in ordered:
        (load,), (result,) = one.events["load"], one.events[spec.mode]
        if spec.mode == "accuracy":
            images = sorted(one.events.get("image", []), key=lambda image: (image["stack"], image["z_nm"]))
            times = {key: result[key] for key in ("wall_ns", "cpu_ns", "padded", "workers") if key in result}
            accuracy[phase.removeprefix("accuracy ")] = {"images": images, **times, "load": load}
        elif spec.mode == "memory":
            memory = result
        elif phase == ONE_PATCH:
            single = {"load": load, **result}
        else:
            latency.append({"process": len(latency), "load": load, **result})
    load = (latency or list(accuracy.values()))[0]["load"]
    return {
        "schema": VERSION,
        "id": id,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "code_sha256": code_sha256(),
        "model": cell.artifact.model,
        "artifact": cell.artifact.about,
        "backend": {"name": cell.backend, "versions": load["versions"], "executed": load["executed"]},
        "device": {
            "name": device.name,
            "emulated": device.emulated,
            "host": ordered[-1][2].events["host"][0],
            "before": in_time[0].before,
            "after": in_time[-1].after,
        },
        "settings": asdict(cell.settings),
        "data": data.about,
        "processes": [
            {key: getattr(one, key) for key in ("phase", "place", "started", "seconds", "before", "after")}
            for one in in_time
        ],
        "accuracy": accuracy,
        "latency": latency,
        "one_patch": single,
        "memory": memory,
    }
