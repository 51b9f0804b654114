"""edgebench run: artifacts or a suite, measured on a device; every finished cell is a record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.bench.cells import Cell, Data
    from edgebench.bench.session import Outcome, Step, Tell
    from edgebench.bench.suite import Suite

REFRESH_S = 0.5  # the parent must not disturb the runner


def run(
    artifacts: Annotated[Optional[list[str]], typer.Argument(help="Files, or MODEL/TARGET below --models.")] = None,
    suite: Annotated[Optional[str], typer.Option(help="What to run: benchmarks/NAME.toml.")] = None,
    device: Annotated[str, typer.Option(help="Where: local.")] = "local",
    backend: Annotated[Optional[str], typer.Option(help="Runtime; by the file's suffix if not given.")] = None,
    data: Annotated[Path, typer.Option(help="Data set.")] = Path("data/simulated"),
    split: Annotated[Optional[list[str]], typer.Option(help="Split to measure; may be given several times.")] = None,
    batch: Annotated[Optional[int], typer.Option(min=1, help="Patches of one call; 8 if not given.")] = None,
    threads: Annotated[Optional[int], typer.Option(min=1, help="Threads, and cores; 1 if not given.")] = None,
    images: Annotated[Optional[int], typer.Option(min=0, help="Images of each split, spread evenly; 0: all.")] = None,
    repeats: Annotated[Optional[int], typer.Option(min=1, help="Latency processes; 5 if not given.")] = None,
    iterations: Annotated[
        Optional[int], typer.Option(min=1, help="Timed calls of each; without it 60 s in all.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="4 processes of 256 calls: a first look.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="10 processes: for a published table.")] = False,
    input_size: Annotated[
        Optional[int], typer.Option(min=1, help="Side of the input, px; for a file without a sidecar.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    seed: Annotated[Optional[int], typer.Option(min=0, help="Of the choice and order of patches.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Measure again what has a record, and replace it.")] = False,
) -> None:
    """Measure focusing error, time and memory; a second call goes on where the first was stopped."""
    from edgebench.bench import session
    from edgebench.bench.suite import PRESETS
    from edgebench.devices import base as devices

    numbers = {"batch_size": batch, "threads": threads, "images": images}
    numbers |= {"repeats": repeats, "iterations": iterations, "seed": seed}
    if quick and publish:
        raise UsageError("--quick and --publish exclude each other. Give one.")
    given = dict(PRESETS["quick"] if quick else PRESETS["publish"] if publish else {})
    given |= {name: number for name, number in numbers.items() if number is not None}
    target = devices.connect(device)
    plan = _plan(artifacts or [], suite, backend, given)
    cells = _cells(plan, models, input_size)
    measured = _data(data, split or list(plan.splits))
    outcomes: list[Outcome] = []
    with _progress(measured) as tell:
        for outcome in session.run(cells, target, measured, results, force=force, tell=tell):
            outcomes.append(outcome)
            said = "skipped, its record is there (--force measures again)" if outcome.skipped else "done"
            typer.echo(f"{outcome.cell.name}: {said}: {outcome.path}", err=True)
    _table(outcomes, list(measured.stacks))


def _plan(artifacts: Sequence[str], suite: str | None, backend: str | None, given: Mapping[str, Any]) -> Suite:
    from edgebench.backends import base as backends
    from edgebench.bench import suite as suites

    if suite is not None:
        if artifacts or backend:
            raise UsageError(f"--suite {suite} names its own artifacts and backends. Leave out the others, or it.")
        return suites.load(suite, given)
    if not artifacts:
        raise UsageError("nothing to run. Name artifacts (a file, or MODEL/TARGET), or a suite with --suite.")
    if backend is not None:
        backends.entry(backend)
    settings = suites.settings(given)
    return suites.Suite("", (), tuple(suites.Line(artifact, backend or "", settings) for artifact in artifacts))


def _cells(plan: Suite, models: Path, input_size: int | None) -> list[Cell]:
    from edgebench.backends import base as backends
    from edgebench.bench import artifacts
    from edgebench.bench.cells import Cell

    cells = []
    for line in plan.lines:
        if line.backend:
            backends.entry(line.backend)
        artifact = artifacts.find(line.artifact, models, input_size)
        backend = line.backend or backends.for_artifact(artifact.path)
        backends.check_reads(backend, artifact.path)
        cells.append(Cell(artifact, backend, backends.entry(backend).package, line.settings))
    return cells


def _data(root: Path, splits: Sequence[str]) -> Data:
    """The data set as plain values: the test splits that it has, if none are named."""
    from dataclasses import asdict

    from edgebench.bench.cells import Data
    from edgebench.data import datasets, jiang2018
    from edgebench.types import StackFiles

    about = asdict(datasets.describe(root))
    there = about["splits"]
    chosen = splits or [name for name in ("test-1", "test-2") if name in there]
    unknown = [name for name in chosen if name not in there]
    if unknown or not chosen:
        what = f"no split {unknown[0]!r}" if unknown else "no test split"
        raise UsageError(f"{root}: {what}. Splits: {', '.join(there) or 'none'}.")
    stacks = {
        name: tuple(
            StackFiles(
                stack.id,
                stack.sample,
                tuple((plane.path.relative_to(root).as_posix(), plane.z_nm) for plane in stack.planes),
            )
            for stack in jiang2018.stacks(root, name)
        )
        for name in chosen
    }
    fields = ("name", "simulated", "seed", "sha256", "rule")
    counts = {name: there[name] for name in chosen}
    return Data(str(root.resolve()), {**{field: about[field] for field in fields}, "splits": counts}, stacks)


@contextmanager
def _progress(data: Data) -> Iterator[Tell]:
    """One bar over all processes, drawn only when an event comes, and then at most twice a second."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(10),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
    )
    whole = 24 * 3600.0  # the estimate uses the speed since the start: processes differ in length
    with Progress(
        *columns, console=Console(stderr=True), auto_refresh=False, speed_estimate_period=whole, transient=True
    ) as bar:
        task = bar.add_task("starting", total=None, state="")
        errors_um: list[float] = []
        drawn = 0.0

        def show(step: Step, event: dict[str, Any]) -> None:
            nonlocal drawn
            if event["event"] == "host":
                errors_um.clear()
            elif event["event"] == "image":
                errors_um.append(abs(median(event["patches_um"]) - event["z_nm"] / 1000))
            if time.monotonic() - drawn < REFRESH_S:
                return
            drawn = time.monotonic()
            of = data.about["splits"].get(step.phase.removeprefix("accuracy "), {"images": 0})["images"]
            of = min(of, step.cell.settings.images or of)
            state = f"{median(errors_um):.2f} um ({len(errors_um)}/{of})" if errors_um else ""
            done = step.number + (len(errors_um) / of if of else 0)
            bar.update(task, description=f"{step.cell.name}: {step.phase}", completed=done, total=step.of, state=state)
            bar.refresh()

        yield show


