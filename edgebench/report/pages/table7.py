"""The paper's Table 7 with ours beside it, where the time goes, and what cannot be compared."""

from __future__ import annotations

from edgebench.report import reproduced, speed
from edgebench.report.charts import end_to_end
from edgebench.report.document import Block, Notes, Text
from edgebench.report.facts import data_sets, made, not_comparable, software
from edgebench.report.main_table import TIMED, main_table
from edgebench.report.markdown import plain
from edgebench.report.material import Material
from edgebench.report.pages.parts import MADE, cite, listed, pictures, section, source, warning

INTRO = (
    "The two models of {cite}, Table 7, measured again with edgebench: file size, end-to-end time and its parts, and "
    "focusing error. " + MADE
)
MAIN = (
    "The paper's Table 7 with our rows. Set 1 is stained by the protocol of the training slides, Set 2 by another. "
    "Time is end to end for the patches of Set 2: reading, decoding, preprocessing, prediction, median; CPU time "
    "sums over threads. Error is mean ± standard deviation over images. 1 MB = 10^6 bytes."
)
SPLIT = (
    "Seconds for the patches of Set 2, one process, parts in sequence. Padding fills the last batch; it is "
    "predicted too, and thrown away. An emulator's times are never printed."
)


def blocks(material: Material, notes: Notes) -> list[Block]:
    paper, runs = material.paper, material.runs
    timed = tuple(run for run in runs if not run.record["device"]["emulated"])
    return [
        Text(INTRO.format(cite=cite(paper))),
        *warning(runs),
        *listed("Data", data_sets(runs)),
        *reproduced.blocks(paper, runs, notes),
        *section("Size, time and error", MAIN, main_table(paper, runs, notes)),
        *section("Where the time goes", SPLIT, speed.split(timed, TIMED, notes)),
        *pictures(end_to_end.picture(runs)),
        *listed("What cannot be compared", not_comparable(paper, runs)),
        *reproduced.audit(paper),
        *listed("Software", [*software(runs), *made(runs)] if runs else []),
        *source(paper),
    ]


def main_rows(material: Material) -> tuple[tuple[str, ...], ...]:
    """The main table for a terminal: a row of headers, then cells without marks."""
    table = main_table(material.paper, material.runs, {})
    return tuple(tuple(map(plain, row)) for row in (table.headers, *table.rows))
