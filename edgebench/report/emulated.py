"""Emulated boards: what was measured, how far their answers are from a real machine's, and estimates of time."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.agreement import Agreement
from edgebench.records.summary import Summary
from edgebench.report.columns import BY_KEY, Context, key
from edgebench.report.document import Cell, Notes, Table, Value
from edgebench.report.numbers import NONE
from edgebench.report.rows import run

TEXT = (
    "Boards that qemu emulates: answers, executed instructions, simulated cache misses and the guest's memory are "
    "measured; **no time is**. Instructions: of the prediction, and of the preprocessing before it. Agreement: "
    "difference of the answers, patch by patch, from those of the same artifact on the same backend on a real machine. "
    "Est.: the time of a patch at the batch size of the run."
)
_CLASSES = 3  # shown
_ESTIMATES = ("est_1_thread_ms", "est_4_threads_ms", "est_preprocessing_ms")


def boards(summaries: Sequence[Summary], notes: Notes) -> Table:
    """One row an emulated run whose instructions were counted."""
    context = Context(tuple(summaries), notes)
    rows = []
    for one in summaries:
        found = context.counts.get(key(one))
        if found is None:
            continue
        batch = one.record["settings"]["batch_size"]
        largest = sorted(found.share.items(), key=lambda item: -item[1])[:_CLASSES]
        cells: tuple[Cell, ...] = (
            BY_KEY["instructions_m"].of(one, context),
            BY_KEY["preprocessing_m"].of(one, context),
            ", ".join(f"{name} {share:.0%}" for name, share in largest),
            f"{found.l1_misses_m / batch * 1e3:,.1f} / {found.last_misses_m / batch * 1e3:,.1f}",
            BY_KEY["peak_mib"].of(one, context) if one.memory else NONE,
            _agreement(context.agreements.get(key(one))),
            *(BY_KEY[name].of(one, context) for name in _ESTIMATES),
        )
        rows.append((run(one, notes), *cells))
    headers = (
        "Run", "M instructions a patch", "Preprocessing", "Most of the first", "Misses a patch, L1 / last (1,000)",
        "Peak RSS (MiB)", "Agreement: mean / max d (um)", "Est. ms a patch, 1 thread", "4 threads", "Preprocessing",
    )  # fmt: skip
    return Table(headers, tuple(rows))


def _agreement(found: Agreement | None) -> Cell:
    """With a real run of the same artifact and backend on the same data."""
    if found is None:
        return NONE
    return Value(f"{found.mean_um:.2g} / {found.max_um:.2g} ({found.patches:,} patches)", found.mean_um)
