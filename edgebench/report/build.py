"""From the material to the files of a report: which pages, in which formats, and the pictures beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgebench.errors import UsageError
from edgebench.report import matrix, pages
from edgebench.report.document import Document, Picture
from edgebench.report.formats import csv, html, json, latex, markdown
from edgebench.report.formats.stills import svg
from edgebench.report.material import Material

ALL = "all"
FORMATS = ("markdown", "html", "csv", "json", "latex")
DEFAULT = ("markdown", "html")
INDEX = "index.html"
_RENDER: dict[str, tuple[str, Callable[[Document], str]]] = {
    "markdown": ("md", markdown.render),
    "csv": ("csv", csv.render),
    "json": ("json", json.render),
    "latex": ("tex", latex.render),
}


def files(material: Material, page: str, formats: Sequence[str], extra: Sequence[Document] = ()) -> dict[str, str]:
    """Text of each file by its name; extra: pages that are made elsewhere, which index.html has, too.

    Raises UsageError for a page or a format that there is not.
    """
    documents = [pages.document(name, material) for name in asked(page, formats)]
    found: dict[str, str] = {}
    for format in dict.fromkeys(formats):
        if format == "html":
            found |= _html(material, page, documents, extra)
            continue
        suffix, render = _RENDER[format]
        written = [pages.contents(material), *documents] if format == "markdown" and page == ALL else documents
        found |= {f"{document.name}.{suffix}": render(document) for document in written}
        if format in ("csv", "json") and any(document.name == "matrix" for document in documents):
            rows = matrix.rows(material.runs)
            found[f"cells.{format}"] = csv.flat(rows) if format == "csv" else json.flat(rows)
        found |= stills(written) if format == "markdown" else {}
    return found


def asked(page: str, formats: Sequence[str]) -> tuple[str, ...]:
    """The names of the pages; raises UsageError for one, or a format, that there is not."""
    for format in formats:
        if format not in FORMATS:
            raise UsageError(f"no format {format!r} of a report. Formats: {', '.join(FORMATS)}.")
    if page == ALL:
        return tuple(pages.PAGES)
    if page not in pages.PAGES:
        raise UsageError(f"no page {page!r} of a report. Pages: {', '.join((*pages.PAGES, ALL))}.")
    return (page,)


def stills(documents: Sequence[Document]) -> dict[str, str]:
    """The pictures that stand beside the Markdown, as SVG."""
    return {markdown.file(one): svg(one.chart) for one in charts(documents) if one.chart is not None}


def charts(documents: Sequence[Document]) -> list[Picture]:
    """The pictures that are charts, in the order of reading."""
    pictures = [block for document in documents for block in document.blocks if isinstance(block, Picture)]
    return [one for one in pictures if one.chart is not None]


def _html(material: Material, page: str, documents: list[Document], extra: Sequence[Document]) -> dict[str, str]:
    if page != ALL:
        return {f"{document.name}.html": html.render(document) for document in documents}
    return {INDEX: html.index(pages.lead(material), [*documents, *extra])}
