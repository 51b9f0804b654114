"""edgebench report: pages from the records alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgebench.cli import screen
from edgebench.cli.screen import Json

if TYPE_CHECKING:
    from edgebench.report.material import Material

NUMBERS = (5, 6, 8, 9)  # columns of the main table that fit a terminal


def report(
    page: Annotated[
        str, typer.Argument(help="table7, matrix, samples, quantisation, devices, or all of them.", metavar="[PAGE]")
    ] = "all",
    format: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help="markdown, html, csv, json or latex; may be given again. Default: the first two."
        ),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of published/ and runs/.")] = Path("results"),
    out: Annotated[Path | None, typer.Option(help="Folder to write to; default: RESULTS/reports.")] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; fail if a page is missing or out of date (of index.html: if it is there)."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the pages of the report from the records, and print its main table; index.html has all of them.

    table7: the paper's Table 7 with ours. matrix: every cell. samples: slide by slide. quantisation: what int8 costs
    and saves. devices: boards, start, memory, energy. Of evaluations also tables-1-6.md and classical.md.
    """
    from edgebench.report import build, material, readme, regions, write

    build.asked(page, format or build.DEFAULT)  # a wrong name is said before the records are read
    found = material.read(results)
    folder = out or results / "reports"
    whole = page == build.ALL
    extra = write.documents(results, folder, found.evaluations) if whole else []
    absent = check and not format and not (folder / build.INDEX).exists()
    formats = format or (("markdown",) if absent else build.DEFAULT)  # index.html is not kept under version control
    texts = build.files(found, page, formats, extra)
    written = regions.pages(results.parent) if whole and out is None else []  # by people, with regions of ours
    if check:
        checked = write.check_evaluations(results, folder, extra) if whole else []
        checked += write.check_all(folder, texts)
        checked += regions.check(written, readme.blocks(found)) if written else []
        for path in checked:
            screen.line(f"{path}: up to date")
        return
    paths = [write.write(folder / name, text) for name, text in texts.items()]
    paths += write.evaluations(results, folder, made=extra) if whole else []
    paths += regions.update(written, readme.blocks(found)) if written else []
    simulated = any(run.record["data"]["simulated"] for run in found.runs)
    records = len(found.runs) + len(found.superseded)
    if as_json:
        screen.document({"files": paths, "records": records, "simulated": simulated})
        return
    _print(found)
    screen.line(f"records: {records}")
    if not records:
        screen.line(f"No records below {results / 'runs'}: our cells say 'not run'. Measure with edgebench run.")
    elif simulated:
        screen.line("The slides are simulated: the errors hold for that simulation only.")
    pages = [path for path in paths if path.suffix != ".svg" and path.suffix != ".html"]
    if pages:
        screen.line(f"pages: {', '.join(map(str, pages))}")
    for path in (path for path in paths if path.suffix == ".html"):
        screen.line(f"the report, to be opened in a browser: {path}")


def _print(found: Material) -> None:
    """The main table in a few columns; each name over its place."""
    from edgebench.report.pages import table7

    head, *body = table7.main_rows(found)
    rows = []
    for row in body:
        name = row[0].replace(" (", "\n(") if row[1] in ("-", "not run") else f"{row[0]}\n{row[1]}"
        rows.append((name, row[2].replace(", ", "\n", 1), *(row[number] for number in NUMBERS)))
    headers = (f"{head[0]}, {head[1].lower()}", head[2], *(head[number] for number in NUMBERS))
    screen.table(headers, rows, right=range(2, len(headers)))
