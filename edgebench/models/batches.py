"""Training batches from patch sets: seeded, turned, and made in a thread while the network works."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from edgebench.data.patches import PatchSet
from edgebench.errors import DatasetError
from edgebench.focus import preprocess
from edgebench.models.recipes import Recipe

AHEAD = 4  # batches
Batch = TypeVar("Batch")


def places(sets: Sequence[PatchSet], index: np.ndarray) -> list[tuple[PatchSet, int]]:
    """Each patch's set and its row there, by its place in all sets one after another."""
    starts = np.cumsum([0, *map(len, sets)])
    which = np.searchsorted(starts, index, "right") - 1
    return [(sets[part], int(i - starts[part])) for i, part in zip(index, which)]


def take(sets: Sequence[PatchSet], index: np.ndarray, input_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Model inputs by their place in all sets: (B, S, S, 3) float32 and labels (B, 1) float32 um."""
    found = places(sets, index)
    tiles = np.stack([part.tiles[row] for part, row in found])
    z_um = np.array([[part.z_um[row]] for part, row in found], np.float32)
    return preprocess.model_input(tiles, input_size), z_um


def crop(x: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """A random square of each patch: (B, S, S, 3) to (B, side, side, 3)."""
    corners = rng.integers(0, x.shape[1] - side + 1, (len(x), 2))
    return np.stack([patch[i : i + side, j : j + side] for patch, (i, j) in zip(x, corners)])


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


@dataclass(frozen=True)
class Feed:
    """Where the batches of a training come from."""

    sets: tuple[PatchSet, ...]
    input_size: int
    how: Recipe
    seed: int
    epoch_patches: int | None
    teacher_um: Sequence[np.ndarray] | None = None

    def order(self, epoch: int) -> np.ndarray:
        return order(sum(map(len, self.sets)), self.how.batch_size, self.epoch_patches, self.seed, epoch)

    def epoch(self, epoch: int, side: int) -> Callable[[int], tuple[np.ndarray, ...]]:
        """The i-th batch of an epoch: x (B, side, side, 3), and (B, 1) z_um, the teacher's answer, and weight."""
        rng = np.random.default_rng([self.seed, epoch, 1])
        places = self.order(epoch)
        kinds = rng.integers(0, 8 if self.how.turns else 1, places.shape)
        weights = self._weights()
        teacher = None if self.teacher_um is None else np.concatenate(self.teacher_um).astype(np.float32)

        def make(i: int) -> tuple[np.ndarray, ...]:
            index = np.sort(places[i])
            x, z_um = take(self.sets, index, self.input_size)
            x = turn(x, kinds[i]) if self.how.turns else x
            if side != self.input_size:
                x = crop(x, side, np.random.default_rng([self.seed, epoch, 2, i]))
            return x, z_um, z_um if teacher is None else teacher[index, None], weights[index, None]

        return make

    def _weights(self) -> np.ndarray:
        contrast = np.concatenate([part.contrast for part in self.sets])
        weight = 1 / (1 + (self.how.half_contrast / np.maximum(contrast, 1e-3)) ** 2)
        relative: np.ndarray = (weight / weight.mean()).astype(np.float32)
        return relative


def prefetch(make: Callable[[int], Batch], count: int) -> Iterator[Batch]:
    """make(0), make(1), ... made ahead in one thread, in order."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[Batch]] = deque()
        for i in range(count + AHEAD):
            if i < count:
                waiting.append(pool.submit(make, i))
            if i >= AHEAD:
                yield waiting.popleft().result()
