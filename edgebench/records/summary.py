"""From one record to the numbers that are printed: the only place where a number is derived.

An image's value is the median over its tiles; its focusing error is how far that is from the label (paper, 4.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from edgebench.focus.aggregate import image_value
from edgebench.records import statistics as st
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.verdicts import Verdict, judge

NS_PER_S = 1e9
NS_PER_MS = 1e6
BYTES_PER_MB = 1e6  # of files
BYTES_PER_MIB = 2**20  # of memory
PARTS = ("read", "preprocess", "predict", "aggregate")


@dataclass(frozen=True)
class ImageError:
    stack: str
    sample: str
    z_um: float
    error_um: float  # predicted minus true


@dataclass(frozen=True)
class GroupError:
    """Focusing error over the images of one sample or one stack."""

    name: str
    stacks: int
    images: int
    mean_um: float
    std_um: float


@dataclass(frozen=True)
class Errors:
    """Focusing error over one split."""

    images: tuple[ImageError, ...]
    lowest_um: float  # of the labels
    highest_um: float
    mean_um: float
    std_um: float
    interval: Estimate | None  # of the mean; whole stacks are drawn
    median_um: float
    p90_um: float | None
    bias_um: float
    slope: float | None  # of prediction against truth; about 1 unless the model has collapsed
    constant_um: float  # what the best constant answer scores
    patch_mean_um: float
    stacks: tuple[GroupError, ...]
    samples: tuple[GroupError, ...]
    worst_stack: GroupError


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
    """Steady state; p50 is the median of process medians, p90 and p99 pool the samples of all processes."""

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
class Summary:
    record: Record  # for names, settings and provenance, never to derive a number from it
    file_mb: float
    errors: dict[str, Errors]
    times: dict[str, Times]
    latency: Latency | None
    memory: Memory | None
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
        verdicts=judge(
            record["artifact"]["precision"],
            record["backend"]["executed"],
            variation=latency.variation if latency else None,
            calls=latency.calls if latency else None,
            wall_s=latency.wall_s if latency else None,
            unsteady=latency.unsteady if latency else 0,
            errors={split: (found.mean_um, found.constant_um, found.slope) for split, found in errors.items()},
        ),
    )


@dataclass(frozen=True)
class Paired:
    """How much larger the error of one model is than that of a base model, image by image, um."""

    images: int
    mean_um: float
    interval: Estimate | None


def paired(base: Errors, other: Errors) -> Paired | None:
    """Other minus base, whole stacks drawn; None where the two were not measured on the same images."""
    if [(i.stack, i.z_um) for i in base.images] != [(i.stack, i.z_um) for i in other.images]:
        return None
    clusters: dict[str, list[float]] = {}
    for a, b in zip(base.images, other.images, strict=True):
        clusters.setdefault(a.stack, []).append(abs(b.error_um) - abs(a.error_um))
    mean, interval = st.cluster_mean(clusters)
    return Paired(len(base.images), mean, interval)


def _errors(raw: Sequence[Record]) -> Errors:
    ordered = sorted(raw, key=lambda image: (image["stack"], image["z_nm"]))
    truth = [image["z_nm"] / 1000 for image in ordered]
    values = [image_value(np.asarray(image["patches_um"])) for image in ordered]
    images = tuple(
        ImageError(image["stack"], image["sample"], z_um, value - z_um)
        for image, z_um, value in zip(ordered, truth, values, strict=True)
    )
    away = [abs(image.error_um) for image in images]
    of_patches = [abs(um - z_um) for image, z_um in zip(ordered, truth, strict=True) for um in image["patches_um"]]
    stacks = _groups(images, "stack")
    mean, interval = st.cluster_mean({name: [abs(i.error_um) for i in of] for name, of in _by(images, "stack")})
    return Errors(
        images=images,
        lowest_um=min(truth),
        highest_um=max(truth),
        mean_um=mean,
        std_um=st.mean_std(away)[1],
        interval=interval,
        median_um=float(np.median(away)),
        p90_um=float(np.quantile(away, 0.9)) if st.ranks(len(away), 0.9) else None,
        bias_um=float(np.mean([image.error_um for image in images])),
        slope=st.slope(truth, values),
        constant_um=st.constant_guess(truth),
        patch_mean_um=float(np.mean(of_patches)),
        stacks=stacks,
        samples=_groups(images, "sample"),
        worst_stack=max(stacks, key=lambda stack: stack.mean_um),
    )


def _by(images: Iterable[ImageError], field: str) -> list[tuple[str, list[ImageError]]]:
    def key(image: ImageError) -> str:
        return str(getattr(image, field))

    return [(name, list(of)) for name, of in groupby(sorted(images, key=key), key)]


def _groups(images: Iterable[ImageError], field: str) -> tuple[GroupError, ...]:
    return tuple(
        GroupError(name, len({i.stack for i in of}), len(of), *st.mean_std([abs(i.error_um) for i in of]))
        for name, of in _by(images, field)
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
    pooled = [ns / NS_PER_MS for process in processes for ns in process["samples_ns"]]
    p50_ms, p50 = st.process_median(medians)
    start = {
        f"{name}_ms": float(np.median([process["load"][f"{name}_ns"] for process in processes])) / NS_PER_MS
        for name in ("import", "load", "first")
    }
    return Latency(
        processes=len(processes),
        calls=len(pooled),
        p50_ms=p50_ms,
        p50=p50,
        patch_ms=p50_ms / batch_size,
        patch=p50.scaled(1 / batch_size) if p50 else None,
        p90=st.percentile(pooled, 0.9),
        p99=st.percentile(pooled, 0.99),
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
