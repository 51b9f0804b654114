"""A quantised run against its float32 one: which that is, what it costs in um, what it saves."""

from __future__ import annotations

from collections.abc import Iterable

from edgebench.records import comparison, evaluation_metrics
from edgebench.records.comparison import Ratio
from edgebench.records.equivalence import Equivalence, equivalence
from edgebench.records.summary import Summary

MARGIN_UM = 0.02  # a quantised focusing error that is shown to be no further off costs a microscope nothing


def base(one: Summary, others: Iterable[Summary]) -> Summary | None:
    """The float32 run of the same model, format, machine and data, measured alike if there is such a one.

    None where there is none, and for a run that is float32 itself.
    """
    if one.record["artifact"]["precision"] == "float32":
        return None
    bases = [other for other in others if _is_base(other, one)]
    return min(bases, key=lambda other: (not alike(other, one), _images(one) != _images(other)), default=None)


def alike(other: Summary, one: Summary) -> bool:
    """Whether their times say something about each other."""
    settings = [{key: run.record["settings"].get(key) for key in comparison.SETTINGS} for run in (other, one)]
    return settings[0] == settings[1] and other.record["backend"]["name"] == one.record["backend"]["name"]


def cost(base: Summary, one: Summary, split: str) -> Equivalence | None:
    """Error of `one` minus that of its base; None where one lacks the split, saw other images, or too few stacks."""
    if split not in base.errors or split not in one.errors:
        return None
    found = evaluation_metrics.differences(base.errors[split].images, one.errors[split].images)
    return equivalence(found, margin_um=MARGIN_UM) if found else None


def size(base: Summary, one: Summary) -> float:
    """Bytes of the file over those of the base."""
    return one.file_mb / base.file_mb


def time(base: Summary, one: Summary) -> Ratio | None:
    """p50 of a call over that of the base; None where no time was measured, or not alike, or on an emulator."""
    emulated = any(run.record["device"]["emulated"] for run in (base, one))
    return None if emulated or not alike(base, one) else comparison.latency(base.record, one.record)


def _is_base(other: Summary, one: Summary) -> bool:
    def same(summary: Summary) -> tuple[object, ...]:
        record = summary.record
        return (
            record["model"]["sha256"],
            record["artifact"]["format"],
            record["device"]["name"],
            record["device"]["host"]["cpu"],
            record["data"]["sha256"],
        )

    return other.record["artifact"]["precision"] == "float32" and same(other) == same(one)


def _images(one: Summary) -> dict[str, int]:
    return {split: len(found.images) for split, found in one.errors.items()}
