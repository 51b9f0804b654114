"""The report on the paper's Table 7: the whole document as text, from published tables and summaries alone."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.published import Published
from edgebench.records.summary import Summary
from edgebench.report import asked, emulated, errors, quantised, speed
from edgebench.report.facts import data_sets, delegated, machines, made, not_comparable, remarks, software, superseded
from edgebench.report.main_table import TIMED, main_table
from edgebench.report.markdown import Notes, Table, bullets, footnotes, plain, render
from edgebench.report.rows import SETS, current, missing

INTRO = (
    "The two models of {cite}, Table 7, measured again with edgebench: file size, end-to-end time and its parts, "
    "latency, memory and focusing error. Everything here is recomputed from the raw samples in `results/runs/` by "
    "`edgebench report`; do not edit it."
)
SIMULATED = (
    "**The slides are simulated.** No row of ours was measured on tissue: the errors say how the models do on this "
    "simulation, and must not be read as a reproduction of the paper's errors. Times, memory and file sizes are "
    "measured. Only the rows and columns marked as the paper's come from real slides."
)
MIXED = (
    "**Some of the slides are simulated.** Rows marked as simulated say nothing about tissue; times, memory and "
    "file sizes are measured."
)
DETAILS = (
    "In um. The 95 % interval of the mean counts whole stacks, not images (docs/measurement.md); counting whole slides "
    "would be wider. Bias is predicted minus true; slope is of prediction against truth (1 is right, 0 is a constant "
    "answer); constant is the error of the best constant answer; per patch is the mean error before the median over "
    "the tiles."
)
NOTHING = "**Nothing has been measured yet:** there is no record below `results/runs/`, so our cells say `not run`."


def document(paper: Published, summaries: Sequence[Summary]) -> str:
    """Markdown, the same for the same records: sorted, without a date of its making."""
    runs, old = current(summaries)
    notes = Notes()
    cite = f"{paper.citation['authors']} ({paper.citation['year']})"
    parts = ["# Table 7, measured again", INTRO.format(cite=cite)]
    parts += _warning(runs)
    if runs:
        parts += ["## Data", bullets(data_sets(runs))]
    parts += [
        "## Size, time and error",
        "The paper's Table 7 with our rows. Set 1 is stained by the protocol of the training slides, Set 2 by another. "
        "Time is end to end for the patches of Set 2: reading, decoding, preprocessing, prediction, median; CPU time "
        "sums over threads. Error is mean ± standard deviation over images. 1 MB = 10^6 bytes.",
        render(main_table(paper, runs, notes)),
    ]
    if runs:
        parts += _measured(paper, runs, notes)
    parts += ["## What cannot be compared", bullets(not_comparable(paper, runs))]
    parts += ["## The paper's Table 7, checked", bullets(remarks(paper))]
    if runs:
        parts += [
            "## Machines and software",
            bullets([*machines(runs), *software(runs), *made(runs), *delegated(runs), *superseded(old)]),
        ]
    citation = paper.citation
    parts += ["## Source", f"{citation['authors']}: {citation['title']}. {citation['venue']}, {citation['year']}."]
    parts += ["## Notes", footnotes(notes)]
    return "\n\n".join(parts) + "\n"


def main_rows(paper: Published, summaries: Sequence[Summary]) -> tuple[tuple[str, ...], ...]:
    """The main table for a terminal: a row of headers, then cells without marks."""
    table = main_table(paper, current(summaries)[0], Notes())
    return tuple(tuple(map(plain, row)) for row in (table.headers, *table.rows))


def _warning(runs: Sequence[Summary]) -> list[str]:
    simulated = {run.record["data"]["simulated"] for run in runs}
    found = [] if simulated <= {False} else [SIMULATED if simulated == {True} else MIXED]
    absent = [f"`{name}`" for name in missing(runs)]
    if not runs:
        return [NOTHING]
    if absent:
        found.append(f"No record yet for the model {' and '.join(absent)}: its cells say `not run`.")
    return found


def _measured(paper: Published, runs: Sequence[Summary], notes: Notes) -> list[str]:
    parts = [
        *_section(
            "## Where the time goes",
            "Seconds for the patches of Set 2, one process, parts in sequence. Padding fills the last batch; it is "
            "predicted too, and thrown away.",
            speed.split(runs, TIMED, notes),
        ),
        *_section(
            "## Latency",
            "Steady state in ms, preprocessed patches in memory. p50 is the median of the process medians with its "
            "95 % interval over processes (none below 4); calls are processes x calls in each.",
            speed.latency(runs, notes),
        ),
        *_section(
            "## Start and memory",
            "Medians over fresh processes, ms; load includes compiling. 1 MiB = 2^20 bytes.",
            speed.start(runs, notes),
        ),
        *_section(
            "## Memory, stage by stage",
            "RSS / PSS / USS in MiB of one fresh process, after each stage: interpreter (with NumPy, OpenCV and eight "
            "patches), imports, load, first call, 50 calls.",
            asked.stages(runs, notes),
        ),
        *_section(
            "## Minutes without rest",
            "Calls one after the other, of each minute the median; it stands beside the latency, never for it.",
            asked.sustained(runs, notes),
        ),
        *_section(
            "## The smallest limit of memory",
            "In how little an artifact lives: bisected with fresh processes in a control group without swap.",
            asked.limits(runs, notes),
        ),
        *_section(
            "## Energy",
            "Joules of the timed calls by a source that names itself, never an estimate; of the runs that had one.",
            asked.energy(runs, notes),
        ),
    ]
    explained = False
    parts += _section("## Emulated boards", emulated.TEXT, emulated.boards(runs, notes))
    for split, title in SETS:
        found = _section(f"## Focusing error in detail: {title}", DETAILS, errors.details(runs, split, notes))
        parts += [part for part in found if not (explained and part == DETAILS)]
        explained = explained or bool(found)
    parts += _section("## What quantisation costs", quantised.COSTS, quantised.costs(runs, notes))
    parts += _section("## What quantisation saves", quantised.SAVES, quantised.saves(runs, notes))
    parts += _section("## Where a call's time goes", quantised.KINDS, quantised.kinds(runs, notes))
    for split, title in SETS:
        parts += _section(
            f"## Slide by slide: {title}",
            "Mean error ± standard deviation in um; of each model and target the newest run, on one data set (that of "
            "the newest).",
            errors.samples(runs, split, paper, notes),
        )
    return parts


def _section(title: str, text: str, table: Table) -> list[str]:
    return [title, text, render(table)] if table.rows else []
