"""edgebench history: one cell over time, in one results folder or in several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.records.history import Point

FOUND = 1  # exit code: the newest is shown to be worse than the one before it


def history(
    cell: Annotated[
        str, typer.Argument(metavar="CELL", help="[DEVICE/]ID of a record, without its hash, or the start of one.")
    ],
    more: Annotated[
        Optional[list[Path]], typer.Argument(metavar="FOLDER", help="Further results folders, or of devices.")
    ] = None,
    results: Annotated[
        Optional[Path], typer.Option(help="Results folder, or several one after the other.", show_default="results")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(help="A page of it; its suffix is the format: md, html, csv, json, tex, or svg, png."),
    ] = None,
    json: screen.Json = False,
) -> None:
    """Records of a cell, oldest first: latency, error, size, and what is shown to have changed from each to the next.

    Folders of earlier times are exported by git: git archive COMMIT results/runs | tar x -C FOLDER.
    """
    from edgebench.cli import pages
    from edgebench.records import history as records
    from edgebench.records.comparison import WORSE
    from edgebench.records.set_comparison import load
    from edgebench.report import history as report
    from edgebench.report.document import text_of

    folders = [*([results] if results else []), *(more or [])] or [Path("results")]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder. Name results folders, or those of devices in them.")
    name, points = records.find([(str(folder), load(folder)) for folder in folders], cell)
    if out is not None:
        pages.write(out, report.document(name, points), report.drawing(name, points))
    if json:
        screen.document({"cell": name, "records": [_data(one) for one in points]})
    else:
        table = report.table(points)
        screen.line(f"{name}: {len(points)} record{'s' if len(points) > 1 else ''}, each against the one before it")
        screen.table(table.headers, [[text_of(text) for text in row] for row in table.rows])
        if any(one.summary.record["data"]["simulated"] for one in points):
            screen.line("Measured on simulated images: the errors are no result for real tissue.")
        if out is not None:
            screen.line(f"page: {out}")
    worse = any(mark.rsplit(" ", 1)[1] in WORSE for mark in points[-1].marks)
    raise typer.Exit(FOUND if worse else 0)


def _data(one: Point) -> dict[str, Any]:
    record, found = one.summary.record, one.summary
    return {
        "id": record["id"],
        "device": record["device"]["name"],
        "created": record["created"],
        "code_sha256": record["code_sha256"],
        "folder": one.folder,
        "latency": found.latency,
        "errors": {split: {"mean_um": of.mean_um, "interval": of.interval} for split, of in found.errors.items()},
        "file_bytes": record["artifact"]["bytes"],
        "memory": found.memory,
        "verdict": found.verdict,
        "ratio": one.change.latency if one.change else None,
        "differences": one.change.errors if one.change else {},
        "changed": one.marks,
        "not_comparable": one.reason,
    }