def _table(outcomes: Sequence[Outcome], splits: Sequence[str]) -> None:
    """What was measured: mean focusing error +- standard deviation by split, and times; from the records alone."""
    from rich.console import Console
    from rich.table import Table

    from edgebench.records import store, summary

    table = Table(box=None, pad_edge=False)
    for heading in ("cell", *(f"{split}, um" for split in splits), "wall, s", "ms/patch", "peak MiB", "verdict"):
        table.add_column(heading, overflow="fold")
    records = [store.load(outcome.path) for outcome in outcomes]
    for outcome, record in zip(outcomes, records, strict=True):
        found = summary.summarise(record)
        errors = [found.errors[split] for split in splits]
        table.add_row(
            outcome.cell.name.replace("/", "/\n", 1).replace(" on ", "\non "),
            *(f"{error.mean_um:.2f}\n+- {error.std_um:.2f}" for error in errors),
            f"{sum(times.wall_s for times in found.times.values()):.1f}",
            f"{found.latency.patch_ms:.2f}" if found.latency else "",
            f"{found.memory.peak_mib:.0f}" if found.memory else "",
            found.verdict.replace(", ", "\n"),
        )
    Console().print(table)
    for outcome in outcomes:
        typer.echo(str(outcome.path))
    if any(record["data"]["simulated"] for record in records):
        typer.echo("Measured on simulated images: the errors are no result for real tissue.")
