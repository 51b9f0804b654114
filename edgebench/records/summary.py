"""From one record to the numbers that are printed: the only place where a number is derived.

An image's value is the median over its tiles; its focusing error is how far that is from the label (paper, 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebench.focus.aggregate import image_value
from edgebench.records import evaluation_metrics as metrics
from edgebench.records import statistics as st
from edgebench.records import sustained as long
from edgebench.records.canary import Canary
from edgebench.records.checks import checks
from edgebench.records.evaluation_metrics import Answers, GroupError, Paired, StackScore
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.sustained import Sustained
from edgebench.records.trend import trend_verdict
from edgebench.records.verdicts import Verdict, judge

NS_PER_S = 1e9
NS_PER_MS = 1e6
MJ_PER_J = 1e3
BYTES_PER_MB = 1e6  # of files
BYTES_PER_MIB = 2**20  # of memory
PARTS = ("read", "preprocess", "predict", "aggregate")


@dataclass(frozen=True)
class Errors:
    """Focusing error over one split."""

    images: Answers = field(compare=False, repr=False)  # arrays do not compare as one; what follows from them does
    lowest_um: float  # of the labels
    highest_um: float
    mean_um: float
    std_um: float
    interval: Estimate | None  # of the mean; whole stacks are drawn
    median_um: float
    p90_um: float | None
    bias_um: float
    canary: Canary
    patch_mean_um: float
    samples: tuple[GroupError, ...]
    worst_stack: StackScore

    @property
    def slope(self) -> float | None:
        return self.canary.slope

    @property
    def constant_um(self) -> float:
        return self.canary.constant_um


@dataclass(frozen=True)
class Times:
    """End-to-end time of one split, as measured, and its parts; rest is what no part explains."""

    patches: int
    padded: int
    wall_s: float
    cpu_s: float
    read_s: float
    preprocess_s: float
    predict_s: float
    aggregate_s: float
    rest_s: float

    @property
    def other_s(self) -> float:
        return self.aggregate_s + self.rest_s


@dataclass(frozen=True)
class Latency:
    """Steady state; p50 is the median of process medians, p90 and p99 are of the samples of all."""

    processes: int
    calls: int
    p50_ms: float
    p50: Estimate | None
    patch_ms: float
    patch: Estimate | None
    p90: Estimate | None
    p99: Estimate | None
    outliers: int
    variation: float | None  # coefficient of variation of the process medians
    wall_s: float
    import_ms: float
    load_ms: float
    first_ms: float
    unsteady: int  # processes whose warm-up ended at its cap


@dataclass(frozen=True)
class Memory:
    peak_mib: float
    peak_reset: bool  # False: the peak includes what came before the model, such as reading images
    steady_mib: float


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


@dataclass(frozen=True)
class Summary:
    record: Record  # for names, settings and provenance, never to derive a number from it
    file_mb: float
    errors: dict[str, Errors]
    times: dict[str, Times]
    latency: Latency | None
    memory: Memory | None
    sustained: Sustained | None  # None, here and below: not asked for
    limit: Limit | None
    energy: Energy | None  # None: no source, the record has the reason
    verdicts: tuple[Verdict, ...]  # empty: OK
    cpu: str = ""  # set by a report whose devices of one name have several CPU models

    @property
    def verdict(self) -> str:
        return ", ".join(dict.fromkeys(verdict.name for verdict in self.verdicts)) or "OK"


def summarise(record: Record) -> Summary:
    errors = {split: _errors(part["images"]) for split, part in record["accuracy"].items()}
    latency = _latency(record["latency"], record["settings"]["batch_size"]) if record["latency"] else None
    return Summary(
        record=record,
        file_mb=record["artifact"]["bytes"] / BYTES_PER_MB,
        errors=errors,
        times={split: _times(part) for split, part in record["accuracy"].items()},
        latency=latency,
        memory=_memory(record["memory"]) if record["memory"] else None,
        sustained=long.sustained(record),
        limit=_limit(record["memory_limit"]) if record.get("memory_limit") else None,
        energy=_energy(record["latency"], record["settings"]["batch_size"]),
        verdicts=(
            *judge(
                record["artifact"]["precision"],
                record["backend"]["executed"],
                variation=latency.variation if latency else None,
                calls=latency.calls if latency else None,
                wall_s=latency.wall_s if latency else None,
                unsteady=latency.unsteady if latency else 0,
                canaries={split: found.canary for split, found in errors.items()},
            ),
            *trend_verdict([process["samples_ns"] for process in record["latency"]]),
            *checks(record),
            *long.verdicts(record),
        ),
    )


def paired(base: Errors, other: Errors) -> Paired | None:
    """Other minus base, whole stacks drawn; None where the two were not measured on the same images."""
    return metrics.paired(base.images, other.images)


def _errors(raw: Sequence[Record]) -> Errors:
    ordered = metrics.in_order(raw)
    images = metrics.of_images(ordered, (image_value(np.asarray(image["patches_um"])) for image in ordered))
    found, stacks = metrics.score(images), metrics.by_stack(images)
    return Errors(
        images=images,
        lowest_um=float(images.truth_um.min()),
        highest_um=float(images.truth_um.max()),
        mean_um=found.mean_um,
        std_um=found.std_um,
        interval=found.interval,
        median_um=found.median_um,
        p90_um=found.p90_um,
        bias_um=found.bias_um,
        canary=metrics.follows(images),
        patch_mean_um=float(np.mean(np.abs(metrics.of_tiles(ordered).error_um))),
        samples=metrics.by_sample(images),
        worst_stack=max(stacks, key=lambda stack: stack.mean_um),
    )


def _times(part: Record) -> Times:
    split = {name: sum(image[f"{name}_ns"] for image in part["images"]) for name in PARTS}
    return Times(
        patches=sum(len(image["patches_um"]) for image in part["images"]),
        padded=part["padded"],
        wall_s=part["wall_ns"] / NS_PER_S,
        cpu_s=part["cpu_ns"] / NS_PER_S,
        **{f"{name}_s": ns / NS_PER_S for name, ns in split.items()},
        rest_s=(part["wall_ns"] - sum(split.values())) / NS_PER_S,
    )


def _latency(processes: Sequence[Record], batch_size: int) -> Latency:
    medians = [float(np.median(process["samples_ns"])) / NS_PER_MS for process in processes]
    samples = [[ns / NS_PER_MS for ns in process["samples_ns"]] for process in processes]
    p50_ms, p50 = st.process_median(medians)
    start = {
        f"{name}_ms": float(np.median([process["load"][f"{name}_ns"] for process in processes])) / NS_PER_MS
        for name in ("import", "load", "first")
    }
    return Latency(
        processes=len(processes),
        calls=sum(map(len, samples)),
        p50_ms=p50_ms,
        p50=p50,
        patch_ms=p50_ms / batch_size,
        patch=p50.scaled(1 / batch_size) if p50 else None,
        p90=st.process_percentile(samples, 0.9),
        p99=st.process_percentile(samples, 0.99),
        outliers=sum(st.outliers(process["samples_ns"]) for process in processes),
        variation=st.variation(medians),
        wall_s=sum(process["wall_ns"] for process in processes) / NS_PER_S,
        unsteady=sum(process.get("steady") is False for process in processes),
        **start,
    )


def _memory(memory: Record) -> Memory:
    return Memory(
        peak_mib=memory["peak_rss_bytes"] / BYTES_PER_MIB,
        peak_reset=memory.get("peak_reset", True),
        steady_mib=memory["stages"]["steady"]["rss_bytes"] / BYTES_PER_MIB,
    )


def _energy(processes: Sequence[Record], batch_size: int) -> Energy | None:
    """None where a process has none."""
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


def _limit(found: Record) -> Limit:
    limit_bytes = found["limit_bytes"]
    return Limit(limit_bytes / BYTES_PER_MIB if limit_bytes is not None else None, found["reason"])


__all__ = [
    "Energy",
    "Errors",
    "GroupError",
    "Latency",
    "Limit",
    "Memory",
    "Paired",
    "Summary",
    "Times",
    "paired",
    "summarise",
]
