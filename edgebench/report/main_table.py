"""The paper's Table 7, its two rows first and then ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.records.published import Published
from edgebench.records.summary import Summary
from edgebench.report.facts import PATCHES
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NONE, NOT_RUN, mean_std, published, seconds
from edgebench.report.rows import MODELS, SETS, missing, slides, subset, verdicts, where, with_errors
from edgebench.report.speed import EMULATED, ONE_PROCESS

TIMED = "test-2"  # the set whose patches Table 7 times
HEADERS = ("Model", "Target", "Runs on", "# Params", "File (MB)", "Wall (s)", "CPU (s)", "GPU memory (GB)")
ONCE = ("Wall (s)", "CPU (s)")


def main_table(paper: Published, summaries: Sequence[Summary], notes: Notes) -> Table:
    """Size, end-to-end time and error; summaries in the order of the rows."""
    once = mark(notes, ONE_PROCESS) if any(TIMED in summary.times for summary in summaries) else ""
    headers = tuple(name + once if name in ONCE else name for name in HEADERS)
    rows = [_of_paper(row, paper, notes) for row in paper.tables["table-7"]]
    ours = [(summary.record["model"]["name"], _of_record(summary, notes)) for summary in with_errors(summaries)]
    ours += [(name, (name, *[NOT_RUN] * (len(HEADERS) + len(SETS) - 1))) for name in missing(summaries)]
    ours.sort(key=lambda row: MODELS.index(row[0]) if row[0] in MODELS else len(MODELS))
    rows += [cells for _, cells in ours]
    return Table((*headers, *(f"Error {title} (um)" for _, title in SETS)), tuple(rows), left=3)


def _of_paper(row: dict[str, Any], paper: Published, notes: Notes) -> tuple[str, ...]:
    setup = paper.setup
    machine = mark(
        notes, f"{setup['cpu']}, {setup['memory']}, {setup['gpu']}; {setup['software']} (paper, {setup['section']})."
    )
    return (
        f"{row['model']} (paper)",
        NONE,
        f"paper's machine{machine}",
        published(row["parameters"]),
        NONE,
        NONE,
        published(row["cpu_time_s"]) + mark(notes, paper.remarks["seconds"]),
        published(row["gpu_memory_gb"]) + mark(notes, paper.remarks["memory"]),
        published(row["set1"]),
        published(row["set2"]),
    )


def _of_record(summary: Summary, notes: Notes) -> tuple[str, ...]:
    record = summary.record
    return (
        record["model"]["name"] + slides(summary, notes),
        record["artifact"]["target"],
        where(summary, notes),
        f"{record['model']['parameters']:,}" if record["model"]["parameters"] else NONE,
        f"{summary.file_mb:.2f}",
        *_seconds(summary, notes),
        NONE,
        *(_error(summary, split, notes) for split, _ in SETS),
    )


def _seconds(summary: Summary, notes: Notes) -> tuple[str, str]:
    times = summary.times.get(TIMED)
    if times is None or summary.record["device"]["emulated"]:
        return (NOT_RUN, NOT_RUN) if times is None else (EMULATED, EMULATED)
    fewer = ""
    if times.patches != PATCHES:
        fewer = mark(notes, f"Time for {times.patches:,} patches, not {PATCHES:,}: not comparable with the paper's.")
    return seconds(times.wall_s) + fewer, seconds(times.cpu_s) + fewer


def _error(summary: Summary, split: str, notes: Notes) -> str:
    found = summary.errors.get(split)
    if found is None:
        return NOT_RUN
    return mean_std(found.mean_um, found.std_um) + subset(summary, split, notes) + verdicts(summary, split, notes)
