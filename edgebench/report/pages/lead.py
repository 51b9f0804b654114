"""What stands first on index.html: what this is, the choice, the picture, the whole table."""

from __future__ import annotations

from edgebench.report.document import Block, Document, Notes, Text
from edgebench.report.material import Material
from edgebench.report.pages.parts import cite, warning

TITLE = "Focus regressors on edge devices"
INTRO = (
    "A digital microscope can find its focus from two images, with a small network that says how many micrometres it "
    "is away. This page shows what such networks cost in time, memory and file size on each machine and board, and "
    "how far off they are, beside the figures of {cite}."
)


def lead(material: Material) -> Document:
    notes = Notes()
    blocks: list[Block] = [Text(INTRO.format(cite=cite(material.paper))), *warning(material.runs)]
    return Document("index", TITLE, tuple(blocks), notes)
