"""A document as JSON: its blocks in order, each cell with the number behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from edgebench.report.document import Block, Bullets, Cell, Document, Heading, Picture, Text, Value
from edgebench.report.formats.spans import plain, spans


def render(document: Document) -> str:
    """Text is plain; `notes` of a cell are keys of the document's notes. A number that is not finite is null."""
    whole = {
        "page": document.name,
        "title": plain(document.title),
        "blocks": [_block(block) for block in document.blocks],
        "notes": {str(number): plain(text) for text, number in document.notes.items()},
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def flat(rows: Sequence[Mapping[str, object]]) -> str:
    """A list of objects, one a row."""
    finite = [{key: _finite(value) for key, value in row.items()} for row in rows]
    return json.dumps(finite, indent=1, allow_nan=False) + "\n"  # ASCII: names stay exact, and hide nothing


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"heading": plain(block.text), "level": block.level}
    if isinstance(block, Text):
        return {"text": plain(block.markdown)}
    if isinstance(block, Bullets):
        return {"bullets": [plain(line) for line in block.lines]}
    if isinstance(block, Picture):
        return {"picture": block.name, "caption": plain(block.caption), "alternative": plain(block.alternative)}
    return {
        "table": block.key,
        "caption": plain(block.caption),
        "headers": [plain(header) for header in block.headers],
        "rows": [[_cell(cell) for cell in row] for row in block.rows],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    value = cell if isinstance(cell, Value) else Value(cell)
    found: dict[str, Any] = {"text": plain(value.text)}
    numbers = {"value": value.value, "low": value.low, "high": value.high}
    found |= {name: number if math.isfinite(number) else None for name, number in numbers.items() if number is not None}
    marks = [span.text for span in spans(value.text) if span.kind == "mark"]
    return found | ({"notes": marks} if marks else {})
