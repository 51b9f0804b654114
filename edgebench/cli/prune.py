"""edgebench prune: a trained regressor with fewer channels at its end, and the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError


def prune(
    model: Annotated[
        str, typer.Argument(autocompletion=complete.models, help="The model to prune: its name below --models.")
    ],
    name: Annotated[str, typer.Argument(help="Name of the pruned model.")],
    channels: Annotated[int, typer.Option(min=1, help="Channels that its last convolution keeps.")],
    data: Annotated[Path, typer.Option(help="Data set whose training patches the new head is fitted to.")],
    patches: Annotated[int, typer.Option(min=256, help="How many of them.")] = 6000,
    seed: Annotated[int, typer.Option(min=0, help="Of their choice and turns.")] = 0,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    force: Annotated[bool, typer.Option("--force", help="Replace a model of that name.")] = False,
) -> None:
    """Keep the channels that the answer hangs on; nothing is trained, so that it takes minutes."""
    from edgebench.cli.train import hardware
    from edgebench.models import store
    from edgebench.training import pruning

    store.check_name(name, "Use another name.")
    to = models / name
    if name == model or ((to / store.CARD).is_file() and not force):
        raise UsageError(f"{to}: there is such a model. Use another name{', or --force' if name != model else ''}.")
    with screen.bars() as bar:
        task = bar.add_task("", total=None)
        card = pruning.run(
            models / model,
            to,
            data,
            pruning.Wanted(channels, patches, seed),
            lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
            hardware=hardware(),
        )
    found = card.results
    typer.echo(
        f"{to / store.MODEL}: {found['difference_um']:.3f} um from {model} on average over "
        f"{found['validation_patches']} validation patches; mean error {found['validation_um']:.3f} um, before "
        f"{found['source_validation_um']:.3f} um; {card.parameters:,} parameters, {card.macs:,} multiply-accumulates"
    )
