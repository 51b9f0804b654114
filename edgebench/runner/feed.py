"""Pairs of planes from disk to model inputs, one image at a time: memory does not grow with their number."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns
from typing import Optional

import numpy as np

from edgebench.errors import DatasetError
from edgebench.focus import images, preprocess
from edgebench.types import RunSpec, StackFiles

_PIECE = 2**20  # bytes


@dataclass(frozen=True)
class Pair:
    stack: StackFiles
    lower: int  # index of the plane in the stack
    upper: int


@dataclass(frozen=True)
class Image:
    """One pair as model inputs, (N, S, S, 3) float32, and what it cost to get there."""

    pair: Pair
    patches: np.ndarray
    read_ns: int  # read and decode; 0 for a plane that the stack has shown before
    preprocess_ns: int

    @property
    def z_nm(self) -> int:
        return self.pair.stack.planes[self.pair.upper][1]


def pairs(spec: RunSpec) -> list[Pair]:
    """All pairs delta_nm apart in the order of the stacks, or spec.images of them, spread evenly."""
    found = [pair for stack in spec.stacks for pair in _of_stack(stack, spec.delta_nm)]
    if not found:
        raise DatasetError(f"{spec.data_root}: no two planes {spec.delta_nm} nm apart. Check the data folder.")
    if not 0 < spec.images < len(found):
        return found
    return [found[(2 * i + 1) * len(found) // (2 * spec.images)] for i in range(spec.images)]


def read(spec: RunSpec, chosen: list[Pair]) -> Iterator[Image]:
    """The pairs as model inputs: each plane is read once, though two pairs share it."""
    root = Path(spec.data_root)
    stack: Optional[StackFiles] = None
    smoothed: dict[int, np.ndarray] = {}
    for pair in chosen:
        if pair.stack is not stack:
            stack, smoothed = pair.stack, {}
        smoothed = {plane: image for plane, image in smoothed.items() if plane >= pair.lower}  # z only rises
        read_ns = preprocess_ns = 0
        for plane in (pair.lower, pair.upper):
            if plane not in smoothed:
                image, spent_ns = _timed(images.read_image, root / stack.planes[plane][0])
                read_ns += spent_ns
                smoothed[plane], spent_ns = _timed(preprocess.smooth, image)
                preprocess_ns += spent_ns
        patches, spent_ns = _timed(_patches, smoothed[pair.lower], smoothed[pair.upper], spec.input_size)
        yield Image(pair, patches, read_ns, preprocess_ns + spent_ns)


def warm(spec: RunSpec, chosen: list[Pair]) -> None:
    """Read every file of the pairs once, a mebibyte at a time; what free memory can hold is then in the page cache."""
    root = Path(spec.data_root)
    piece = bytearray(_PIECE)
    for name in dict.fromkeys(pair.stack.planes[plane][0] for pair in chosen for plane in (pair.lower, pair.upper)):
        try:
            with (root / name).open("rb", buffering=0) as file:
                while file.readinto(piece):
                    pass
        except OSError as error:
            raise DatasetError(f"{root / name}: cannot be read ({error.strerror}). Check the data folder.") from error


def rotation(spec: RunSpec, count: int) -> np.ndarray:
    """`count` different real patches in seeded order, (N, S, S, 3): as many from each stack, or one more.

    Fewer where the data set has no more. Those of one stack come from one of its images, while that has enough.
    """
    rng = random.Random(spec.seed)
    by_stack = [list(_of_stack(stack, spec.delta_nm)) for stack in spec.stacks]
    for found in by_stack:
        rng.shuffle(found)
    rng.shuffle(by_stack)
    patches: list[np.ndarray] = []
    while len(patches) < count and any(by_stack):
        by_stack = [found for found in by_stack if found]
        for i, found in enumerate(by_stack):
            share = -(-(count - len(patches)) // (len(by_stack) - i))  # what is missing, over the stacks to come
            if share:
                image = next(read(spec, [found.pop()]))
                patches.extend(image.patches[rng.sample(range(len(image.patches)), min(share, len(image.patches)))])
    if not patches:
        raise DatasetError(f"{spec.data_root}: no two planes {spec.delta_nm} nm apart. Check the data folder.")
    rng.shuffle(patches)
    return np.stack(patches)


def _of_stack(stack: StackFiles, delta_nm: int) -> Iterator[Pair]:
    at = {z_nm: plane for plane, (_, z_nm) in enumerate(stack.planes)}
    for lower, (_, z_nm) in enumerate(stack.planes):
        if z_nm + delta_nm in at:
            yield Pair(stack, lower, at[z_nm + delta_nm])


def _patches(lower: np.ndarray, upper: np.ndarray, input_size: int) -> np.ndarray:
    return preprocess.model_input(preprocess.tiles(preprocess.difference(lower, upper)), input_size)


def _timed(function: Callable[..., np.ndarray], *arguments: object) -> tuple[np.ndarray, int]:
    start = perf_counter_ns()
    result = function(*arguments)
    return result, perf_counter_ns() - start
