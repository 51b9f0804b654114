"""Emulated boards: what was measured, how far their answers are from a real machine's, and estimates of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.records import estimate
from edgebench.records.schema import Record
from edgebench.records.summary import Summary
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NONE, mib, ms
from edgebench.report.rows import run

TEXT = (
    "Boards that qemu emulates: answers, executed instructions, simulated cache misses and the guest's memory are "
    "measured; **no time is**. Agreement: difference of the answers, patch by patch, from those of the same artifact "
    "on the same backend on a real machine. Est.: the time of a patch at the batch size of the run, one thread."
)
_CLASSES = 3  # shown


def boards(summaries: Sequence[Summary], notes: Notes) -> Table:
    """One row an emulated run."""
    external = estimate.fit()["external"]
    source = (
        f"est.: an estimate, never measured. In brackets, its worst error on {external['points']} published latencies "
        f"of real boards that its fit never saw ({external['worst']:.0%}; their mean is {external['mean']:.1%}); "
        "edgebench/records/latency_fit.json."
    )
    rows = []
    for one in summaries:
        found = estimate.counted(one.record)
        if not one.record["device"]["emulated"] or found is None:
            continue
        batch = one.record["settings"]["batch_size"]
        latency = found.latency_ms
        told = NONE
        if latency is not None:
            ends = ", ".join(ms(value / batch) for value in (latency.low, latency.high))
            told = f"est. {ms(latency.value / batch)} [{ends}]{mark(notes, source)}"
        largest = sorted(found.share.items(), key=lambda item: -item[1])[:_CLASSES]
        cells = (
            f"{found.of(batch):,.2f}",
            ", ".join(f"{name} {share:.0%}" for name, share in largest),
            f"{found.l1_misses_m / batch * 1e3:,.1f} / {found.last_misses_m / batch * 1e3:,.1f}",
            mib(one.memory.peak_mib if one.memory else None),
            _agreement(one, summaries),
            told,
        )
        rows.append((run(one, notes), *cells))
    headers = (
        "Run", "M instructions a patch", "Most of them", "Misses a patch, L1 / last (1,000)", "Peak RSS (MiB)",
        "Agreement: mean / max d (um)", "Est. ms a patch",
    )  # fmt: skip
    return Table(headers, tuple(rows))


def _agreement(one: Summary, summaries: Sequence[Summary]) -> str:
    """With a real run of the same artifact and backend on the same data."""
    for other in summaries:
        if not other.record["device"]["emulated"] and _identity(other.record) == _identity(one.record):
            off = _differences(other.record, one.record)
            if len(off):
                return f"{off.mean():.2g} / {off.max():.2g} ({len(off):,} patches)"
    return NONE


def _identity(record: Record) -> tuple[object, ...]:
    return record["artifact"]["sha256"], record["backend"]["name"], record["data"]["sha256"]


def _differences(real: Record, emulated: Record) -> np.ndarray:
    """|d| of the patches that both saw, um."""
    off = []
    for split, part in emulated["accuracy"].items():
        images = {(i["stack"], i["z_nm"]): i for i in real["accuracy"].get(split, {}).get("images", ())}
        for image in part["images"]:
            other = images.get((image["stack"], image["z_nm"]))
            if other is not None and len(other["patches_um"]) == len(image["patches_um"]):
                off.append(np.abs(np.subtract(other["patches_um"], image["patches_um"])))
    return np.concatenate(off) if off else np.zeros(0)
