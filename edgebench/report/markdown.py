"""Markdown parts: tables, and footnotes that number themselves in the order of use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgebench.report.document import Cell, Notes, Table, text_of

__all__ = ["Notes", "Table", "bullets", "footnotes", "mark", "plain", "render"]


def mark(notes: Notes, text: str) -> str:
    """The mark of a footnote; the same text has the same number wherever it is used."""
    return f"[^{notes.setdefault(text, len(notes) + 1)}]"


def footnotes(notes: Notes) -> str:
    return "\n".join(f"[^{number}]: {text}" for text, number in notes.items())


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def render(table: Table) -> str:
    from tabulate import tabulate

    align = ["left"] * table.left + ["right"] * (len(table.headers) - table.left)
    rows = [[text_of(cell) for cell in row] for row in table.rows]
    text = tabulate(rows, table.headers, tablefmt="pipe", colalign=align, disable_numparse=True)
    return str(text)


def plain(cell: Cell) -> str:
    """A cell without its footnote marks, for the terminal."""
    return re.sub(r"\[\^\d+\]", "", text_of(cell))
