"""How long processes may take: what like ones took, else what the settings ask for. An estimate, never a result."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from edgebench.bench.cells import ONE_PATCH, Cell
from edgebench.bench.plan import Plan, Process
from edgebench.errors import RecordError
from edgebench.records import store

# What decides how long a process of this kind takes, beside artifact, backend and data.
_DECIDING: dict[str, tuple[str, ...]] = {
    "accuracy": ("batch_size", "threads", "images", "delta_nm"),
    "latency": ("batch_size", "threads", "repeats", "iterations", "seconds"),
    "memory": ("batch_size", "threads"),
    "sustained": ("batch_size", "threads", "sustained"),
}


@dataclass(frozen=True)
class Estimate:
    """Of a whole session, s, and of how many processes it rests on what."""

    seconds: float
    measured: int  # like processes of the same artifact on the same backend
    asked: int  # the settings alone: start and warm-up come on top
    unknown: int


@dataclass
class Pace:
    """What processes took, by cell and kind."""

    _seconds: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, id: str, phase: str, seconds: float) -> None:
        self._seconds[id, kind(phase)].append(seconds)

    def of(self, process: Process) -> float | None:
        """The mean of the same kind and cell; None: there is none."""
        found = self._seconds.get((process.id, kind(process.phase)))
        return mean(found) if found else None

    def near(self, process: Process) -> float | None:
        """The same, or the mean of the same kind in other cells, or what the settings ask for; None: no idea."""
        own = self.of(process)
        if own is not None:
            return own
        alike = [mean(found) for (_, name), found in self._seconds.items() if name == kind(process.phase)]
        return mean(alike) if alike else asked(process)


def kind(phase: str) -> str:
    """Processes of one kind take as long: "latency 1/5", "latency 2/5" and "one patch"."""
    return "latency" if phase == ONE_PATCH else without_number(phase)


def without_number(phase: str) -> str:
    return re.sub(r" \d+/\d+$", "", phase)


def asked(process: Process) -> float | None:
    """Seconds that the settings ask for; None where they name none."""
    spec = process.spec
    return {"latency": spec.seconds, "sustained": spec.minutes * 60.0}.get(spec.mode) or None


def estimate(plan: Plan, pace: Pace) -> Estimate:
    seconds, counts = 0.0, {"measured": 0, "asked": 0, "unknown": 0}
    for process in plan.left:
        took, wanted = pace.of(process), asked(process)
        counts["measured" if took is not None else "asked" if wanted else "unknown"] += 1
        seconds += (wanted or 0.0) if took is None else took
    return Estimate(seconds, **counts)


def pace(plan: Plan, data_sha256: str) -> Pace:
    """What the finished processes of stopped calls took, and those of records of the same artifacts and backends."""
    found = Pace()
    for id in {process.id for process in plan.left}:
        cell = plan.cells[id]
        for one in plan.finished[id].values():
            found.add(id, one.phase, one.seconds)
        for record in _alike(cell, plan.paths[id].parent):
            if record["data"]["sha256"] == data_sha256:
                for phase, seconds in _took(cell, record):
                    found.add(id, phase, seconds)
    return found


def _alike(cell: Cell, folder: Path) -> Iterable[Mapping[str, Any]]:
    name = f"{cell.artifact.model['name']}_{cell.artifact.about['target']}_{cell.backend}_"
    for path in sorted(folder.glob(f"{name}*.json")):
        try:
            record = store.load(path)
        except RecordError:  # an estimate is not worth a stop: the record itself is judged where it is used
            continue
        if record["artifact"]["sha256"] == cell.artifact.about["sha256"]:
            yield record


def _took(cell: Cell, record: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    """Phases of a record whose settings are the cell's, as far as they decide."""
    for process in record.get("processes", ()):
        deciding = _DECIDING.get(kind(process["phase"]).partition(" ")[0], ())
        if all(record["settings"].get(name) == getattr(cell.settings, name) for name in deciding):
            yield process["phase"], process["seconds"]
