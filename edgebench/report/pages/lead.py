"""What stands first on index.html: what this is, the choice, the picture, the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgebench.report import choice, matrix
from edgebench.report.charts import error_latency
from edgebench.report.document import Block, Bullets, Document, Heading, Notes, Text
from edgebench.report.material import Material
from edgebench.report.pages.parts import cite, pictures, warning

TITLE = "Focus regressors on edge devices"
INTRO = (
    "A digital microscope can find its focus from two images, with a small network that says how many micrometres it "
    "is away. This page shows what such networks cost in time, memory and file size on each machine and board, and "
    "how far off they are, beside the figures of {cite}: *original* is MobileNetV2 of width 1.0 on patches of 224 px, "
    "*reduced* of width 0.4 on 112 px."
)
WIDE = (
    "One row a run, with all that was measured of it. Click a header to sort; filter by words. In brackets "
    "95 % intervals; small numbers are notes on the figure before them. The tables below have the same numbers by "
    "question, and say what they mean."
)


def lead(material: Material) -> Document:
    """Above the sections of index.html, with the table of all columns, which only a browser can show."""
    notes = Notes()
    blocks = _first(material, notes)
    if material.runs:
        blocks += [
            Heading("Every cell, every number"),
            Text(WIDE),
            replace(matrix.wide(material.runs, notes), screen=True),
        ]
    return Document("index", TITLE, (*blocks, *_outcome(material, notes)), notes)


def contents(material: Material, pages: Sequence[tuple[str, str, str]]) -> Document:
    """index.md: the same beside links to the pages; pages: name, title and question of each."""
    notes = Notes()
    lines = tuple(f"[{title}]({name}.md): {question}" for name, title, question in pages)
    blocks = [*_first(material, notes), *_outcome(material, notes), Heading("Pages"), Bullets(lines)]
    return Document("index", TITLE, tuple(blocks), notes)


def _first(material: Material, notes: Notes) -> list[Block]:
    """What it is, the warning, the recommendation, the picture."""
    found: list[Block] = [Text(INTRO.format(cite=cite(material.paper))), *warning(material.runs)]
    found += choice.recommendation(material.runs, notes)
    return found + pictures(error_latency.picture(material.runs))


def _outcome(material: Material, notes: Notes) -> list[Block]:
    return choice.outcomes(material.runs, notes)
