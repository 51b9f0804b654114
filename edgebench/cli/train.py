"""edgebench train: focal stacks to a focus regressor in models/<name>/; the same command again goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import screen

if TYPE_CHECKING:
    from edgebench.models.train import Status
    from edgebench.training.job import Making


def train(
    name: Annotated[str, typer.Argument(help="Name of the model; its folder below --models.")],
    data: Annotated[list[Path], typer.Option(help="Data set to learn from; may be given several times.")],
    recipe: Annotated[
        str, typer.Option(help="How to train: default, crops (large inputs), continue, distil, paper, or a .toml file.")
    ] = "default",
    network: Annotated[str, typer.Option(help="mobilenetv2 (the paper's), or compact.")] = "mobilenetv2",
    kind: Annotated[str, typer.Option(help="Input: difference of two planes, or the single upper one.")] = "difference",
    alpha: Annotated[float, typer.Option(help="Width of the network.")] = 0.4,
    input_size: Annotated[int, typer.Option(help="Side of the model input, px.")] = 112,
    epochs: Annotated[int, typer.Option(min=1, help="How often the patches are gone through.")] = 20,
    epoch_patches: Annotated[
        Optional[int], typer.Option(min=1, help="Patches of one epoch, drawn anew each time; all if not given.")
    ] = None,
    pairs_per_stack: Annotated[
        Optional[int], typer.Option(min=1, help="Pairs of each stack, spread over z; all if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order, turns and augmentation.")] = 0,
    teacher: Annotated[Optional[Path], typer.Option(help="Folder of a trained model to learn from, too.")] = None,
    start: Annotated[
        Optional[Path], typer.Option(help="Folder of a trained model to begin with: --recipe continue.")
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    cache: Annotated[Path, typer.Option(help="Folder for preprocessed patches; may be deleted.")] = Path(".cache"),
    force: Annotated[bool, typer.Option("--force", help="Start again, and replace a finished model.")] = False,
) -> None:
    """Train a focus regressor; a second call goes on from the last finished epoch."""
    from edgebench.models import store
    from edgebench.report import curves
    from edgebench.training import job as jobs

    job = jobs.Job(
        name=name,
        data=tuple(map(str, data)),
        recipe=recipe,
        network=network,
        kind=kind,
        alpha=alpha,
        input_size=input_size,
        epochs=epochs,
        epoch_patches=epoch_patches,
        pairs_per_stack=pairs_per_stack,
        seed=seed,
        teacher=None if teacher is None else str(teacher),
        start=None if start is None else str(start),
        models=str(models),
        cache=str(cache),
    )
    jobs.check(job)
    with _progress(epochs) as (making, show):
        card = jobs.run(job, force=force, making=making, report=show, hardware=hardware())
    simulated = all(one["simulated"] for one in card.data)
    curves.draw(job.folder / curves.NAME, name, card.history, simulated=simulated)
    typer.echo(
        f"{job.folder / store.MODEL}: mean error {card.results['validation_um']:.3f} um over "
        f"{card.results['validation_patches']} validation patches{' (simulated)' if simulated else ''}; "
        f"{card.parameters:,} parameters, {card.macs:,} multiply-accumulates"
    )


def hardware() -> dict[str, Any]:
    """What a card says of the machine."""
    from edgebench.runner import host

    facts = host.facts()
    return {key: facts[key] for key in ("cpu", "cores", "memory_bytes")}


@contextmanager
def _progress(epochs: int) -> Iterator[tuple[Making, Callable[[Status], None]]]:
    """A bar for what is made and for the epoch that runs, and one line for each epoch that ended."""
    from rich.progress import BarColumn, TextColumn

    with screen.bars(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}")) as bar:
        task = bar.add_task("", total=None, state="")

        def making(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total, state=f"{done}/{total}")

        def show(now: Status) -> None:
            epoch = f"epoch {now.epoch}/{epochs}"
            if now.validation_um is not None:
                line = f"{epoch}: loss {now.loss:.3f}, validation error {now.validation_um:.3f} um"
                bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
                return
            doing = f"loss {now.loss:.3f}, {now.patches_per_s:.0f} patches/s, {now.eta_s / 60:.0f} min left"
            bar.update(task, description=epoch, completed=now.patches, total=now.of, state=doing)

        yield making, show
