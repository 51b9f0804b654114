"""What a cell takes besides time: memory by stages (R20), its smallest limit (R21), energy (R22)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.records import statistics as st
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate

MJ_PER_J = 1e3
BYTES_PER_MIB = 2**20
STAGES = ("interpreter", "imports", "load", "first", "steady")


@dataclass(frozen=True)
class Stage:
    """Of one moment of a process: resident, resident with what is shared divided by its users, private."""

    name: str
    rss_mib: float
    pss_mib: float | None
    uss_mib: float | None


@dataclass(frozen=True)
class Memory:
    peak_mib: float
    peak_reset: bool  # False: the peak includes what came before the model, such as reading images
    stages: tuple[Stage, ...]

    @property
    def steady_mib(self) -> float:
        return self.stage("steady").rss_mib

    def stage(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)

    def added(self, name: str) -> Added:
        """By the end of a stage: "load" of the model, or its "first" inference."""
        before, after = self.stage("imports"), self.stage(name)
        private = (before.uss_mib, after.uss_mib)
        uss = None if private[0] is None or private[1] is None else private[1] - private[0]
        return Added(after.rss_mib - before.rss_mib, uss)


@dataclass(frozen=True)
class Added:
    """What the model has added to a process since its imports, MiB; of two stages of one process, never of peaks."""

    rss_mib: float
    uss_mib: float | None  # None: the kernel tells no private pages


@dataclass(frozen=True)
class Energy:
    """Of the timed calls, as the source gives it: what the machine draws at rest is in it, and stands apart."""

    source: str
    patch_mj: float  # median of the processes
    patch: Estimate | None
    idle_w: float


@dataclass(frozen=True)
class Limit:
    """The smallest limit of memory that the artifact survived; None with the reason."""

    mib: float | None
    reason: str | None


def memory(record: Record) -> Memory | None:
    """None, here and below: not measured, or not asked for."""
    memory = record["memory"]
    if not memory:
        return None
    return Memory(
        peak_mib=memory["peak_rss_bytes"] / BYTES_PER_MIB,
        peak_reset=memory.get("peak_reset", True),
        stages=tuple(_stage(name, memory["stages"][name]) for name in STAGES),
    )


def energy(record: Record) -> Energy | None:
    """None where a process has none."""
    processes, batch_size = record["latency"], record["settings"]["batch_size"]
    measured = [process["energy"] for process in processes if process.get("energy")]
    if not measured or len(measured) < len(processes):
        return None
    patch_mj, patch = st.process_median(
        [
            one["joules"] * MJ_PER_J / (len(process["samples_ns"]) * batch_size)
            for one, process in zip(measured, processes, strict=True)
        ]
    )
    return Energy(
        source=f"{measured[0]['source']} ({measured[0].get('about', '')})",
        patch_mj=patch_mj,
        patch=patch,
        idle_w=float(np.median([one["idle_watts"] for one in measured])),
    )


def limit(record: Record) -> Limit | None:
    found = record.get("memory_limit")
    if not found:
        return None
    limit_bytes = found["limit_bytes"]
    return Limit(limit_bytes / BYTES_PER_MIB if limit_bytes is not None else None, found["reason"])


def _stage(name: str, stage: Record) -> Stage:
    found = (stage.get(f"{kind}_bytes") for kind in ("pss", "uss"))
    shares = (None if size is None else size / BYTES_PER_MIB for size in found)
    return Stage(name, stage["rss_bytes"] / BYTES_PER_MIB, *shares)
