"""edgebench report: markdown from the records alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NUMBERS = (5, 6, 8, 9)  # columns of the main table that fit a terminal


def report(
    results: Annotated[Path, typer.Option(help="Folder of published/ and runs/.")] = Path("results"),
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: RESULTS/reports.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the report is missing or out of date.")
    ] = False,
) -> None:
    """Make table7.md from the records, and print its main table; of evaluations also tables-1-6.md."""
    from edgebench.report import table7, write

    paper, summaries = write.read(results)
    folder = out or results / "reports"
    path = folder / "table7.md"
    text = table7.document(paper, summaries)
    if check:
        write.check(path, text)
        for page in (path, *write.check_evaluations(results, folder)):
            typer.echo(f"{page}: up to date")
        return
    write.write(path, text)
    pages = write.evaluations(results, folder)
    if pages:
        typer.echo(f"Of evaluations: {', '.join(map(str, pages))}")
    _print(table7.main_rows(paper, summaries))
    typer.echo(f"records: {len(summaries)}; the whole report: {path}")
    if not summaries:
        typer.echo(f"No records below {results / 'runs'}: our cells say 'not run'. Measure with edgebench run.")
    elif any(summary.record["data"]["simulated"] for summary in summaries):
        typer.echo("The slides are simulated: the errors hold for that simulation only.")


def _print(rows: tuple[tuple[str, ...], ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    head, *body = rows
    table = Table(box=None, pad_edge=False)
    table.add_column(f"{head[0]}, {head[1].lower()}", min_width=16)
    table.add_column(head[2], overflow="fold")
    for number in NUMBERS:
        table.add_column(head[number], justify="right", max_width=11)
    for row in body:
        name = row[0].replace(" (", "\n(") if row[1] in ("-", "not run") else f"{row[0]}\n{row[1]}"
        table.add_row(name, row[2].replace(", ", "\n", 1), *(row[number] for number in NUMBERS))
    Console().print(table)
