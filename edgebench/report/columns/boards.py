"""Emulated boards: counted instructions, answers against a real machine's, and estimates, which stand apart."""

from __future__ import annotations

from collections.abc import Callable

from edgebench.records import estimate
from edgebench.records.agreement import Agreement
from edgebench.records.summary import Summary
from edgebench.report.columns.cell import ABSENT, estimated, fixed
from edgebench.report.columns.column import Column, Context, key
from edgebench.report.document import Value
from edgebench.report.markdown import mark


def source() -> str:
    """What an estimate is, with the errors of the fit."""
    outside, coverage = estimate.fit()["held_out"], estimate.fit()["coverage"]
    return (
        f"est.: an estimate, never measured. In brackets, what nominally covers {coverage:.0%} of the errors on "
        f"networks that the fit has not seen, on this board; on all boards the error is {outside['mean']:.0%} in the "
        f"mean, {outside['worst']:.0%} at worst, of {outside['points']} published latencies that were held out. "
        "`edgebench devices calibrate` makes the fit again."
    )


def _estimate(threads: int) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, context: Context) -> Value:
        found = context.counts.get(key(run))
        latency = found.latency_ms.get(threads) if found else None
        if latency is None:
            return ABSENT
        value = estimated(latency.scaled(1 / run.record["settings"]["batch_size"]))
        return Value(value.text + mark(context.notes, source()), value.value, value.low, value.high)

    return cell


def preprocessing() -> str:
    return (
        "Two decoded images to what the artifact takes, on one thread. The fit knows networks only: no published "
        "latency has checked it on such work, so that the interval is the widest of all boards, "
        f"{1 + estimate.widest():.2f} times and divided by."
    )


def _preprocessing(run: Summary, context: Context) -> Value:
    found = context.counts.get(key(run))
    if found is None or found.preprocessing_ms is None:
        return ABSENT
    value = estimated(found.preprocessing_ms.scaled(1 / run.record["count"]["patches"]))
    marks = mark(context.notes, source()) + mark(context.notes, preprocessing())
    return Value(value.text + marks, value.value, value.low, value.high)


def _preprocessing_m(run: Summary, context: Context) -> Value:
    found = context.counts.get(key(run))
    return fixed(found.preprocessing_m, 2) if found and found.preprocessing_m is not None else ABSENT


def _instructions(run: Summary, context: Context) -> Value:
    found = context.counts.get(key(run))
    return fixed(found.of(run.record["settings"]["batch_size"]), 2) if found else ABSENT


def _agreement(of: Callable[[Agreement], float]) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, context: Context) -> Value:
        found = context.agreements.get(key(run))
        return ABSENT if found is None else Value(f"{of(found):.2g}", of(found))

    return cell


BOARDS = (
    Column("instructions_m", "Instructions", "M a patch", _instructions),
    Column("preprocessing_m", "Instructions of preprocessing", "M a patch", _preprocessing_m),
    Column("est_1_thread_ms", "Est. of a patch, 1 thread", "ms", _estimate(1)),
    Column("est_4_threads_ms", "Est. of a patch, 4 threads", "ms", _estimate(4)),
    Column("est_preprocessing_ms", "Est. of preprocessing a patch", "ms", _preprocessing),
    Column("agreement_mean_um", "Mean difference", "um", _agreement(lambda found: found.mean_um)),
    Column("agreement_max_um", "Largest difference", "um", _agreement(lambda found: found.max_um)),
)
