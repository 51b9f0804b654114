"""Emulated boards: what was measured, how far their answers are from a real machine's, and estimates of time."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import estimate
from edgebench.records.agreement import agreement, identity
from edgebench.records.summary import Summary
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NONE, mib, ms
from edgebench.report.rows import run

TEXT = (
    "Boards that qemu emulates: answers, executed instructions, simulated cache misses and the guest's memory are "
    "measured; **no time is**. Agreement: difference of the answers, patch by patch, from those of the same artifact "
    "on the same backend on a real machine. Est.: the time of a patch at the batch size of the run."
)
_CLASSES = 3  # shown
THREADS = (1, 4)


def boards(summaries: Sequence[Summary], notes: Notes) -> Table:
    """One row an emulated run."""
    outside, coverage = estimate.fit()["held_out"], estimate.fit()["coverage"]
    source = (
        f"est.: an estimate, never measured. In brackets, what covers {coverage:.0%} of the errors on "
        f"networks that the fit has not seen, on this board; on all boards the error is {outside['mean']:.0%} in the "
        f"mean, {outside['worst']:.0%} at worst, of {outside['points']} published latencies that were held out. "
        "`edgebench devices calibrate` makes the fit again."
    )
    rows = []
    for one in summaries:
        found = estimate.counted(one.record)
        if not one.record["device"]["emulated"] or found is None:
            continue
        batch = one.record["settings"]["batch_size"]
        told = []
        for threads in THREADS:
            latency = found.latency_ms.get(threads)
            if latency is None:
                told.append(NONE)
                continue
            ends = ", ".join(ms(value / batch) for value in (latency.low, latency.high))
            told.append(f"est. {ms(latency.value / batch)} [{ends}]{mark(notes, source)}")
        largest = sorted(found.share.items(), key=lambda item: -item[1])[:_CLASSES]
        cells = (
            f"{found.of(batch):,.2f}",
            ", ".join(f"{name} {share:.0%}" for name, share in largest),
            f"{found.l1_misses_m / batch * 1e3:,.1f} / {found.last_misses_m / batch * 1e3:,.1f}",
            mib(one.memory.peak_mib if one.memory else None),
            _agreement(one, summaries),
            *told,
        )
        rows.append((run(one, notes), *cells))
    headers = (
        "Run", "M instructions a patch", "Most of them", "Misses a patch, L1 / last (1,000)", "Peak RSS (MiB)",
        "Agreement: mean / max d (um)", "Est. ms a patch, 1 thread", "4 threads",
    )  # fmt: skip
    return Table(headers, tuple(rows))


def _agreement(one: Summary, summaries: Sequence[Summary]) -> str:
    """With a real run of the same artifact and backend on the same data."""
    for other in summaries:
        if not other.record["device"]["emulated"] and identity(other.record) == identity(one.record):
            found = agreement(other.record, one.record)
            if found:
                return f"{found.mean_um:.2g} / {found.max_um:.2g} ({found.patches:,} patches)"
    return NONE
