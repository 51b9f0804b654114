"""A document as one HTML file that needs nothing else: no network, no other file; also legible without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources

from edgebench.report.document import Block, Document, Heading, Picture, Table, Text
from edgebench.report.formats import html_blocks
from edgebench.report.formats.spans import plain
from edgebench.report.formats.stills import svg

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def render(document: Document) -> str:
    """One page of the report by itself."""
    return index(document, ())


def index(lead: Document, documents: Sequence[Document]) -> str:
    """Lead first, then the others as sections; what was said above is not said again."""
    seen: set[object] = set()
    taken: set[str] = set()
    body, toc = [], []
    for document in (lead, *documents):
        blocks = _new(document.blocks, seen)
        first = document is lead
        frame = html_blocks.frame(document.name, document.notes, _drawn)
        id = _unique(document.name, taken)
        title = "" if first else f'<h2 class="page" id="{id}">{html_blocks.inline(document.title, frame)}</h2>'
        inner, entries = [], []
        for block in blocks:
            named = _unique(f"{document.name}-{_name(block)}", taken)
            inner.append(html_blocks.block(block, frame, named, 0 if first else 1))
            if isinstance(block, Heading) and block.level == 2:
                entries.append(f'<li><a href="#{named}">{escape(plain(block.text))}</a></li>')
        below = f"<ul>{''.join(entries)}</ul>" if entries else ""
        toc.append(below[4:-5] if first else f'<li><a href="#{id}">{escape(plain(document.title))}</a>{below}</li>')
        body.append(f"<section>{title}{''.join(inner)}{html_blocks.notes(frame)}</section>")
    charts = any('class="chart"' in part for part in body)
    return _TEMPLATE.format(
        policy=_POLICY,
        title=escape(plain(lead.title)),
        style=_file("style.css"),
        toc="".join(toc),
        body="\n".join(body),
        plotly=f"<script>{_plotly()}</script>" if charts else "",
        script=_file("script.js"),
    )


_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#main">To the report</a>
<nav aria-label="Contents"><details open><summary>Contents</summary><ul>{toc}</ul></details></nav>
<main id="main">
<h1>{title}</h1>
{body}
</main>
<div id="tip" role="tooltip" hidden></div>
{plotly}
<script>
{script}</script>
</body>
</html>
"""


def _new(blocks: Sequence[Block], seen: set[object]) -> list[Block]:
    """Without paragraphs, and without whole sections below a heading, that were there before."""
    found: list[Block] = []
    groups: list[list[Block]] = [[]]
    for block in blocks:
        if isinstance(block, Heading):
            groups.append([])
        groups[-1].append(block)
    for group in groups:
        headed = bool(group) and isinstance(group[0], Heading)
        if headed:
            said = tuple(map(repr, group))
            found += [] if said in seen else group
            seen.add(said)
        else:
            found += [block for block in group if not (isinstance(block, Text) and block in seen)]
        seen.update(block for block in group if isinstance(block, Text))
    return found


def _name(block: Block) -> str:
    """What an id is made of."""
    made = "part"
    if isinstance(block, Heading):
        made = plain(block.text)
    elif isinstance(block, Table):
        made = f"table-{block.key}"
    elif isinstance(block, Picture):
        made = block.name
    return "-".join("".join(c if c.isalnum() and c.isascii() else " " for c in made.lower()).split()) or "part"


def _unique(id: str, taken: set[str]) -> str:
    found, number = id, 2
    while found in taken:
        found, number = f"{id}-{number}", number + 1
    taken.add(found)
    return found


def _drawn(picture: Picture) -> tuple[str, str]:
    if picture.chart is None:
        return "", ""
    from edgebench.report.charts import plotly

    drawn = {**plotly.figure(picture.chart), "themes": {"light": plotly.LIGHT, "dark": plotly.DARK}}
    figure = json.dumps(drawn, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return svg(picture.chart), figure


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _file(name: str) -> str:
    return resources.files("edgebench.report.formats").joinpath(name).read_text(encoding="utf-8")
