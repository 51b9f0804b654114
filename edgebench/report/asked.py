"""Tables that only some runs have: memory stage by stage, runs without rest, the limit of memory, energy."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.resources import STAGES, Stage
from edgebench.records.summary import Summary
from edgebench.report.document import Notes, Table, Value
from edgebench.report.markdown import mark
from edgebench.report.numbers import NONE, mib, ms, ms_interval
from edgebench.report.rows import run, verdicts
from edgebench.report.speed import EMULATED

SHARES = (
    "RSS: all resident pages. PSS: a page shared by n processes counts as one n-th. USS: pages of this process alone, "
    "which end with it."
)
AT_REST = "What the machine drew for 5 s before the runtime was loaded. It is part of the joules, not taken off them."


def calls(summaries: Sequence[Summary], notes: Notes) -> Table:
    """What a latency stands on: processes x calls in each, the slow ones among them, and the patches in a second."""
    rows = [
        (
            run(one, notes, batch=False),
            Value(str(one.record["settings"]["batch_size"]), one.record["settings"]["batch_size"]),
            Value(f"{found.processes} x {found.calls // found.processes:,}", found.calls),
            Value(str(found.outliers), found.outliers),
            "; ".join(f"{v.name}: {v.reason}" for v in one.verdicts if v.about in ("latency", "device")) or "OK",
        )
        for one in summaries
        if (found := one.latency) and not one.record["device"]["emulated"]
    ]
    return Table(("Run", "Batch", "Calls", "Outliers", "Verdicts"), tuple(rows))


def stages(summaries: Sequence[Summary], notes: Notes) -> Table:
    """RSS / PSS / USS after each stage of the memory process, MiB; only runs that measured it, here and below."""
    headers = ("Run", *map(str.capitalize, STAGES))
    rows = [
        (run(one, notes) + mark(notes, SHARES), *map(_shares, one.memory.stages)) for one in summaries if one.memory
    ]
    return Table(headers, tuple(rows))


def sustained(summaries: Sequence[Summary], notes: Notes) -> Table:
    """The first minute of a run without rest beside its last."""
    headers = (
        "Run",
        "Minutes",
        "p50 of a call, first (ms)",
        "Last (ms)",
        "Last / first",
        "Hottest (deg C)",
        "At the end (deg C / min)",
    )
    rows = []
    for one in summaries:
        found = one.sustained
        if found is None:
            continue
        first, last = found.medians_ms[0], found.medians_ms[-1]
        times = [ms(first), ms(last), f"{found.ratio:.3f}{verdicts(one, 'sustained', notes)}"]
        if one.record["device"]["emulated"]:
            times = [EMULATED] * len(times)
        hottest = NONE if found.hottest_c is None else f"{found.hottest_c:.0f}"
        slope = NONE if found.slope_c is None else f"{found.slope_c:+.1f}"
        rows.append((run(one, notes), str(found.minutes), *times, hottest, slope))
    return Table(headers, tuple(rows))


def limits(summaries: Sequence[Summary], notes: Notes) -> Table:
    """The smallest limit of memory that was survived, MiB, beside the peak without one."""
    rows = []
    for one in summaries:
        if one.limit is None:
            continue
        reason = "" if one.limit.reason is None else mark(notes, f"Skipped: {one.limit.reason}.")
        peak = mib(one.memory.peak_mib if one.memory else None)
        rows.append((run(one, notes), f"{mib(one.limit.mib)}{reason}", peak))
    return Table(("Run", "Smallest limit (MiB)", "Peak RSS without (MiB)"), tuple(rows))


def energy(summaries: Sequence[Summary], notes: Notes) -> Table:
    """mJ of a patch, and what the machine draws at rest, W."""
    rows = []
    for one in summaries:
        found = one.energy
        if found is None or one.record["device"]["emulated"]:
            continue
        idle = ms(found.idle_w) + mark(notes, AT_REST)
        rows.append((run(one, notes), ms_interval(found.patch_mj, found.patch), idle, found.source))
    return Table(("Run", "mJ per patch", "Idle (W)", "Source"), tuple(rows))


def _shares(stage: Stage) -> str:
    return " / ".join(mib(value) for value in (stage.rss_mib, stage.pss_mib, stage.uss_mib))
