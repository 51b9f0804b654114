"""Two records compared: ratios of their times with intervals (R15), their errors paired image by image (R25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from edgebench.errors import UsageError
from edgebench.records import evaluation_metrics as metrics
from edgebench.records import ratio as ratios
from edgebench.records.equivalence import MARGIN_UM, Equivalence, equivalence
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.summary import Summary, summarise

SETTINGS = ("batch_size", "threads", "delta_nm", "images", "page_cache")  # a comparison needs the same
COUNTER_READINGS = 2
WORSE = ("slower", "worse")


@dataclass(frozen=True)
class Ratio:
    """Other over base; found is None below 4 processes of each."""

    what: str
    base: float
    other: float
    unit: str
    found: Estimate | None

    @property
    def value(self) -> float:
        return self.other / self.base

    @property
    def verdict(self) -> str:
        return ratios.judge(self.found) if self.found else "too few processes"


@dataclass(frozen=True)
class Comparison:
    base: Summary
    other: Summary
    latency: Ratio | None
    single: tuple[Ratio, ...]  # of one process each: without intervals
    errors: dict[str, Equivalence | None]  # by split; None: too few stacks

    @property
    def regressions(self) -> tuple[str, ...]:
        """What is shown to be worse in `other`."""
        found = [f"latency {self.latency.verdict}"] if self.latency and self.latency.verdict in WORSE else []
        pairs = self.errors.items()
        return (*found, *(f"{split} error {one.verdict}" for split, one in pairs if one and one.verdict in WORSE))


def compare(base: Record, other: Record, margin_um: float = MARGIN_UM, *, across_devices: bool = False) -> Comparison:
    """UsageError where the two were not measured alike: then no number of one says anything about the other.

    across_devices: two devices are what is compared.
    """
    for what, a, b in _protocol(base, other, across_devices):
        if a != b:
            raise UsageError(
                f"{base['id']} and {other['id']} differ in {what} ({a} and {b}), so that they cannot be compared. "
                "Measure both alike."
            )
    one, two = summarise(base), summarise(other)
    return Comparison(one, two, latency(base, other), tuple(_single(one, two)), _errors(one, two, margin_um))


def difference(message: str) -> str:
    """Of a refusal: what differs, without the names of the records and the advice."""
    what = message.partition(" differ in ")[2].partition(", so that")[0]
    return f"differ in {what}" if what else message.partition(". ")[0]


def _protocol(base: Record, other: Record, across_devices: bool) -> Iterator[tuple[str, object, object]]:
    """What must be the same, by its name in words."""

    def both(what: str, of: Callable[[Record], object]) -> tuple[str, object, object]:
        return what, of(base), of(other)

    for name in SETTINGS:
        yield both(f"settings.{name}", lambda record, name=name: record["settings"][name])  # type: ignore[misc]
    if not across_devices:
        yield both("device", lambda record: f"{record['device']['name']}, {record['device']['host']['cpu']}")
    yield both("data", lambda record: record["data"]["sha256"][:12])
    yield both("energy, which is sampled between timed calls", _sampled)
    yield both("splits", lambda record: ", ".join(sorted(record["accuracy"])))


def _sampled(record: Record) -> str:
    """The source of energy that is read between the calls, where it costs them something; a counter is read twice."""
    found = [process.get("energy") or {} for process in record["latency"]]
    return next((one["source"] for one in found if one.get("samples", 0) > COUNTER_READINGS), "none")


def latency(base: Record, other: Record) -> Ratio | None:
    """None where one has no latency."""
    if not base["latency"] or not other["latency"]:
        return None
    a, b = ([float(np.median(p["samples_ns"])) / 1e6 for p in record["latency"]] for record in (base, other))
    return Ratio("latency p50 of a call", float(np.median(a)), float(np.median(b)), "ms", ratios.ratio(a, b))


def side_by_side(base: Record, other: Record) -> bool:
    """Whether their processes took turns (R3): the spans of the two sessions overlap. True where one does not say."""
    spans = [
        [datetime.fromisoformat(one["started"]) for one in record.get("processes") or ()] for record in (base, other)
    ]
    return not all(spans) or max(map(min, spans)) <= min(map(max, spans))


def _single(base: Summary, other: Summary) -> Iterator[Ratio]:
    for split in sorted(base.times):
        yield Ratio(f"end to end, {split}", base.times[split].wall_s, other.times[split].wall_s, "s", None)
    if base.memory and other.memory:
        yield Ratio("peak memory", base.memory.peak_mib, other.memory.peak_mib, "MiB", None)
    yield Ratio("file size", base.file_mb, other.file_mb, "MB", None)


def _errors(base: Summary, other: Summary, margin_um: float) -> dict[str, Equivalence | None]:
    found = {}
    for split in sorted(base.errors):
        differences = metrics.differences(base.errors[split].images, other.errors[split].images)
        if differences is None:
            raise UsageError(f"{split}: the two records are of different images. Measure both on the same data.")
        found[split] = equivalence(differences, margin_um=margin_um)
    return found
