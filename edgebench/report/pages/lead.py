"""What stands first on index.html: what this is, the choice, the picture, the whole table."""

from __future__ import annotations

from edgebench.report import matrix
from edgebench.report.charts import error_latency
from edgebench.report.document import Block, Document, Heading, Notes, Text
from edgebench.report.material import Material
from edgebench.report.pages.parts import cite, pictures, warning

TITLE = "Focus regressors on edge devices"
INTRO = (
    "A digital microscope can find its focus from two images, with a small network that says how many micrometres it "
    "is away. This page shows what such networks cost in time, memory and file size on each machine and board, and "
    "how far off they are, beside the figures of {cite}."
)
WIDE = (
    "One row a run, with all that was measured of it. Click a header to sort; filter by words. In brackets "
    "95 % intervals; small numbers are notes on the figure before them. The tables below have the same numbers by "
    "question, and say what they mean."
)


def lead(material: Material) -> Document:
    notes = Notes()
    blocks: list[Block] = [Text(INTRO.format(cite=cite(material.paper))), *warning(material.runs)]
    blocks += pictures(error_latency.picture(material.runs))
    if material.runs:
        blocks += [Heading("Every cell, every number"), Text(WIDE), matrix.wide(material.runs, notes)]
    return Document("index", TITLE, tuple(blocks), notes)
