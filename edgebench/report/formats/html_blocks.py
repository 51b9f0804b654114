"""Blocks as HTML: every string is escaped here, and nowhere else."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import escape

from edgebench.report.document import Block, Bullets, Cell, Heading, Notes, Picture, Table, Text, Value, text_of
from edgebench.report.formats.spans import plain, spans, visible

FILTERED = 6  # rows from which a table can be filtered
_NUMBER = re.compile(r"^(?:est\. )?([+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?)")
_INTERVAL = re.compile(r"\[[^\[\]]*\d[^\[\]]*\]")
_VERDICT = re.compile(r"^[A-Z]{2,}(?:, [A-Z]{2,})*$")
_WARNING = re.compile(r"\*\*[^*]*(slides are simulated|has been (measured|evaluated) yet)")
_QUIET = ("not run", "emulated", "-", "not evaluated")
_WIDE = 48  # characters from which a number with its words may break
_SHORT = 24  # characters up to which a text may not


@dataclass(frozen=True)
class Frame:
    """What the blocks of a page need: its name for ids, its footnotes, and files that stand beside it."""

    page: str
    notes: Mapping[int, str]
    used: dict[int, int]  # how often a footnote was marked so far
    drawn: Callable[[Picture], tuple[str, str]]  # the picture as SVG, and as plotly's JSON; empty where there is none


def frame(page: str, notes: Notes, drawn: Callable[[Picture], tuple[str, str]]) -> Frame:
    return Frame(page, {number: text for text, number in notes.items()}, {}, drawn)


def block(one: Block, of: Frame, id: str, level: int = 0) -> str:
    """level: added to that of headings."""
    if isinstance(one, Heading):
        number = min(one.level + level, 6)
        anchor = f'<a class="anchor" href="#{id}" aria-label="Link to this section">#</a>'
        return f'<h{number} id="{id}">{inline(one.text, of)} {anchor}</h{number}>'
    if isinstance(one, Text):
        warns = bool(_WARNING.match(one.markdown))
        return f"<p{' class=warning' if warns else ''}>{inline(one.markdown, of)}</p>"
    if isinstance(one, Bullets):
        return "<ul>" + "".join(f"<li>{inline(line, of)}</li>" for line in one.lines) + "</ul>"
    return _picture(one, of, id) if isinstance(one, Picture) else _table(one, of, id)


def inline(text: str, of: Frame, intervals: bool = False) -> str:
    """intervals: set apart, in the text alone and never in the words of a note."""
    found: list[str] = []
    before = ""
    for span in spans(text):
        inner = escape(span.text)
        if span.kind == "text" and intervals:
            inner = _INTERVAL.sub(lambda found: f'<span class="interval">{found[0]}</span>', inner)
        elif span.kind == "mark":
            inner = ("<sup>,</sup>" if before == "mark" else "") + _mark(span.text, of)
        elif span.kind == "code":
            inner = f"<code>{inner}</code>"
        elif span.kind == "bold":
            inner = f"<strong>{inline(span.text, of)}</strong>"
        elif span.kind == "link":
            here = span.address.startswith("#")  # the page has no other file beside it
            inner = f'<a href="{escape(span.address)}">{inner}</a>' if here else inner
        found.append(inner)
        before = span.kind
    return "".join(found)


def notes(of: Frame) -> str:
    """The footnotes, each with a way back to where it was marked first."""
    items = []
    for number, text in of.notes.items():
        back = f' <a class="back" href="#{of.page}-r{number}" aria-label="Back to the text">↩</a>'
        said = inline(text, of) + (back if number in of.used else "")
        items.append(f'<li id="{of.page}-n{number}" value="{number}">{said}</li>')
    if not items:
        return ""
    return f'<details class="notes"><summary>Notes ({len(items)})</summary><ol>{"".join(items)}</ol></details>'


def _mark(number: str, of: Frame) -> str:
    text = of.notes.get(int(number))
    if text is None:
        return escape(f"[^{number}]")
    times = of.used[int(number)] = of.used.get(int(number), 0) + 1
    id = f' id="{of.page}-r{number}"' if times == 1 else ""
    return f'<sup><a{id} class="mark" href="#{of.page}-n{number}" title="{escape(plain(text))}">{number}</a></sup>'


def _table(table: Table, of: Frame, id: str) -> str:
    title = f"<caption>{inline(table.caption, of)}</caption>" if table.caption else ""
    words = {column for column in range(len(table.headers)) if column < table.left or _of_words(table, column)}
    head = "".join(_header(text, column in words, of) for column, text in enumerate(table.headers))
    body = "".join(f"<tr>{_row(row, words, of)}</tr>" for row in table.rows)
    controls = ""
    if len(table.rows) >= FILTERED:
        controls = (
            f'<div class="controls"><label>Filter <input type="search" aria-controls="{id}" placeholder="words of a '
            f'row, e.g. int8 local"></label><output aria-live="polite">{len(table.rows)} rows</output></div>'
        )
    label = escape(plain(table.caption) or table.key.replace("-", " ") or "table")
    screen = " screen" if table.screen else ""
    instead = '<p class="only-print">This table is too wide for paper; its numbers stand in the tables below.</p>'
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
    return (
        f'{instead if screen else ""}<div class="table{screen}">{controls}{scroll}'
        f'<table id="{id}">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>'
    )


def _header(text: str, words: bool, of: Frame) -> str:
    """The footnote marks stand beside the button that sorts; on paper, where headers repeat, buttons are left out."""
    marks = "<sup>,</sup>".join(_mark(span.text, of) for span in spans(text) if span.kind == "mark")
    kind = "text" if words else "number"
    told = escape(plain(text))
    button = f'<button type="button">{told}</button><span class="paper" aria-hidden="true">{told}</span>'
    return f'<th scope="col" class="{kind}" aria-sort="none">{button}{marks}</th>'


def _of_words(table: Table, column: int) -> bool:
    """Whether a column has words and no number: such as remarks, verdicts, hashes."""
    cells = [row[column] for row in table.rows]
    found = [plain(text_of(cell)) for cell in cells]
    numbers = any(_number(cell, told) is not None for cell, told in zip(cells, found))
    return not numbers and any(told not in _QUIET for told in found)


def _row(row: tuple[Cell, ...], words: Collection[int], of: Frame) -> str:
    cells = []
    for column, cell in enumerate(row):
        text = text_of(cell)
        told = plain(text)
        classes = ["text" if column in words else "number"]
        classes += ["verdict"] * bool(_VERDICT.match(told)) + ["quiet"] * (told in _QUIET)
        classes += ["wide"] * (len(told) > _WIDE) + ["short"] * (len(told) < _SHORT)
        number = _number(cell, told)
        value = f' data-value="{number!r}"' if number is not None and column not in words else ""
        inner = inline(text, of, intervals=True)
        tag, scope = ("th", ' scope="row"') if column == 0 else ("td", "")
        cells.append(f'<{tag}{scope} class="{" ".join(classes)}"{value}>{inner}</{tag}>')
    return "".join(cells)


def _number(cell: Cell, told: str) -> float | None:
    """To sort by: the number behind the cell, or else the first that is printed in it."""
    if isinstance(cell, Value) and cell.value is not None:
        return cell.value if math.isfinite(cell.value) else None
    found = _NUMBER.match(told)
    number = float(found[1].replace(",", "")) if found else None
    return number if number is not None and math.isfinite(number) else None


def _picture(picture: Picture, of: Frame, id: str) -> str:
    """The still is there for print and where no script runs; the script draws the other in its place."""
    still, figure = of.drawn(picture)
    alternative = escape(visible(picture.alternative))
    parts = []
    if still:
        coded = base64.b64encode(still.encode()).decode()
        parts.append(f'<img class="still" alt="{alternative}" src="data:image/svg+xml;base64,{coded}">')
    if figure:
        parts.append(f'<div class="chart" role="img" aria-label="{alternative}"><div></div></div>')
        parts.append(f'<script type="application/json">{_script(figure)}</script>')
    caption = f"<figcaption>{inline(picture.caption, of)}</figcaption>" if picture.caption else ""
    return f'<figure id="{id}">{"".join(parts)}{caption}</figure>'


def _script(text: str) -> str:
    """JSON that cannot end its script element."""
    json.loads(text)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
