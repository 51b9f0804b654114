"""A document as Markdown that reads well as plain text; strings of records cannot become markup."""

from __future__ import annotations

from edgebench.report.document import Block, Bullets, Document, Heading, Picture, Text
from edgebench.report.markdown import bullets, footnotes
from edgebench.report.markdown import render as table


def render(document: Document) -> str:
    """The page, footnotes last; the same text for the same document."""
    parts = [f"# {document.title}", *(block(one) for one in document.blocks)]
    if document.notes:
        parts += ["## Notes", footnotes(document.notes)]
    return "\n\n".join(parts) + "\n"


def block(one: Block) -> str:
    if isinstance(one, Heading):
        return f"{'#' * one.level} {one.text}"
    if isinstance(one, Text):
        return one.markdown
    if isinstance(one, Bullets):
        return bullets(one.lines)
    if isinstance(one, Picture):
        file = one.name if one.chart is None else f"{one.name}.svg"
        return "\n\n".join(part for part in (f"![{one.alternative}]({file})", one.caption) if part)
    return "\n\n".join(part for part in (one.caption, table(one)) if part)
