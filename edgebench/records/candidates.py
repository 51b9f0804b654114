"""What can be chosen: cells of a device, each with the numbers that limits are held against.

A decision is one answer for one field of view: from two images in memory to one defocus, that is preprocessing, as many
calls as the field's patches fill, and the median over them. Reading, decoding or transferring images is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgebench.records import cells, estimate
from edgebench.records import evaluation_metrics as metrics
from edgebench.records import statistics as st
from edgebench.records.agreement import agreement, identity
from edgebench.records.checks import SAME_UM
from edgebench.records.clusters import on_images_of
from edgebench.records.equivalence import MARGIN_UM, Equivalence, equivalence
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.limits import FLOOR, Quantity
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.summary import NS_PER_MS, Summary

PREPROCESSING = "preprocessing, of which the record of the emulated board does not tell"
VOID_TIME = ("CACHE", "MISMATCH", "THROTTLED", "SWAPPED")  # verdicts after which a time proves nothing
VOID_ERROR = ("COLLAPSED", "MISMATCH")


@dataclass(frozen=True)
class Candidate:
    summary: Summary
    threads: int
    answers: Answers  # of one split; perhaps those of the same file on another device
    error: Quantity  # um
    errors_from: str  # "" : its own; else in words whose, and how far the two agree
    increase: Quantity | None  # um against float32 of the same model; None, here and below: not known
    decision: Quantity | None  # ms
    patch: Quantity | None  # ms
    memory: Quantity | None  # bytes
    size: Quantity  # bytes
    decision_runs: tuple[float, ...]  # ms, of each latency process
    patch_runs: tuple[float, ...]

    @property
    def record(self) -> Record:
        return self.summary.record

    @property
    def name(self) -> str:
        return cells.name(self.record, self.threads)

    @property
    def estimated(self) -> bool:
        return bool(self.record["device"]["emulated"])

    def of(self, limit: str) -> Quantity | None:
        """By the name of a field of Limits."""
        found: Quantity | None = getattr(self, limit.rsplit("_", 1)[0])
        return found


def find(summaries: Sequence[Summary], device: str | None, split: str) -> tuple[Candidate, ...]:
    """Of the newest record of each cell; on an emulated board one for each number of threads that has an estimate.

    Errors of two data sets do not compare: real slides go first, then the set that most of the cells saw.
    """
    chosen = [one for one in cells.newest(cells.of_device(summaries, device)) if split in one.errors]
    every = cells.newest(summaries)
    sets = [(one.record["data"]["simulated"], one.record["data"]["sha256"]) for one in chosen]
    chosen = [one for one, of in zip(chosen, sets) if of == min(sets, key=lambda of: (of[0], -sets.count(of), of))]
    found = [each for one in chosen for each in _candidates(one, every, split)]
    return tuple(replace(one, increase=_increase(one, every, split)) for one in found)


def splits(summaries: Sequence[Summary], device: str | None) -> tuple[str, ...]:
    """That the records of a device know."""
    return tuple(sorted({split for one in cells.of_device(summaries, device) for split in one.errors}))


def paired(base: Answers, other: Answers, margin_um: float = MARGIN_UM) -> Equivalence | None:
    """Other's error minus base's over the images that both saw; None where those of one are not among the other's."""
    few, many = (base, other) if len(base) <= len(other) else (other, base)
    part = on_images_of(many, few)
    if part is None:
        return None
    differences = metrics.differences(few, part) if few is base else metrics.differences(part, few)
    return equivalence(differences, margin_um=margin_um) if differences else None


def _candidates(one: Summary, every: Sequence[Summary], split: str) -> list[Candidate]:
    answers, error, errors_from = _error(one, every, split)
    made = Candidate(
        summary=one,
        threads=one.record["settings"]["threads"],
        answers=answers,
        error=error,
        errors_from=errors_from,
        increase=None,
        decision=None,
        patch=None,
        memory=_memory(one),
        size=_exact(float(one.record["artifact"]["bytes"])),
        decision_runs=(),
        patch_runs=(),
    )
    if made.estimated:
        counted = estimate.counted(one.record)
        if counted is None:
            return [made]
        before, latency = counted.preprocessing_ms, sorted(counted.latency_ms.items())
        return [_estimated(made, threads, ms, before, split) for threads, ms in latency] or [made]
    return [_measured(made, every, split)]


