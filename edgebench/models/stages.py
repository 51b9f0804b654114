"""The stages of a training: first, perhaps, on parts of each input, then on the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgebench.errors import UsageError
from edgebench.models import regressor
from edgebench.models.recipes import Recipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Stage:
    """Epochs first <= e < end on squares of `side` px."""

    first: int
    end: int
    side: int
    learning_rate: float  # peak
    previous_side: int = 0  # 0: the first stage


def plan(epochs: int, input_size: int, how: Recipe) -> tuple[Stage, ...]:
    """One stage, or two where the recipe has crops."""
    side = round(how.crop * input_size / 2) * 2
    if not how.crop_epochs or side >= input_size:
        return (Stage(0, epochs, input_size, how.learning_rate),)
    if side < regressor.MIN_SIZE or epochs < 2:
        raise UsageError(
            f"crops of {side} px in {epochs} epoch(s): expected {regressor.MIN_SIZE} px or more and 2 epochs or more. "
            "Use --recipe default for small inputs."
        )
    first = min(max(round(epochs * how.crop_epochs), 1), epochs - 1)
    rate = how.learning_rate
    return Stage(0, first, side, rate), Stage(first, epochs, input_size, rate * how.finish, side)


def left(planned: Sequence[Stage], done: int) -> Sequence[Stage]:
    """From the stage on that the last finished epoch belongs to: its weights are what the checkpoint holds."""
    return [stage for stage in planned if stage.end >= max(done, 1)]


def work_left(planned: Sequence[Stage], epoch: int, side: int) -> float:
    """Epochs from `epoch` on, counted as epochs on squares of `side` px."""
    ahead = [(stage.end - max(stage.first, epoch), stage.side) for stage in planned if stage.end > epoch]
    return sum(count * (of / side) ** 2 for count, of in ahead)


def grown(weights: Sequence[np.ndarray], model: keras.Model, previous_side: int) -> list[np.ndarray]:
    """Weights of the same network on smaller squares, for `model`: only the flattened head has another shape."""
    sides = regressor.map_side(previous_side), regressor.map_side(model.input_shape[1])
    fitted = []
    for old, new in zip(weights, model.get_weights()):
        if old.shape != new.shape:
            old = regressor.stretch_head(old, *sides)
        fitted.append(old)
    return fitted
