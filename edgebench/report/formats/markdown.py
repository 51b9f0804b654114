"""A document as Markdown that reads well as plain text; strings of records cannot become markup."""

from __future__ import annotations

from edgebench.report.document import Block, Bullets, Document, Heading, Picture, Text
from edgebench.report.formats.spans import visible
from edgebench.report.markdown import bullets, footnotes, line
from edgebench.report.markdown import render as table


def render(document: Document) -> str:
    """The page, footnotes last; the same text for the same document."""
    parts = [f"# {line(document.title)}", *(block(one) for one in document.blocks)]
    if document.notes:
        parts += ["## Notes", footnotes(document.notes)]
    return "\n\n".join(parts) + "\n"


def block(one: Block) -> str:
    if isinstance(one, Heading):
        return f"{'#' * one.level} {line(one.text)}"
    if isinstance(one, Text):
        return line(one.markdown)
    if isinstance(one, Bullets):
        return bullets(one.lines)
    if isinstance(one, Picture):
        alternative = visible(one.alternative).translate({ord("["): "(", ord("]"): ")"})
        return "\n\n".join(part for part in (f"![{alternative}]({file(one)})", line(one.caption)) if part)
    return "\n\n".join(part for part in (line(one.caption), table(one)) if part)


def file(picture: Picture) -> str:
    """Its name beside the page."""
    return picture.name if picture.chart is None else f"{picture.name}.svg"
