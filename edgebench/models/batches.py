"""Training batches from patch sets: seeded, turned, and made in a thread while the network works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.errors import DatasetError

AHEAD = 4  # batches
Batch = TypeVar("Batch")


def take(sets: Sequence[PatchSet], index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Patches by their place in all sets one after another: (B, S, S, 3) float32 and labels (B, 1) float32 um."""
    starts = np.cumsum([0, *map(len, sets)])
    x = np.empty((len(index), *sets[0].x.shape[1:]), np.float32)
    z_um = np.empty((len(index), 1), np.float32)
    which = np.searchsorted(starts, index, "right") - 1
    for row, (i, part) in enumerate(zip(index, which)):
        x[row] = sets[part].x[i - starts[part]]
        z_um[row] = sets[part].z_um[i - starts[part]]
    return x, z_um


def turn(x: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Each patch in one of its eight flips and quarter turns: kinds (B,), 0 to 7; 0 leaves a patch as it is."""
    turned = np.empty_like(x)
    for patch, kind, to in zip(x, kinds, turned):
        to[...] = np.rot90(patch[:, ::-1] if kind >= 4 else patch, kind % 4)
    return turned


def sample(sets: Sequence[PatchSet], count: int, seed: int) -> np.ndarray:
    """Places of `count` patches (or all, where there are no more), evenly over z."""
    z_um = np.concatenate([part.z_um for part in sets])
    if count >= len(z_um):
        return np.arange(len(z_um))
    shuffled = np.random.default_rng(seed).permutation(len(z_um))
    by_z = shuffled[np.argsort(z_um[shuffled], kind="stable")]
    return np.sort(by_z[np.linspace(0, len(by_z) - 1, count).round().astype(int)])


def order(total: int, batch_size: int, wanted: int | None, seed: int, epoch: int) -> np.ndarray:
    """The patches of one epoch: (steps, batch_size), a new draw each epoch; what fills no batch waits."""
    steps = min(total, wanted or total) // batch_size
    if not steps:
        raise DatasetError(f"{total} training patches are less than one batch of {batch_size}. Use more data.")
    drawn = np.random.default_rng([seed, epoch]).permutation(total)[: steps * batch_size]
    return drawn.reshape(steps, batch_size)


def prefetch(make: Callable[[int], Batch], count: int) -> Iterator[Batch]:
    """make(0), make(1), ... made ahead in one thread, in order."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Batch]] = deque()
        for i in range(count + AHEAD):
            if i < count:
                waiting.append(pool.submit(make, i))
            if i >= AHEAD:
                yield waiting.popleft().result()
