"""Markdown parts: tables, and footnotes that number themselves in the order of use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgebench.report.document import Cell, Notes, Table, text_of
from edgebench.report.formats.spans import Span, spans

__all__ = ["Notes", "Table", "bullets", "footnotes", "line", "mark", "plain", "render"]

_TAG = re.compile(r"<(?=[A-Za-z/!?])")  # `n<368` is none


def mark(notes: Notes, text: str) -> str:
    """The mark of a footnote; the same text has the same number wherever it is used."""
    return f"[^{notes.setdefault(text, len(notes) + 1)}]"


def footnotes(notes: Notes) -> str:
    return "\n".join(f"[^{number}]: {line(text)}" for text, number in notes.items())


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line(text)}" for text in lines)


def render(table: Table) -> str:
    from tabulate import tabulate

    align = ["left"] * table.left + ["right"] * (len(table.headers) - table.left)
    headers, *rows = ([_cell(cell) for cell in row] for row in (table.headers, *table.rows))
    text = tabulate(rows, headers, tablefmt="pipe", colalign=align, disable_numparse=True)
    return str(text)


def line(text: str) -> str:
    """One line in which only the markup of a document is markup: no tag, no picture, no link elsewhere."""
    return "".join(map(_span, spans(text)))


def plain(cell: Cell) -> str:
    """A cell without its footnote marks, for the terminal."""
    return re.sub(r"\[\^\d+\]", "", text_of(cell))


def _cell(cell: Cell) -> str:
    return line(text_of(cell)).replace("|", "\\|")


def _span(span: Span) -> str:
    if span.kind == "code":
        return f"`{span.text}`"
    if span.kind == "mark":
        return f"[^{span.text}]"
    text = _TAG.sub(r"\\<", span.text).replace("![", "!\\[").replace("](", "\\](")
    if span.kind == "link":
        return f"[{text}]({span.address})"
    return f"**{line(span.text)}**" if span.kind == "bold" else text
