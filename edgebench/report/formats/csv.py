"""The tables of a document as CSV in long form: a line a cell, with the number behind it and its interval."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

from edgebench.report.document import Document, Heading, Table, Value, text_of
from edgebench.report.formats.spans import plain, visible

HEADER = ("page", "table", "row", "name", "column", "text", "value", "low", "high", "notes")
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would compute a cell of text that begins so


def render(document: Document) -> str:
    """RFC 4180 with `\\n` at line ends; numbers in full precision, footnotes in words."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    notes = {f"[^{number}]": plain(text) for text, number in document.notes.items()}
    title = ""
    for block in document.blocks:
        if isinstance(block, Heading):
            title = plain(block.text)
        if isinstance(block, Table):
            for number, row in enumerate(block.rows, 1):
                for header, cell in zip(block.headers, row):
                    value = cell if isinstance(cell, Value) else Value(cell)
                    told = " ".join(note for mark, note in notes.items() if mark in value.text)
                    numbers = (_number(one) for one in (value.value, value.low, value.high))
                    texts = (plain(text_of(row[0])), plain(header), plain(value.text))
                    writer.writerow(
                        (document.name, block.key or title, number, *map(safe, texts), *numbers, safe(told))
                    )
    return written.getvalue()


def flat(rows: Sequence[Mapping[str, object]]) -> str:
    """One line a row, a column a key; a list is joined with semicolons, None is empty."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer.writerow(columns)
    writer.writerows([_plain(row.get(column)) for column in columns] for row in rows)
    return written.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a number stays one."""
    if not text.startswith(_FORMULA):
        return text
    return text if _is_number(text) or text == "-" else f"'{text}"


def _plain(value: object) -> str:
    if value is None or isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return ": ".join(map(str, value.values()))
    if isinstance(value, (list, tuple)):
        return safe(visible("; ".join(map(_plain, value))))
    return safe(visible(value)) if isinstance(value, str) else str(value)


def _number(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else repr(value)


def _is_number(text: str) -> bool:
    return all(letter in "+-.,0123456789[] ±%e" for letter in text)
