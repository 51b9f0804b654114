"""The learning curve of a training, as a picture beside its card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgebench.files import whole

NAME = "history.png"


def draw(file: Path, name: str, history: Sequence[dict[str, Any]], *, simulated: bool) -> None:
    """Loss and validation error against the epoch; the same history gives the same bytes."""
    from matplotlib.figure import Figure

    epochs = [entry["epoch"] for entry in history]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(title=f"{name}: training{' on simulated images' if simulated else ''}")
    axes.plot(epochs, [entry["loss"] for entry in history], "o-", color="tab:gray", label="training loss")
    axes.plot(
        epochs,
        [entry["validation_um"] for entry in history],
        "s-",
        color="tab:blue",
        label="validation error of single patches, um",
    )
    sides = [entry.get("side") for entry in history]
    for before, after, epoch in zip(sides, sides[1:], epochs):
        if before != after:
            axes.axvline(epoch + 0.5, color="black", linestyle=":", label=f"inputs of {after} px from here")
    axes.set(xlabel="epoch", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    with whole(file) as writing:
        figure.savefig(writing, format="png", dpi=110, metadata={"Software": None})
