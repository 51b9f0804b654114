"""Every cell: one row a run, with all that was measured of it."""

from __future__ import annotations

from edgebench.report import asked, errors, matrix
from edgebench.report.document import Block, Notes, Text
from edgebench.report.facts import superseded
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, listed, section, warning
from edgebench.report.records_table import records
from edgebench.report.rows import SETS

INTRO = "Every cell that was measured: model, target, runtime, device, threads and batch. " + MADE
CALLS = (
    "What the latency stands on: processes x timed calls in each. Outliers are calls far off the median of theirs; "
    "none is left out of a number. p90 and p99 are the mean of those of the processes, with Student's 95 % interval "
    "over them; patches/s counts the time in which the loop takes the next patch and reads the clock, too."
)
DETAILS = (
    "In um. The 95 % interval of the mean counts whole stacks, not images (docs/measurement.md); counting whole slides "
    "would be wider. Bias is predicted minus true; slope is of prediction against truth (1 is right, 0 is a constant "
    "answer); constant is the error of the best constant answer; per patch is the mean error before the median over "
    "the tiles."
)
RECORDS = "What the rows stand on: raw samples in one file a run. `sha256sum` of the file gives the same."


def blocks(material: Material, notes: Notes) -> list[Block]:
    runs = material.runs
    found: list[Block] = [Text(INTRO), *warning(runs)]
    found += matrix.blocks(runs, notes)
    found += section("Calls behind the latency", CALLS, asked.calls(runs, notes))
    explained = False
    for split, title in SETS:
        table = errors.details(runs, split, notes)
        about = "" if explained else DETAILS
        found += section(f"Focusing error in detail: {title}", about, table)
        explained = explained or bool(table.rows)
    found += section("Records", RECORDS, records(runs, notes))
    return found + listed("Superseded", superseded(material.superseded))
