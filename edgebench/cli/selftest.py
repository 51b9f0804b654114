"""edgebench selftest: the instrument itself, measured with programmed times, memory, errors and faults."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import screen

if TYPE_CHECKING:
    from edgebench.selftest.session import Tell

DEVICE = "local"
PAGE = Path("docs/selftest.md")
MISSED = 1  # exit code
REFRESH_S = 0.5  # the parent must not disturb the runner


def selftest(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and shorter runs: a first look, a minute.")] = False,
    only: Annotated[
        Optional[list[str]],
        typer.Option(
            help="Part to run; may be given several times: clock, memory, error, faults, live-alarms, coverage, "
            "alarms, power."
        ),
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    write: Annotated[Optional[Path], typer.Option(help="Page to write, such as docs/selftest.md.")] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Measure nothing; write the page from the record that is there.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the synthetic samples, patches and orders.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a record that is there.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Measure what is known beforehand."""
    from edgebench.devices import base as devices
    from edgebench.report import write as pages
    from edgebench.selftest import page, parts, session, store

    names = parts.chosen(only or [], quick=quick)
    path = store.path_of(results, DEVICE, names, quick=quick)
    if report:
        record = store.load(path)
    else:
        store.check_free(path, force=force)
        with _progress(len(names)) as tell:
            record = session.run(names, devices.connect(DEVICE), seed=seed, quick=quick, tell=tell)
        store.save(record, path)
    target = write or (PAGE if report else None)
    if target is not None:
        pages.write(target, page.document(record))
    missed = _print(record, path, as_json)
    say = screen.say if as_json else screen.line
    say(f"record: {path}" + (f"; page: {target}" if target else ""))
    raise typer.Exit(MISSED if missed else 0)


@contextmanager
def _progress(count: int) -> Iterator[Tell]:
    """One bar over all parts, drawn only when something is told, and then at most twice a second."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(10), TimeElapsedColumn())
    with screen.bars(*columns, refresh=False) as bar:
        task = bar.add_task("starting", total=count)
        drawn = 0.0

        def tell(part: str, number: int, what: str, share: float) -> None:
            nonlocal drawn
            if time.monotonic() - drawn < REFRESH_S:
                return
            drawn = time.monotonic()
            bar.update(task, description=f"{part} ({number + 1}/{count}): {what}", completed=number + share)
            bar.refresh()

        yield tell


def _print(record: dict[str, Any], path: Path, as_json: bool) -> int:
    """Every finding; returns how many goals are missed."""
    from edgebench.selftest import page, parts

    said = {True: "reached", False: "NOT REACHED", None: "no goal"}
    found = parts.findings(record)
    missed = sum(len(page.missed(findings)) for findings in found.values())
    if as_json:
        screen.document({"record": path, "note": record["note"], "missed": missed, "findings": found})
        return missed
    rows = [(name, one.what, one.found, one.goal, said[one.reached]) for name in found for one in found[name]]
    screen.table(("part", "what", "found", "goal", ""), rows)
    screen.line(f"{record['note']}; goals not reached: {missed}")
    return missed
