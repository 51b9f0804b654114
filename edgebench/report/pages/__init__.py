"""The pages of the report: a page is a function of the material alone, and answers one question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgebench.report.document import Block, Document, Notes
from edgebench.report.material import Material
from edgebench.report.pages import devices, matrix, quantisation, samples, table7
from edgebench.report.pages import lead as first
from edgebench.report.pages.lead import lead

__all__ = ["PAGES", "Page", "contents", "document", "lead"]


@dataclass(frozen=True)
class Page:
    title: str
    question: str
    blocks: Callable[[Material, Notes], list[Block]]  # it adds the notes that it marks


PAGES = {
    "table7": Page("Table 7, measured again", "How do our figures compare with the paper's Table 7?", table7.blocks),
    "matrix": Page("Every cell", "What was measured of each model, target, runtime and device?", matrix.blocks),
    "samples": Page("Slide by slide", "On which slides are the models right, and on which wrong?", samples.blocks),
    "quantisation": Page("Quantisation", "What does int8 cost, and what does it save?", quantisation.blocks),
    "devices": Page("Devices", "What do the machines and boards make of it?", devices.blocks),
}


def document(name: str, material: Material) -> Document:
    """The same for the same material: sorted, without a date of its making."""
    page, notes = PAGES[name], Notes()
    blocks = page.blocks(material, notes)
    return Document(name, page.title, tuple(blocks), notes)


def contents(material: Material) -> Document:
    """index.md, which leads to the others."""
    return first.contents(material, [(name, page.title, page.question) for name, page in PAGES.items()])
