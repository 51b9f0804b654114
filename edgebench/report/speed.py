"""The tables of time and memory."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.statistics import PROCESSES, Estimate
from edgebench.records.summary import Latency, Summary
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NOT_RUN, mib, ms, ms_interval, seconds
from edgebench.report.rows import run, verdicts

ONE_PROCESS = (
    "Our value is of n = 1 process: no interval, and the verdicts on latency (NOISY, SHORT, UNSTEADY) do not cover it."
)
EMULATED = "emulated"  # an emulator's times say nothing about the device
PERCENTILES = (
    "p90 and p99: the mean of those of the processes, with Student's 95 % interval over the processes; printed only "
    "where each process has enough calls for its own (36 and 368)."
)
PEAK_WITH_READING = "The kernel refused to reset the peak: it includes reading the images, before the model was loaded."
THROUGHPUT = "Patches over the wall time of the timed loop, which also takes the next patch and the clock."
RESIDENT = "Resident memory (RSS) of a fresh process, of a pass that is not timed. Not comparable with GPU memory."


def split(summaries: Sequence[Summary], name: str, notes: Notes) -> Table:
    """Where the end-to-end time of one split goes, s; only runs that measured it, here and below."""
    headers = ("Run", "Patches + padding", "Wall", "Read + decode", "Preprocess", "Predict", "Aggregate + rest")
    rows = []
    for summary in summaries:
        times = summary.times.get(name)
        if times is None:
            continue
        if summary.record["device"]["emulated"]:
            cells = [EMULATED] * 6
        else:
            parts = (times.wall_s, times.read_s, times.preprocess_s, times.predict_s, times.other_s)
            cells = [f"{times.patches:,} + {times.padded:,}", *map(seconds, parts)]
        rows.append((run(summary, notes), *cells))
    return Table(headers, tuple(rows))


def latency(summaries: Sequence[Summary], notes: Notes) -> Table:
    """Steady-state time of a call and of a patch, ms."""
    pooled = mark(notes, PERCENTILES)
    headers = (
        "Run",
        "Batch",
        "p50 of a call",
        "p50 of a patch",
        f"p90{pooled}",
        f"p99{pooled}",
        f"Patches/s{mark(notes, THROUGHPUT)}",
        "Calls",
        "Outliers",
        "Verdict",
    )
    rows = []
    for summary in summaries:
        found = summary.latency
        if found is None:
            continue
        name, batch = run(summary, notes, batch=False), str(summary.record["settings"]["batch_size"])
        if summary.record["device"]["emulated"]:
            rows.append((name, batch, *[EMULATED] * 8))
            continue
        rows.append(
            (
                name,
                batch,
                ms_interval(found.p50_ms, found.p50)
                + verdicts(summary, "latency", notes)
                + verdicts(summary, "device", notes),
                ms_interval(found.patch_ms, found.patch),
                _percentile(found.p90, found, "n<36"),
                _percentile(found.p99, found, "n<368"),
                ms(found.patches_per_s),
                f"{found.processes} x {found.calls // found.processes:,}",
                str(found.outliers),
                summary.verdict,
            )
        )
    return Table(headers, tuple(rows))


def start(summaries: Sequence[Summary], notes: Notes) -> Table:
    """From nothing to the first answer, ms, and resident memory, MiB."""
    resident = mark(notes, RESIDENT) + mark(notes, ONE_PROCESS)
    headers = ("Run", "Import", "Load", "First call", f"Steady RSS (MiB){resident}", f"Peak RSS (MiB){resident}")
    rows = []
    for summary in summaries:
        found, memory = summary.latency, summary.memory
        if not (found or memory):
            continue
        if summary.record["device"]["emulated"]:
            times = [EMULATED] * 3
        else:
            times = [ms(found.import_ms), ms(found.load_ms), ms(found.first_ms)] if found else [NOT_RUN] * 3
        space = [NOT_RUN] * 2
        if memory:
            reading = "" if memory.peak_reset else mark(notes, PEAK_WITH_READING)
            space = [mib(memory.steady_mib), f"{mib(memory.peak_mib)}{reading}"]
        rows.append((run(summary, notes), *times, *space))
    return Table(headers, tuple(rows))


def _percentile(estimate: Estimate | None, latency: Latency, few_calls: str) -> str:
    """few_calls: of each process."""
    if estimate:
        return ms_interval(estimate.value, estimate)
    return f"<{PROCESSES} processes" if latency.processes < PROCESSES else few_calls
