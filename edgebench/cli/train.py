"""edgebench train: focal stacks to a focus regressor in models/<name>/; the same command again goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.data.patches import PatchSet
    from edgebench.models.train import Settings, Status


def train(
    name: Annotated[str, typer.Argument(help="Name of the model; its folder below --models.")],
    data: Annotated[list[Path], typer.Option(help="Data set to learn from; may be given several times.")],
    recipe: Annotated[str, typer.Option(help="How to train: default, or paper.")] = "default",
    alpha: Annotated[float, typer.Option(help="Width of MobileNetV2.")] = 0.4,
    input_size: Annotated[int, typer.Option(help="Side of the model input, px.")] = 112,
    epochs: Annotated[int, typer.Option(min=1, help="How often the patches are gone through.")] = 20,
    epoch_patches: Annotated[
        Optional[int], typer.Option(min=1, help="Patches of one epoch, drawn anew each time; all if not given.")
    ] = None,
    pairs_per_stack: Annotated[
        Optional[int], typer.Option(min=1, help="Pairs of each stack, spread over z; all if not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and turns.")] = 0,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    cache: Annotated[Path, typer.Option(help="Folder for preprocessed patches; may be deleted.")] = Path(".cache"),
    force: Annotated[bool, typer.Option("--force", help="Start again, and replace a finished model.")] = False,
) -> None:
    """Train a focus regressor; a second call goes on from the last finished epoch."""
    from edgebench.data import datasets
    from edgebench.models import quiet, regressor, state, store
    from edgebench.models import train as training
    from edgebench.models.recipes import recipe as named
    from edgebench.quantise import calibration

    store.check_name(name, "Use another name.")
    named(recipe)
    regressor.check(alpha, input_size)
    folder = models / name
    begun = folder / state.NAME
    if not force and (folder / store.CARD).is_file() and not begun.is_file():
        raise UsageError(f"{folder}: already trained. Use another name, or --force to replace it.")
    sets = [datasets.describe(root) for root in data]
    choice = {"cache": cache, "pairs_per_stack": pairs_per_stack, "seed": seed}
    patches = {
        split: [_cached(root, split, input_size, data_sha256=one.sha256, **choice) for root, one in zip(data, sets)]
        for split in ("train", "validation")
    }
    about = [
        {
            "name": one.name,
            "simulated": one.simulated,
            "sha256": one.sha256,
            "pairs_per_stack": pairs_per_stack,
            "patches": {split: len(found[i]) for split, found in patches.items()},
        }
        for i, one in enumerate(sets)
    ]
    settings = training.Settings(recipe, alpha, input_size, epochs, epoch_patches, seed)
    training.check(settings, sum(map(len, patches["train"])))
    if force or not begun.is_file():
        chosen = calibration.of_patches(patches["train"], about, seed)
        for root, one in zip(data, sets):
            calibration.refuse_test_stacks(chosen, root, one)
        folder.mkdir(parents=True, exist_ok=True)
        begun.unlink(missing_ok=True)
        calibration.save(folder / calibration.NAME, chosen)
    quiet.import_tensorflow()
    with _progress(settings) as show:
        card = training.train(folder, settings, patches["train"], patches["validation"], about, show)
    typer.echo(
        f"{folder / store.MODEL}: mean error {card.results['validation_um']:.3f} um over "
        f"{card.results['validation_patches']} validation patches"
        f"{' (simulated)' if all(one['simulated'] for one in about) else ''}; "
        f"{card.parameters:,} parameters, {card.macs:,} multiply-accumulates"
    )


def _cached(root: Path, split: str, input_size: int, **choice: Any) -> PatchSet:
    from rich.progress import Progress

    from edgebench.data import patches

    with Progress() as bar:
        task = bar.add_task(f"{root} {split} patches", total=None, visible=False)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        return patches.cached(root, split, input_size, progress=show, **choice)


@contextmanager
def _progress(settings: Settings) -> Iterator[Callable[[Status], None]]:
    """A bar for the epoch that runs, and one line for each that ended."""
    from rich.progress import BarColumn, Progress, TextColumn

    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}")) as bar:
        task = bar.add_task("", total=1, state="building the network")

        def show(now: Status) -> None:
            epoch = f"epoch {now.epoch}/{settings.epochs}"
            if now.validation_um is not None:
                bar.console.print(f"{epoch}: loss {now.loss:.3f}, validation error {now.validation_um:.3f} um")
                return
            left = f"{now.eta_s / 60:.0f} min left"
            doing = f"loss {now.loss:.3f}, {now.patches_per_s:.0f} patches/s, {left}"
            bar.update(task, description=epoch, completed=now.patches, total=now.of, state=doing)

        yield show
