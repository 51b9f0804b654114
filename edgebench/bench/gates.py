"""The gates of a suite: which records each compares, and a second measurement of what fails."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.bench import plan, session
from edgebench.bench.cells import Cell, Data
from edgebench.bench.plan import Plan
from edgebench.bench.session import Tell
from edgebench.devices.base import Device
from edgebench.errors import UsageError
from edgebench.records import store
from edgebench.records.gate_names import ERROR_NOT_WORSE, INT8_NOT_SLOWER, LATENCY_NOT_WORSE, PROCESSES
from edgebench.records.schema import Record

if TYPE_CHECKING:
    from edgebench.records.gates import Finding

CONFIRMATIONS = "confirmations"


@dataclass(frozen=True)
class Check:
    """One gate for one cell of the session, by its id, against another one or against a record of before."""

    gate: str
    other: str
    base: str | Record
    findings: tuple[Finding, ...] = ()
    again: tuple[Finding, ...] = ()  # of the second measurement of what failed

    @property
    def ids(self) -> tuple[str, ...]:
        """Of the cells that the session measures."""
        return (self.base, self.other) if isinstance(self.base, str) else (self.other,)

    @property
    def failed(self) -> bool:
        return any(one.failed for one in self.findings)

    @property
    def confirmed(self) -> bool:
        """The same number failed both times."""
        return any(one.failed and two.failed for one, two in zip(self.findings, self.again, strict=False))


def checks(names: Sequence[str], todo: Plan, baseline: Path | None) -> list[Check]:
    """All that the gates ask for; UsageError for what cannot be had, before anything is measured."""
    found: list[Check] = []
    for gate in names:
        own = [*_of_pairs(gate, todo), *(_of_baseline(gate, todo, baseline) if baseline else ())]
        if not own:
            needs = {
                INT8_NOT_SLOWER: "an int8 and a float32 artifact of one model and format on one backend",
                ERROR_NOT_WORSE: "an int8 and a float32 artifact of one model and format on one backend, or --baseline",
                LATENCY_NOT_WORSE: "--baseline DIR",
            }
            raise UsageError(f"gate {gate!r} has nothing to compare. It needs {needs[gate]}.")
        found += own
    for check in found:
        for cell in (todo.cells[id] for id in check.ids):
            if check.gate != ERROR_NOT_WORSE and cell.settings.repeats < PROCESSES:
                raise UsageError(
                    f"gate {check.gate!r}: {cell.name} has {cell.settings.repeats} latency processes, an interval "
                    f"needs {PROCESSES}. Use --repeats {PROCESSES}."
                )
    return found


def without_times(names: Sequence[str]) -> list[str]:
    """The gates that an emulated board can be held to."""
    return [name for name in names if name == ERROR_NOT_WORSE]


def evaluate(wanted: Sequence[Check], todo: Plan) -> list[Check]:
    """The checks with what the records of a session say."""
    return [replace(check, findings=_judged(check, todo)) for check in wanted]


def confirm(found: Sequence[Check], todo: Plan, device: Device, data: Data, tell: Tell) -> list[Check]:
    """The cells of what failed measured once more, interleaved, and judged again; a baseline stays what it was.

    The records are kept apart, results/confirmations/<name>/runs: none replaces one of the session. The name is that of
    the first records, so that a confirmation that was killed goes on.
    """
    ids = list(dict.fromkeys(id for check in found if check.failed for id in check.ids))
    if not ids:
        return list(found)
    folder = todo.results / CONFIRMATIONS / _name(todo, ids)
    again = plan.make([todo.cells[id] for id in ids], device, data, folder, force=False, seed=1)
    for _ in session.follow(again, device, data, tell):
        pass
    return [replace(check, again=_judged(check, again)) if check.failed else check for check in found]


def _name(todo: Plan, ids: Sequence[str]) -> str:
    """When the last of the records to be confirmed was made, and a hash of which they are."""
    created = [str(store.load(todo.paths[id])["created"]) for id in ids]
    of_all = hashlib.sha256("\0".join([*ids, *created]).encode()).hexdigest()[:8]
    return f"{max(created)[:19].replace(':', '-')}Z-{of_all}"


def _judged(check: Check, done: Plan) -> tuple[Finding, ...]:
    from edgebench.records.gates import judge

    base = store.load(done.paths[check.base]) if isinstance(check.base, str) else check.base
    return judge(check.gate, base, store.load(done.paths[check.other]))


def _of_pairs(gate: str, todo: Plan) -> Iterator[Check]:
    """Each int8 cell against the float32 one of the same model and format on the same backend, measured alike."""
    if gate == LATENCY_NOT_WORSE:
        return
    for id, cell in todo.cells.items():
        if cell.artifact.about["precision"] != "int8":
            continue
        for partner, other in todo.cells.items():
            if other.artifact.about["precision"] == "float32" and _kin(cell) == _kin(other):
                yield Check(gate, id, partner)


def _kin(cell: Cell) -> tuple[object, ...]:
    artifact = cell.artifact
    return artifact.model["name"], artifact.about["format"], cell.backend, cell.settings


def _of_baseline(gate: str, todo: Plan, baseline: Path) -> Iterator[Check]:
    """Each cell against the newest record of the baseline that has its names and settings."""
    if gate == INT8_NOT_SLOWER:
        return
    known = _records(baseline)
    for id, cell in todo.cells.items():
        alike = [record for record in known if _protocol(record) == _wanted(cell, todo)]
        if not alike:
            raise UsageError(
                f"gate {gate!r}: no record of {cell.name} in {baseline} that was measured alike (on this device and "
                f"CPU, data set, splits, images). Measure it there first, or name another --baseline."
            )
        newest = max(alike, key=lambda record: str(record["created"]))
        if id in todo.skipped and newest["id"] == id and newest == store.load(todo.paths[id]):
            raise UsageError(
                f"gate {gate!r}: the baseline's record of {cell.name} is the very one of this session, which was "
                "measured before. Measure again with --force, or name another --baseline."
            )
        yield Check(gate, id, newest)


def _records(baseline: Path) -> list[Record]:
    """Of a folder of records, results/runs/DEVICE, or of a whole results folder."""
    paths = sorted([*baseline.glob("[!.]*.json"), *baseline.glob("runs/*/[!.]*.json")])
    if not paths:
        raise UsageError(f"--baseline {baseline}: no records there. Name results/runs/DEVICE of a former session.")
    return [store.load(path) for path in paths]


def _protocol(record: Record) -> tuple[object, ...]:
    """What a record and a cell must have in common, so that the session is not measured for nothing."""
    settings, device = record["settings"], record["device"]
    return (
        (record["model"]["name"], record["artifact"]["target"], record["backend"]["name"]),
        (settings["batch_size"], settings["threads"], settings["images"], settings["delta_nm"]),
        (device["name"], device["host"]["cpu"]),
        (record["data"]["sha256"], sorted(record["accuracy"])),
    )


def _wanted(cell: Cell, todo: Plan) -> tuple[object, ...]:
    settings = cell.settings
    return (
        (cell.artifact.model["name"], cell.artifact.about["target"], cell.backend),
        (settings.batch_size, settings.threads, settings.images, settings.delta_nm),
        (todo.device, todo.cpu),
        (todo.data.about["sha256"], sorted(todo.data.stacks)),
    )
