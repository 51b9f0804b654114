"""What a session is to do, known before it starts: its cells, their processes in order, and what is done already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebench.bench.cells import Cell, Data, check_energy, check_installed, identity
from edgebench.bench.journal import Finished, Journal
from edgebench.bench.order import interleaved
from edgebench.devices.base import Device
from edgebench.records import store
from edgebench.types import RunSpec


@dataclass(frozen=True)
class Process:
    """One process of a session; id is that of its cell."""

    id: str
    phase: str
    spec: RunSpec


@dataclass(frozen=True)
class Plan:
    results: Path
    device: str
    cpu: str
    data: Data
    force: bool  # a record that is there is replaced
    cells: Mapping[str, Cell]  # by id
    paths: Mapping[str, Path]  # of their records
    skipped: frozenset[str]  # ids that have a record
    order: tuple[Process, ...]  # of the others, whether done or not
    journals: Mapping[str, Journal]
    finished: Mapping[str, dict[str, Finished]]  # what a stopped call has left, by id and phase

    @property
    def left(self) -> tuple[Process, ...]:
        return tuple(one for one in self.order if one.phase not in self.finished[one.id])


def make(cells: Sequence[Cell], device: Device, data: Data, results: Path, *, force: bool, seed: int) -> Plan:
    """Nothing is measured or written. BackendError where the device lacks a runtime, DeviceError where it
    lacks a source of energy."""
    host = device.host()
    for cell in cells:
        check_installed(cell, host, device.name)
        check_energy(cell, host, device.name)
    named = {identity(cell, data, host): cell for cell in cells}  # the same cell twice is one
    paths = {id: store.path_of(results, device.name, id) for id in named}
    waiting = [id for id in named if force or not paths[id].exists()]
    for id in waiting:
        if paths[id].exists():  # --force: a journal that is left from before its record was written is no beginning
            _drop_if_whole(Journal(results, device.name, id), len(named[id].processes(data)))
    order = interleaved({id: named[id].processes(data) for id in waiting}, seed)
    journals = {id: Journal(results, device.name, id) for id in waiting}
    return Plan(
        results=results,
        device=device.name,
        cpu=str(host["cpu"]),
        data=data,
        force=force,
        cells=named,
        paths=paths,
        skipped=frozenset(named) - frozenset(waiting),
        order=tuple(Process(id, phase, spec) for id, (phase, spec) in order),
        journals=journals,
        finished={id: journal.read() for id, journal in journals.items()},
    )


def _drop_if_whole(journal: Journal, processes: int) -> None:
    if len(journal.read()) == processes:
        journal.drop()
