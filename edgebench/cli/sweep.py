"""edgebench sweep: a grid of trainings from one file, here or on several machines; the same command again goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import screen

if TYPE_CHECKING:
    from edgebench.models.train import Status
    from edgebench.training.cells import Making, Outcome, Report
    from edgebench.training.job import Job

FAILED = 2  # exit code


def sweep(
    file: Annotated[Path, typer.Argument(help="What to train, as TOML: see models/zoo.toml.")],
    scheduler: Annotated[
        Optional[str],
        typer.Option(
            help="Address of a Dask scheduler, to train on its workers; they must see the data, the models and the "
            "cache at the same path as this machine, and run one thread each (dask worker ADDRESS --nthreads 1 "
            "--memory-limit 0)."
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print the cells and how far they are; train nothing.")] = False,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    cache: Annotated[Path, typer.Option(help="Folder for preprocessed patches; may be deleted.")] = Path(".cache"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace models that were made, or begun, otherwise than the file says.")
    ] = False,
) -> None:
    """Train every model of a file; finished ones are skipped, begun ones go on."""
    from edgebench.cli.train import hardware
    from edgebench.training import cells, cluster
    from edgebench.training import sweep as sweeps

    jobs = sweeps.load(file, models, cache)
    if plan:
        _table(jobs)
        return
    failed = []
    with _progress(jobs) as (making, report):
        if scheduler is None:
            outcomes = cells.run(jobs, force=force, making=making, report=report, hardware=hardware)
        else:
            outcomes = cluster.run(jobs, scheduler, force=force, report=report, hardware=hardware)
        for outcome in outcomes:
            screen.line(f"{outcome.name}: {outcome.what}: {outcome.said}")
            if outcome.what == "trained":
                _draw(models / outcome.name)
            elif outcome.what == "failed":
                failed.append(outcome)
    if failed:
        _list(failed, len(jobs))
        raise typer.Exit(FAILED)


def _draw(folder: Path) -> None:
    from edgebench.models import store
    from edgebench.report import curves

    card = store.load_card(folder)
    simulated = all(one["simulated"] for one in card.data)
    curves.draw(folder / curves.NAME, card.name, card.history, simulated=simulated)


def _list(failed: Sequence[Outcome], total: int) -> None:
    typer.echo(f"edgebench: {len(failed)} of {total} models are not trained:", err=True)
    for outcome in failed:
        typer.echo(f"  {outcome.name}: {outcome.said}", err=True)


def _table(jobs: Sequence[Job]) -> None:
    from edgebench.training import cells

    rows = []
    for job in jobs:
        patches = "all" if job.epoch_patches is None else f"{job.epoch_patches:,}"
        size, epochs = (f"{job.alpha:g}", str(job.input_size)), f"{job.epochs} x\n{patches}"
        needs = ", ".join(Path(needed).name for needed in job.needs)
        rows.append((job.name, job.network, job.kind, *size, job.recipe, epochs, needs, cells.state_of(job)))
    headers = ("name", "network", "kind", "alpha", "px", "recipe", "epochs x\npatches", "needs", "state")
    screen.table(headers, rows, whole=(0, 1, 3, 4, 5, 6, 7, 8))


@contextmanager
def _progress(jobs: Sequence[Job]) -> Iterator[tuple[Making, Report]]:
    """A bar for what is made and for the epoch that runs, and one line for each epoch that ended."""
    from rich.progress import BarColumn, TextColumn

    epochs = {job.name: job.epochs for job in jobs}
    with screen.bars(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}")) as bar:
        task = bar.add_task("", total=None, state="")

        def making(cell: str, what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{cell}: {what}", completed=done, total=total, state=f"{done}/{total}")

        def report(cell: str, now: Status) -> None:
            epoch = f"{cell}: epoch {now.epoch}/{epochs[cell]}"
            if now.validation_um is not None:
                line = f"{epoch}: loss {now.loss:.3f}, validation error {now.validation_um:.3f} um"
                bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
                return
            doing = f"loss {now.loss:.3f}, {now.patches_per_s:.0f} patches/s, {now.eta_s / 60:.0f} min left"
            bar.update(task, description=epoch, completed=now.patches, total=now.of, state=doing)

        yield making, report
