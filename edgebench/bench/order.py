"""In which order the processes of a session run: all cells interleaved, so that no drift of the device favours one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

Process = TypeVar("Process")


def interleaved(cells: Mapping[str, Sequence[Process]], seed: int) -> list[tuple[str, Process]]:
    """Every process with the name of its cell, in seeded random order, those of each cell spread over the session.

    Process k of n shuffled ones of a cell is placed at random in the k-th of n equal parts of the session: a plain
    shuffle may leave all of one cell to its end. The order within a cell, and between cells, is independent of what
    was measured before, so that a session that goes on keeps its order.
    """
    placed = []
    for name in cells:
        rng = random.Random(f"{seed} {name}")
        shuffled = list(cells[name])
        rng.shuffle(shuffled)
        placed += [((k + rng.random()) / len(shuffled), name, process) for k, process in enumerate(shuffled)]
    return [(name, process) for _, name, process in sorted(placed, key=lambda entry: entry[:2])]
