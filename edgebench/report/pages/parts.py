"""What several pages share: the warning above, sections, and the source below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edgebench.records.published import Published
from edgebench.records.summary import Summary
from edgebench.report.charts.chart import Drawing
from edgebench.report.document import Block, Bullets, Heading, Picture, Table, Text
from edgebench.report.rows import missing

MADE = "Everything here is recomputed from the raw samples in `results/runs/` by `edgebench report`; do not edit it."
SIMULATED = (
    "**The slides are simulated.** No row of ours was measured on tissue: the errors say how the models do on this "
    "simulation, and must not be read as a reproduction of the paper's errors. Times, memory and file sizes are "
    "measured, but for times marked est. Only the rows and columns marked as the paper's come from real slides."
)
MIXED = (
    "**Some of the slides are simulated.** Rows marked as simulated say nothing about tissue; times, memory and "
    "file sizes are measured, but for times marked est."
)
NOTHING = "**Nothing has been measured yet:** there is no record below `results/runs/`, so our cells say `not run`."


def warning(runs: Sequence[Summary]) -> list[Block]:
    """Whether the slides are simulated, and which of the paper's models nobody has measured."""
    simulated = {run.record["data"]["simulated"] for run in runs}
    found: list[Block] = [] if simulated <= {False} else [Text(SIMULATED if simulated == {True} else MIXED)]
    absent = [f"`{name}`" for name in missing(runs)]
    if not runs:
        return [Text(NOTHING)]
    if absent:
        found.append(Text(f"No record yet for the model {' and '.join(absent)}: its cells say `not run`."))
    return found


def section(title: str, text: str, table: Table, level: int = 2) -> list[Block]:
    """A heading, what the columns mean, and the table; nothing where it has no row. The heading names the table."""
    if not table.rows:
        return []
    named = table if table.key else replace(table, key=key(title))
    return [Heading(title, level), *([Text(text)] if text else []), named]


def listed(title: str, lines: Sequence[str], level: int = 2) -> list[Block]:
    return [Heading(title, level), Bullets(tuple(lines))] if lines else []


def pictures(*drawings: Drawing | None) -> list[Block]:
    """Those that there is something to draw for."""
    return [Picture(one.name, one.caption, one.alternative, one.chart) for one in drawings if one is not None]


def source(paper: Published) -> list[Block]:
    about = paper.citation
    return [Heading("Source"), Text(f"{about['authors']}: {about['title']}. {about['venue']}, {about['year']}.")]


def cite(paper: Published) -> str:
    return f"{paper.citation['authors']} ({paper.citation['year']})"


def key(title: str) -> str:
    """`focusing-error-in-detail-set-1` of a title: what a link or a file calls it."""
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower()).split()
    return "-".join(words)


def blocks(parts: Iterable[str | Block]) -> tuple[Block, ...]:
    """Blocks as they are; text that begins as a heading does is one, and names the tables below it."""
    found: list[Block] = []
    title, tables = "", 0
    for part in parts:
        if isinstance(part, str) and part.startswith("#"):
            marks, _, title = part.partition(" ")
            found.append(Heading(title, len(marks)))
            tables = 0
        elif isinstance(part, Table) and not part.key:
            tables += 1
            found.append(replace(part, key=key(f"{title} {tables}" if tables > 1 else title)))
        elif part:
            found.append(Text(part) if isinstance(part, str) else part)
    return tuple(found)
