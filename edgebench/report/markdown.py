"""Markdown parts: tables, and footnotes that number themselves in the order of use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Notes = dict[str, int]  # text of a footnote -> its number


@dataclass(frozen=True)
class Table:
    """Cells as text; the first `left` columns are aligned left, the others are numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1


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
    text = tabulate(table.rows, table.headers, tablefmt="pipe", colalign=align, disable_numparse=True)
    return str(text)


def plain(cell: str) -> str:
    """A cell without its footnote marks, for the terminal."""
    return re.sub(r"\[\^\d+\]", "", cell)
