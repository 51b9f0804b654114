"""From one record to the numbers that are printed: the only place where a number is derived.

An image's value is the median over its tiles; its focusing error is how far that is from the label (paper, 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebench.focus.aggregate import image_value
from edgebench.records import clusters, depth, resources
from edgebench.records import evaluation_metrics as metrics
from edgebench.records import statistics as st
from edgebench.records import sustained as long
from edgebench.records.canary import Canary
from edgebench.records.checks import checks
from edgebench.records.clusters import Mean
from edgebench.records.evaluation_metrics import Answers, GroupError, Paired, StackScore
from edgebench.records.profile import Group
from edgebench.records.resources import Energy, Limit, Memory, Stage
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.sustained import Sustained
from edgebench.records.trend import trend_verdict
from edgebench.records.verdicts import Verdict, judge

NS_PER_S = 1e9
NS_PER_MS = 1e6
BYTES_PER_MB = 1e6  # of files
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
    direction: Mean | None  # share of the right side, of images more than 1 um out of focus; None: there are none
    in_depth: Mean  # share with |e| of at most half the depth of field (records/depth.py)
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

    @property
    def not_predict_s(self) -> float:
        return self.wall_s - self.predict_s


@dataclass(frozen=True)
class Latency:
    """Steady state; p50 is the median of process medians, p90 and p99 are means of those of the processes."""

    processes: int
    calls: int
    p50_ms: float
    p50: Estimate | None
    patch_ms: float
    patch: Estimate | None
    p90: Estimate | None
    p99: Estimate | None
    patch_p90: Estimate | None
    patch_p99: Estimate | None
    patches_per_s: float  # patches over the wall time of the timed loop (R5); median of the processes
    outliers: int
    variation: float | None  # coefficient of variation of the process medians
    wall_s: float
    import_ms: float
    load_ms: float
    first_ms: float
    unsteady: int  # processes whose warm-up ended at its cap


@dataclass(frozen=True)
class Summary:
    record: Record  # for names, settings and provenance, never to derive a number from it
    file_mb: float
    errors: dict[str, Errors]
    times: dict[str, Times]
    latency: Latency | None
    memory: Memory | None
    profile: tuple[Group, ...]  # time by kind of operator; empty where the runtime tells nothing
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
        memory=resources.memory(record),
        profile=tuple(Group(**one) for one in (record.get("profile") or {}).get("operators", ())),
        sustained=long.sustained(record),
        limit=resources.limit(record),
        energy=resources.energy(record),
        verdicts=(
            *judge(
                record["artifact"]["precision"],
                record["backend"]["executed"],
                variation=latency.variation if latency else None,
                calls=latency.calls if latency else None,
                wall_s=latency.wall_s if latency else None,
                unsteady=latency.unsteady if latency else 0,
                canaries={split: found.canary for split, found in errors.items()},
                kept_in_float=(record["artifact"].get("made") or {}).get("options", {}).get("kept_in_float", 0),
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
        direction=clusters.direction(images),
        in_depth=depth.share(images),
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
    p90, p99 = (st.process_percentile(samples, p) for p in (0.9, 0.99))
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
        p90=p90,
        p99=p99,
        patch_p90=p90.scaled(1 / batch_size) if p90 else None,
        patch_p99=p99.scaled(1 / batch_size) if p99 else None,
        patches_per_s=float(np.median([_throughput(process, batch_size) for process in processes])),
        outliers=sum(st.outliers(process["samples_ns"]) for process in processes),
        variation=st.variation(medians),
        wall_s=sum(process["wall_ns"] for process in processes) / NS_PER_S,
        unsteady=sum(process.get("steady") is False for process in processes),
        **start,
    )


def _throughput(process: Record, batch_size: int) -> float:
    return float(len(process["samples_ns"]) * batch_size * NS_PER_S / process["wall_ns"])


__all__ = [
    "Energy",
    "Errors",
    "GroupError",
    "Latency",
    "Limit",
    "Memory",
    "Paired",
    "Stage",
    "Summary",
    "Times",
    "paired",
    "summarise",
]
