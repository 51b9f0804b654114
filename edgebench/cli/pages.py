"""A page or a picture that a command writes where it is told to; the suffix says the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.report.charts.chart import Drawing
    from edgebench.report.document import Document

PICTURES = (".svg", ".png")


def write(out: Path, document: Document, drawing: Drawing | None = None) -> None:
    """UsageError for another suffix, and for a picture of what has none."""
    from edgebench.report import write
    from edgebench.report.formats import csv, html, latex, markdown
    from edgebench.report.formats import json as as_json

    formats = {".md": markdown, ".html": html, ".csv": csv, ".json": as_json, ".tex": latex}
    if out.suffix in PICTURES and drawing is not None:
        _draw(out, drawing)
    elif out.suffix in formats:
        write.write(out, formats[out.suffix].render(document))
    else:
        known = ", ".join([*formats, *(PICTURES if drawing else ())])
        raise UsageError(f"--out {out}: the suffix says the format. Here: {known}.")


def _draw(out: Path, drawing: Drawing) -> None:
    from edgebench.files import whole
    from edgebench.report.charts import matplotlib

    out.parent.mkdir(parents=True, exist_ok=True)
    with whole(out) as writing:
        if out.suffix == ".svg":
            writing.write_text(matplotlib.svg(drawing.chart), encoding="utf-8")
        else:
            writing.write_bytes(matplotlib.png(drawing.chart))
