"""The tables of the end-to-end time and of the start of a process."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary
from edgebench.report.columns import BY_KEY, Context
from edgebench.report.columns.cell import EMULATED, NO_TIME
from edgebench.report.document import Cell, Notes, Table, Value
from edgebench.report.markdown import mark
from edgebench.report.numbers import seconds
from edgebench.report.rows import run

__all__ = ["EMULATED", "ONE_PROCESS", "split", "start"]

ONE_PROCESS = (
    "Our value is of n = 1 process: no interval, and the verdicts on latency (NOISY, SHORT, UNSTEADY) do not cover it."
)
RESIDENT = "Resident memory (RSS) of a fresh process, of a pass that is not timed. Not comparable with GPU memory."


def split(summaries: Sequence[Summary], name: str, notes: Notes) -> Table:
    """Where the end-to-end time of one split goes, s; only runs that measured it."""
    headers = ("Run", "Patches + padding", "Wall", "Read + decode", "Preprocess", "Predict", "Aggregate + rest")
    rows = []
    for summary in summaries:
        times = summary.times.get(name)
        if times is None:
            continue
        cells: list[Cell] = [NO_TIME] * 6
        if not summary.record["device"]["emulated"]:
            parts = (times.wall_s, times.read_s, times.preprocess_s, times.predict_s, times.other_s)
            cells = [Value(f"{times.patches:,} + {times.padded:,}", times.patches)]
            cells += [Value(seconds(part), part) for part in parts]
        rows.append((run(summary, notes), *cells))
    return Table(headers, tuple(rows))


def start(summaries: Sequence[Summary], notes: Notes) -> Table:
    """From nothing to the first answer, ms, and resident memory, MiB; only runs that measured one of them."""
    resident = mark(notes, RESIDENT) + mark(notes, ONE_PROCESS)
    keys = ("import_ms", "load_ms", "first_ms", "steady_mib", "peak_mib")
    headers = ("Run", "Import", "Load", "First call", f"Steady RSS (MiB){resident}", f"Peak RSS (MiB){resident}")
    context = Context(tuple(summaries), notes)
    rows: list[tuple[Cell, ...]] = [
        (run(summary, notes), *(BY_KEY[key].of(summary, context) for key in keys))
        for summary in summaries
        if summary.latency or summary.memory
    ]
    return Table(headers, tuple(rows))
