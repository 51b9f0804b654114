"""The paper's Table 7, its two rows first and then ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.records.published import Published
from edgebench.records.summary import Summary
from edgebench.report.columns.cell import NO_TIME, UNMEASURED, count, fixed
from edgebench.report.document import Cell, Notes, Table, Value
from edgebench.report.facts import PATCHES
from edgebench.report.markdown import mark
from edgebench.report.numbers import NONE, NOT_RUN, mean_std, published, ranged, seconds
from edgebench.report.rows import MODELS, SETS, missing, slides, subset, verdicts, where, with_errors
from edgebench.report.speed import ONE_PROCESS

TIMED = "test-2"  # the set whose patches Table 7 times
HEADERS = ("Model", "Target", "Runs on", "# Params", "File (MB)", "Wall (s)", "CPU (s)", "GPU memory (GB)")
ONCE = ("Wall (s)", "CPU (s)")


def main_table(paper: Published, summaries: Sequence[Summary], notes: Notes) -> Table:
    """Size, end-to-end time and error; summaries in the order of the rows."""
    once = mark(notes, ONE_PROCESS) if any(TIMED in summary.times for summary in summaries) else ""
    headers = tuple(name + once if name in ONCE else name for name in HEADERS)
    rows = [_of_paper(row, paper, notes) for row in paper.tables["table-7"]]
    ours: list[tuple[str, tuple[Cell, ...]]] = [
        (summary.record["model"]["name"], _of_record(summary, notes)) for summary in with_errors(summaries)
    ]
    ours += [(name, (name, *[NOT_RUN] * (len(HEADERS) + len(SETS) - 1))) for name in missing(summaries)]
    ours.sort(key=lambda row: MODELS.index(row[0]) if row[0] in MODELS else len(MODELS))
    rows += [cells for _, cells in ours]
    return Table((*headers, *(f"Error {title} (um)" for _, title in SETS)), tuple(rows), left=3)


def _of_paper(row: dict[str, Any], paper: Published, notes: Notes) -> tuple[Cell, ...]:
    setup = paper.setup
    machine = mark(
        notes, f"{setup['cpu']}, {setup['memory']}, {setup['gpu']}; {setup['software']} (paper, {setup['section']})."
    )
    return (
        f"{row['model']} (paper)",
        NONE,
        f"paper's machine{machine}",
        _printed(row["parameters"]),
        NONE,
        NONE,
        _printed(row["cpu_time_s"], mark(notes, paper.remarks["seconds"])),
        _printed(row["gpu_memory_gb"], mark(notes, paper.remarks["memory"])),
        _printed(row["set1"]),
        _printed(row["set2"]),
    )


def _printed(cell: Any, marks: str = "") -> Value:
    return Value(published(cell) + marks, cell["mean"] if isinstance(cell, dict) else cell)


def _of_record(summary: Summary, notes: Notes) -> tuple[Cell, ...]:
    record = summary.record
    return (
        record["model"]["name"] + slides(summary, notes),
        record["artifact"]["target"],
        where(summary, notes),
        count(record["model"]["parameters"] or None),
        fixed(summary.file_mb, 2),
        *_seconds(summary, notes),
        NONE,
        *(_error(summary, split, notes) for split, _ in SETS),
    )


def _seconds(summary: Summary, notes: Notes) -> tuple[Cell, Cell]:
    times = summary.times.get(TIMED)
    if times is None or summary.record["device"]["emulated"]:
        return (UNMEASURED, UNMEASURED) if times is None else (NO_TIME, NO_TIME)
    fewer = ""
    if times.patches != PATCHES:
        fewer = mark(notes, f"Time for {times.patches:,} patches, not {PATCHES:,}: not comparable with the paper's.")
    wall, cpu = (Value(seconds(value) + fewer, value) for value in (times.wall_s, times.cpu_s))
    return wall, cpu


def _error(summary: Summary, split: str, notes: Notes) -> Cell:
    found = summary.errors.get(split)
    if found is None:
        return UNMEASURED
    marks = subset(summary, split, notes) + verdicts(summary, split, notes)
    return ranged(mean_std(found.mean_um, found.std_um) + marks, found.mean_um, found.interval)
