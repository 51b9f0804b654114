"""A report as data: blocks in the order of reading. Text is a little Markdown, which every format escapes for itself.

The markup that counts: `code`, **bold**, [text](address) and the footnote marks of `markdown.mark`. All else is text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from edgebench.report.charts.chart import Chart

Notes = dict[str, int]  # text of a footnote -> its number


@dataclass(frozen=True)
class Value:
    """A cell: what is printed, marks included, and the number behind it in the column's unit, with its interval."""

    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


Cell = Union[str, Value]


@dataclass(frozen=True)
class Table:
    """The first `left` columns are aligned left, the others are numbers; key names it for links and machines.

    screen: too wide for paper, where the tables that follow it have the same numbers.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int = 1
    caption: str = ""
    key: str = ""
    screen: bool = False


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 2  # 1 is the title of the document


@dataclass(frozen=True)
class Text:
    """One paragraph."""

    markdown: str


@dataclass(frozen=True)
class Bullets:
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """A chart, or without one a file that stands beside the page; name is the file's, without suffix for a chart."""

    name: str
    caption: str
    alternative: str
    chart: Chart | None = None


Block = Union[Heading, Text, Bullets, Table, Picture]


@dataclass(frozen=True)
class Document:
    """A page: its file's name without suffix, its title, its blocks, and the footnotes that they mark."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    notes: Notes = field(default_factory=dict)


def text_of(cell: Cell) -> str:
    """What is printed of a cell."""
    return cell if isinstance(cell, str) else cell.text


def value_of(cell: Cell) -> float | None:
    """The number behind a cell, if it has one."""
    return None if isinstance(cell, str) else cell.value


def marked(cell: Cell, marks: str) -> Cell:
    """The cell with footnote marks after its text."""
    return cell + marks if isinstance(cell, str) else replace(cell, text=cell.text + marks)
