"""The extended Table 7: every column of every run, in tables by question for the eye, in a wide one for a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records.against import MARGIN_UM
from edgebench.records.depth import APERTURE, DEPTH_UM, HALF_UM, INDEX, WAVELENGTH_UM
from edgebench.records.summary import Summary
from edgebench.report.columns import BY_KEY, COLUMNS, Context, key
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED
from edgebench.report.document import Block, Cell, Heading, Notes, Table, Text, Value
from edgebench.report.markdown import plain
from edgebench.report.names import names

DEPTH = (
    f"In focus: at most {HALF_UM:.2f} um off, half the depth of field to each side. That is wavelength x index "
    f"/ NA^2 = {WAVELENGTH_UM} um x {INDEX:g} / {APERTURE}^2 = {DEPTH_UM:.2f} um, for the paper's dry 20x objective in "
    "the middle of white light (the paper: less than 1 um)."
)
ERROR = (
    "Mean and standard deviation over images; the 95 % interval is over stacks. Right side: share of the images more "
    f"than 1 um out of focus whose answer has the right sign. {DEPTH}"
)


@dataclass(frozen=True)
class Group:
    """One question: the columns that answer it. Rows without any of its numbers are left out."""

    title: str
    text: str
    keys: tuple[str, ...]


GROUPS = (
    Group(
        "What was run",
        "Multiply-adds of one patch; 1 MB = 10^6 bytes.",
        ("backend", "threads", "batch", "file_mb", "parameters", "macs_m"),
    ),
    Group("Focusing error: Set 1", ERROR, ("images_1", "error_1_um", "std_1_um", "direction_1", "in_focus_1")),
    Group("Focusing error: Set 2", "", ("images_2", "error_2_um", "std_2_um", "direction_2", "in_focus_2")),
    Group(
        "Latency of a call",
        "Steady state, patches in memory. p50 is the median of the process medians; intervals are of 95 %, over "
        "processes, and none of p90 and p99 below 36 and 368 calls in each. A verdict's number stands behind its name.",
        ("call_p50_ms", "call_p90_ms", "call_p99_ms", "verdicts"),
    ),
    Group(
        "Latency of a patch",
        "That of a call divided by its batch; patches/s over the wall time of the timed loop.",
        ("patch_p50_ms", "patch_p90_ms", "patch_p99_ms", "patches_per_s"),
    ),
    Group(
        "End to end",
        "Table 7's job: all patches of Set 2, from opening the files to the median of the tiles. One process, so "
        "without intervals; rest is the median and what no part explains.",
        ("patches", "wall_s", "cpu_s", "read_s", "preprocess_s", "predict_s", "rest_s"),
    ),
    Group(
        "Start",
        "From nothing to the first answer: medians of fresh processes; load includes compiling.",
        ("import_ms", "load_ms", "first_ms"),
    ),
    Group(
        "Memory",
        "Resident memory of one fresh process. The model's is what has come since the imports: when it was loaded, and "
        "after its first call. RSS: all resident pages; USS: private ones. 1 MiB = 2^20 bytes. None is GPU memory.",
        ("steady_mib", "peak_mib", "limit_mib", "load_rss_mib", "load_uss_mib", "first_rss_mib", "first_uss_mib"),
    ),
    Group(
        "Against float32: error",
        "Error added to that of float32 of the same format, paired image by image, whole stacks drawn. Equivalent: "
        f'shown to lie within {MARGIN_UM:g} um. "No difference shown" never means that two are equal. Detectable: what '
        "these stacks would have shown four times out of five.",
        ("base", "added_1_um", "shown_1", "detectable_1_um", "added_2_um", "shown_2", "detectable_2_um"),
    ),
    Group(
        "Against float32: size and time",
        "Below 1 is smaller and faster. Time is the p50 of a call; faster or slower only where the whole interval is "
        "beyond 3 %.",
        ("base", "size_ratio", "time_ratio", "time_shown"),
    ),
    Group(
        "Emulated boards",
        "Instructions are counted; differences are of the answers, patch by patch, from those of the same artifact on "
        "a real machine. No time was measured: est. is an estimate.",
        (
            "instructions_m",
            "preprocessing_m",
            "agreement_mean_um",
            "agreement_max_um",
            "est_1_thread_ms",
            "est_4_threads_ms",
            "est_preprocessing_ms",
        ),
    ),
    Group(
        "Energy",
        "Of the timed calls, by a source that names itself; what the machine draws at rest is in it.",
        ("energy_mj", "idle_w"),
    ),
)


def tables(runs: Sequence[Summary], notes: Notes) -> tuple[tuple[Group, Table], ...]:
    """One for each group that some run has a number of; columns without any number are left out."""
    probe, context = Context(tuple(runs), {}), Context(tuple(runs), notes)  # a row that is left out marks no note
    found = []
    for group in GROUPS:
        kept = [run for run in runs if any(_number(name, run, probe) for name in group.keys)]
        shown = [BY_KEY[name] for name in group.keys if any(_told(name, run, probe) for run in kept)]
        if kept:
            called = dict(zip(map(key, runs), names(runs, notes)))
            cells: list[tuple[Cell, ...]] = [
                (called[key(run)], *(column.of(run, context) for column in shown)) for run in kept
            ]
            left = 1 + next((place for place, column in enumerate(shown) if not column.words), len(shown))
            titles = ("Run", *(column.header for column in shown))
            found.append((group, Table(titles, tuple(cells), left=left, key=_slug(group.title))))
    return tuple(found)


def _number(name: str, run: Summary, context: Context) -> bool:
    return not BY_KEY[name].words and BY_KEY[name].of(run, context).value is not None


def _told(name: str, run: Summary, context: Context) -> bool:
    return BY_KEY[name].of(run, context) != ABSENT


def blocks(runs: Sequence[Summary], notes: Notes) -> list[Block]:
    """The tables, each with its heading and what its columns mean; what nobody measured is said at the end."""
    found: list[Block] = []
    there = tables(runs, notes)
    for group, table in there:
        found += [Heading(group.title), *([Text(group.text)] if group.text else []), table]
    absent = [group.title.lower() for group in GROUPS if group not in {one for one, _ in there}]
    if runs and absent:
        found.append(Text(f"Measured in no run: {', '.join(absent)}."))
    return found


def wide(runs: Sequence[Summary], notes: Notes) -> Table:
    """All columns, one row a run: to be sorted and filtered in a browser."""
    context = Context(tuple(runs), notes)
    rows = tuple(tuple(column.of(run, context) for column in COLUMNS) for run in runs)
    left = next(place for place, column in enumerate(COLUMNS) if not column.words)
    return Table(tuple(column.header for column in COLUMNS), rows, left=left, key="matrix")


def rows(runs: Sequence[Summary]) -> list[dict[str, object]]:
    """One dict a run, for csv and json: every number plain, its ends as `<key>_low` and `<key>_high`, no marks.

    What was not measured is None. Words stand as they are, verdicts as a list of their names and reasons.
    """
    context, found = Context(tuple(runs), {}), []
    for run in runs:
        one: dict[str, object] = {
            "simulated": run.record["data"]["simulated"],
            "emulated": run.record["device"]["emulated"],
            "created": run.record["created"],
        }
        for column in COLUMNS:
            cell = column.of(run, context)
            one[column.key] = _word(cell) if column.words else cell.value
            if cell.low is not None:
                one |= {f"{column.key}_low": cell.low, f"{column.key}_high": cell.high}
        one["verdicts"] = [{"name": v.name, "about": v.about, "reason": v.reason} for v in run.verdicts]
        found.append(one)
    return found


def _word(cell: Value) -> str | None:
    return None if cell in (ABSENT, UNMEASURED, NO_TIME) else plain(cell)


def _slug(title: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())
