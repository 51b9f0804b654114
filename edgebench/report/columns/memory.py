"""Resident memory of a fresh process, and what of it the model has added since the imports, MiB."""

from __future__ import annotations

from collections.abc import Callable

from edgebench.records.resources import Memory
from edgebench.records.summary import Summary
from edgebench.report.columns.cell import ABSENT, UNMEASURED, fixed
from edgebench.report.columns.column import Column, Context
from edgebench.report.document import Value
from edgebench.report.markdown import mark

PEAK_WITH_READING = "The kernel refused to reset the peak: it includes reading the images, before the model was loaded."


def _mib(of: Callable[[Memory], float | None]) -> Callable[[Summary, Context], Value]:
    return lambda run, _: fixed(of(run.memory), 1) if run.memory else UNMEASURED


def _peak(run: Summary, context: Context) -> Value:
    if run.memory is None:
        return UNMEASURED
    reading = "" if run.memory.peak_reset else mark(context.notes, PEAK_WITH_READING)
    return Value(f"{run.memory.peak_mib:,.1f}{reading}", run.memory.peak_mib)


def _limit(run: Summary, context: Context) -> Value:
    if run.limit is None:
        return ABSENT
    reason = "" if run.limit.reason is None else mark(context.notes, f"Skipped: {run.limit.reason}.")
    found = fixed(run.limit.mib, 1)
    return Value(found.text + reason, found.value)


PROCESS = (
    Column("steady_mib", "Process, steady", "MiB", _mib(lambda found: found.steady_mib)),
    Column("peak_mib", "Process, peak", "MiB", _peak),
    Column("limit_mib", "Smallest limit", "MiB", _limit),
)
MODEL = (
    Column("load_rss_mib", "Model, RSS", "MiB", _mib(lambda found: found.added("load").rss_mib)),
    Column("load_uss_mib", "Model, USS", "MiB", _mib(lambda found: found.added("load").uss_mib)),
    Column("first_rss_mib", "After a call, RSS", "MiB", _mib(lambda found: found.added("first").rss_mib)),
    Column("first_uss_mib", "After a call, USS", "MiB", _mib(lambda found: found.added("first").uss_mib)),
)
