"""edgebench data: simulate a data set, check one, list its stacks, look at one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import DatasetError, UsageError

if TYPE_CHECKING:
    from edgebench.data.datasets import Dataset
    from edgebench.types import FocalStack

app = typer.Typer(help="Focal stacks: simulate, check, list, show.", no_args_is_help=True)

Root = Annotated[Path, typer.Argument(help="Folder of the data set; it holds incoherent_RGBchannels.")]
Progress = Callable[[str, int, int], None]
TESTS = ("test-1", "test-2")
MOST_SHOWN = 20  # findings, or names of stacks


@app.command()
def simulate(
    root: Annotated[Path, typer.Argument(help="New folder, or one that the same command began.")],
    split: Annotated[Optional[list[str]], typer.Option(help="train, test-1, test-2; both tests if not given.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same images.")] = 2019,
    jobs: Annotated[Optional[int], typer.Option(min=1, help="Processes; all cores if not given.")] = None,
    objects: Annotated[Optional[Path], typer.Option(help="Folder of in-focus images to use as objects.")] = None,
    microscope: Annotated[
        Optional[str],
        typer.Option(
            help="Tests: 'outside' the training ranges, or 'reversed' in every sign. Training: 'one', of fixed signs."
        ),
    ] = None,
    stacks: Annotated[Optional[int], typer.Option(min=1, help="At most so many stacks of each split.")] = None,
    optics: Annotated[
        str, typer.Option(help="linear, exact (Abbe's sum; slow), or mixed: a tenth of the training stacks exact.")
    ] = "linear",
    source_points: Annotated[
        Optional[int], typer.Option(min=1, help="Of exact optics; 37 for tests, 19 for training if not given.")
    ] = None,
    field: Annotated[str, typer.Option(help="Test planes: full (1224x1024) or small (672x448).")] = "full",
    file_format: Annotated[str, typer.Option("--format", help="Planes as jpeg, or as png without loss.")] = "jpeg",
    as_json: screen.Json = False,
) -> None:
    """Simulate the published microscope: same layout, samples and counts. A killed call goes on."""
    from edgebench.data import datasets, simulator

    with _bars("simulating") as progress:
        simulator.simulate(
            root,
            split or TESTS,
            seed=seed,
            jobs=jobs,
            objects=objects,
            microscope=microscope,
            stacks=stacks,
            optics=optics,
            source_points=source_points,
            field=field,
            file_format=file_format,
            progress=progress,
        )
    _counts(datasets.describe(root), root, as_json)


@app.command()
def check(
    root: Root,
    fast: Annotated[bool, typer.Option("--fast", help="Decode one image of each stack only.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Decode every image, compare sizes and hashes, count what is there; exit 2 if anything is wrong."""
    from edgebench.data import datasets

    with _bars("checking") as progress:
        findings = datasets.check(root, fast=fast, progress=progress)
    if as_json and findings:
        screen.document({"root": root, "findings": findings})
    for finding in findings[:MOST_SHOWN] if not as_json else ():
        screen.line(f"{finding.split}: {finding.what}")
    if findings:
        raise DatasetError(f"{root}: {len(findings)} finding(s), the first: {findings[0].what}")
    _counts(datasets.describe(root), root, as_json)
    if not as_json:
        screen.line("No finding." if not fast else "No finding (one image a stack was decoded).")


