"""A session: the processes of all cells interleaved, each fresh; a stop costs the process under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from edgebench.bench import assemble, lock, memory_limit, plan
from edgebench.bench.cells import MEMORY_LIMIT, Cell, Data
from edgebench.bench.journal import Finished
from edgebench.bench.plan import Plan, Process
from edgebench.devices.base import Device, Event
from edgebench.errors import DeviceError
from edgebench.records import store
from edgebench.types import RunSpec


@dataclass(frozen=True)
class Step:
    """Where a session is: process `number` (from 0) of `of`; those of an earlier, stopped call count as done."""

    id: str  # of the cell
    cell: Cell
    phase: str
    number: int
    of: int
    left: tuple[Process, ...]  # this one, and those after it


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
    yield from follow(plan.make(cells, device, data, results, force=force, seed=seed), device, data, tell)


def follow(todo: Plan, device: Device, data: Data, tell: Tell = lambda step, event: None) -> Iterator[Outcome]:
    """Measure what a plan has left, and yield each of its cells as run() does.

    UsageError where another session measures on the same device into the same folder.
    """
    store.check_writable(todo.results)
    with lock.alone(store.path_of(todo.results, device.name, "").parent):
        yield from _follow(todo, device, data, tell)


def _follow(todo: Plan, device: Device, data: Data, tell: Tell) -> Iterator[Outcome]:
    yield from (Outcome(cell, todo.paths[id], True) for id, cell in todo.cells.items() if id in todo.skipped)
    finished = dict(todo.finished)
    for number, one in enumerate(todo.order):
        id, cell = one.id, todo.cells[one.id]
        if id not in finished:  # its record was written: an earlier call had finished its last process
            continue
        if one.phase not in finished[id]:
            step = Step(id, cell, one.phase, number, len(todo.order), todo.left)
            finished[id][one.phase] = _process(device, step, one.spec, tell)
            todo.journals[id].append(finished[id][one.phase])
        if len(finished[id]) == len(cell.processes(data)):
            store.save(assemble.record(id, cell, device, data, finished.pop(id)), todo.results, force=todo.force)
            todo.journals[id].drop()
            yield Outcome(cell, todo.paths[id], False)


def _process(device: Device, step: Step, spec: RunSpec, tell: Tell) -> Finished:
    """One fresh runner from start to end, or those of a search, and the device before and after."""
    before, began = device.state(), time.monotonic()
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    if step.phase == MEMORY_LIMIT:
        events = memory_limit.find(device, spec, lambda event: tell(step, event))
    else:
        events = _events(device, step, spec, tell)
    seconds = round(time.monotonic() - began, 3)
    return Finished(step.phase, step.number + 1, started, seconds, before, device.state(), events)


def _events(device: Device, step: Step, spec: RunSpec, tell: Tell) -> dict[str, list[Event]]:
    """Of one runner, by their names."""
    events: dict[str, list[Event]] = {}
    for event in device.run(spec):
        tell(step, event)
        events.setdefault(event["event"], []).append({key: value for key, value in event.items() if key != "event"})
    for name in ("host", "load", spec.mode):
        if len(events.get(name, ())) != 1:
            count = len(events.get(name, ()))
            raise DeviceError(f"device {device.name!r}: {count} {name} events, expected 1. Update it.")
    return events