def _error(one: Summary, every: Sequence[Summary], split: str) -> tuple[Answers, Quantity, str]:
    """Its own; where those are of a part of the images, those of the same file on a device that saw more of them.

    Only if no answer that both gave differs by more than 0.001 um; the interval grows by the largest that does.
    """
    own = one.errors[split]
    void = _void(one, (split,), VOID_ERROR)
    best, words, wider = own, "", 0.0
    for other in every:
        there = other.errors.get(split)
        if there is None or identity(other.record) != identity(one.record) or len(there.images) <= len(best.images):
            continue
        found = agreement(other.record, one.record)
        if found is not None and found.max_um <= SAME_UM:
            best, wider, void = there, found.max_um, _void(other, (split,), VOID_ERROR)
            words = (
                f"the same file's on {other.record['device']['name']}, {len(there.images):,} images; "
                f"{found.patches:,} patches seen by both differ by {found.max_um:g} um at most"
            )
    interval = best.interval and replace(best.interval, low=best.interval.low - wider, high=best.interval.high + wider)
    return best.images, Quantity(best.mean_um, interval, void=void), words


def _increase(one: Candidate, every: Sequence[Summary], split: str) -> Quantity | None:
    """Against float32 of the same model on the same data, best of the same format and with most images."""
    if one.record["artifact"]["precision"] == "float32":
        return _exact(0.0)

    def rank(other: Summary) -> tuple[object, ...]:
        record = other.record
        return (
            record["artifact"]["format"] != one.record["artifact"]["format"],
            -len(other.errors[split].images),
            record["id"],
        )

    def same(record: Record) -> tuple[object, ...]:
        return record["model"]["sha256"], record["data"]["sha256"]

    plain = [
        other
        for other in every
        if other.record["artifact"]["precision"] == "float32"
        and same(other.record) == same(one.record)
        and split in other.errors
    ]
    found = paired(min(plain, key=rank).errors[split].images, one.answers) if plain else None
    return Quantity(found.mean_um, found.interval) if found else None


def _memory(one: Summary) -> Quantity | None:
    if one.memory is None:
        return None
    peak = one.memory.peak_mib * 2**20
    return Quantity(peak, Estimate(peak, peak / (1 + FLOOR), peak * (1 + FLOOR)))


def _estimated(made: Candidate, threads: int, call: Estimate, before: Estimate | None, split: str) -> Candidate:
    """before: preprocessing of a field; one thread does it, however many share a call."""
    batch = made.record["settings"]["batch_size"]
    whole, patch = call.scaled(_calls(made.record, split)), call.scaled(1 / batch)
    if before is not None:
        whole = Estimate(whole.value + before.value, whole.low + before.low, whole.high + before.high)
    return replace(
        made,
        threads=threads,
        decision=Quantity(whole.value, whole, estimated=True, lacks="" if before else PREPROCESSING),
        patch=Quantity(patch.value, patch, estimated=True),
    )


def _measured(made: Candidate, every: Sequence[Summary], split: str) -> Candidate:
    latency = made.summary.latency
    if latency is None:
        return made
    void = _void(made.summary, ("latency", "device"), VOID_TIME)
    before_ms, before = st.process_median(_before_ms(made.record, every))
    calls, batch = _calls(made.record, split), made.record["settings"]["batch_size"]
    runs = [float(np.median(process["samples_ns"])) / NS_PER_MS for process in made.record["latency"]]
    value, p50, whole = before_ms + calls * latency.p50_ms, latency.p50, None
    if before is not None and p50 is not None:  # both at their ends: not shorter than their sum's own interval
        whole = Estimate(value, before.low + calls * p50.low, before.high + calls * p50.high)
    return replace(
        made,
        decision=Quantity(value, whole, void=void),
        patch=Quantity(latency.patch_ms, latency.patch, void=void),
        decision_runs=tuple(before_ms + calls * ms for ms in runs),
        patch_runs=tuple(ms / batch for ms in runs),
    )


def _before_ms(record: Record, every: Sequence[Summary]) -> list[float]:
    """Preprocessing and median of a field, ms: the median of each accuracy process that did the same work here.

    It is the same code whatever the runtime, so that all records of the device with this input size, field and number
    of threads count: one alone has two processes, too few for an interval.
    """

    def work(of: Record) -> tuple[object, ...]:
        device = of["device"]
        settings = of["settings"]
        return device["name"], device["host"]["cpu"], of["model"]["input_size"], settings["threads"], _field(of)

    return [
        float(np.median([image["preprocess_ns"] + image["aggregate_ns"] for image in part["images"]])) / NS_PER_MS
        for one in every
        if work(one.record) == work(record)
        for part in one.record["accuracy"].values()
    ]


def _field(record: Record, split: str = "") -> int:
    """Patches of one image."""
    parts = record["accuracy"]
    images: list[Record] = (parts.get(split) or next(iter(parts.values())))["images"]
    return len(images[0]["patches_um"])


def _calls(record: Record, split: str) -> int:
    """Calls that one field takes; the last is padded."""
    batch: int = record["settings"]["batch_size"]
    return math.ceil(_field(record, split) / batch)


def _exact(value: float) -> Quantity:
    return Quantity(value, Estimate(value, value, value))


def _void(one: Summary, about: Sequence[str], names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(v.name for v in one.verdicts if v.about in about and v.name in names))