@app.command("list")
def list_stacks(
    root: Root,
    split: Annotated[Optional[str], typer.Option(autocompletion=complete.splits, help="Only this split.")] = None,
    as_json: screen.Json = False,
) -> None:
    """One row a stack: planes, range of z, pairs, and the paper's number of the sample where the counts agree."""
    from edgebench.data import splits

    found = []
    rows = []
    for name, stacks in _stacks(root, split).items():
        numbers = splits.sample_numbers(stacks, name)
        for stack in stacks:
            sample = numbers.get(stack.sample, stack.sample)
            low, high = stack.planes[0].z_um, stack.planes[-1].z_um
            counts = len(stack.planes), sum(1 for _ in stack.pairs())
            about = {"split": name, "stack": stack.id, "sample": sample, "z_um": [low, high]}
            found.append({**about, "planes": counts[0], "pairs": counts[1]})
            rows.append((name, stack.id, sample, str(counts[0]), f"{low:+.2f} to {high:+.2f}", str(counts[1])))
    if as_json:
        screen.document({"root": root, "stacks": found})
        return
    screen.table(("split", "stack", "sample", "planes", "z (um)", "pairs"), rows, right=(3, 5))


@app.command()
def show(
    root: Root,
    stack: Annotated[Optional[str], typer.Option(help="Name of the stack; the first if not given.")] = None,
    split: Annotated[Optional[str], typer.Option(help="Split it is in; any if not given, tests first.")] = None,
    out: Annotated[Path, typer.Option(help="PNG to write.")] = Path("contact-sheet.png"),
    force: Annotated[bool, typer.Option("--force", help="Replace the PNG if it is there.")] = False,
) -> None:
    """Write a contact sheet: planes, difference images and network input of one stack."""
    from edgebench.data import datasets
    from edgebench.data.contact_sheet import contact_sheet

    if out.suffix.lower() != ".png":
        raise UsageError(f"--out {out} does not end in .png. A contact sheet is a PNG.")
    if out.exists() and not force:
        raise UsageError(f"{out} is there already. Name another file with --out, or replace it with --force.")
    found = {
        one.id: (name, one)
        for name, stacks in sorted(_stacks(root, split).items(), key=lambda item: not item[0].startswith("test"))
        for one in stacks
    }
    chosen = stack or next(iter(found))
    if chosen not in found:
        there = f"{', '.join(list(found)[:MOST_SHOWN])}{' and more' if len(found) > MOST_SHOWN else ''}"
        raise UsageError(f"no stack {chosen!r} in {split or 'any split'} of {root}. There are: {there}.")
    name, one = found[chosen]
    about = datasets.describe(root)
    kind = f"SIMULATED, seed {about.seed}" if about.simulated else "published data"
    contact_sheet(one, out, title=f"{about.name}, {name}, stack {chosen} ({kind})")
    typer.echo(f"{out}: {name}, stack {chosen}{' (simulated)' if about.simulated else ''}")


def _stacks(root: Path, split: str | None) -> dict[str, tuple[FocalStack, ...]]:
    from edgebench.data import jiang2018, layout

    return {split: jiang2018.stacks(root, split)} if split else jiang2018.all_stacks(layout.find(root))


def _counts(about: Dataset, root: Path, as_json: bool) -> None:
    if as_json:
        screen.document({"root": root, "findings": [], **screen.plain(about)})
        return
    kind = f"simulated, seed {about.seed}" if about.simulated else "published"
    rows = [(split, f"{one.stacks:,}", f"{one.images:,}", f"{one.patches:,}") for split, one in about.splits.items()]
    screen.table(("split", "stacks", "images", "patches"), rows, right=(1, 2, 3), title=f"{about.name} ({kind})")
    screen.line(f"Rule: {about.rule}.")
    screen.line(f"SHA-256 {about.sha256}  {root}")


@contextmanager
def _bars(verb: str) -> Iterator[Progress]:
    """A bar for each split, with the time left."""
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("stacks,"),
        rich.TimeRemainingColumn(),
        rich.TextColumn("left"),
    )
    with screen.bars(*columns) as bars:
        tasks: dict[str, rich.TaskID] = {}

        def show_progress(split: str, done: int, total: int) -> None:
            if split not in tasks:
                tasks[split] = bars.add_task(f"{verb} {split}", total=total)
            bars.update(tasks[split], completed=done)
            if done == total:
                screen.say(f"{verb} {split}: {total} of {total} stacks")

        yield show_progress
