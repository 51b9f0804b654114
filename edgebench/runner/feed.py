"""Pairs of planes from disk to model inputs, one image at a time: memory does not grow with their number."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import perf_counter_ns
from typing import Optional

import numpy as np

from edgebench.backends.quantisation import Quantisation
from edgebench.errors import DatasetError
from edgebench.focus import images, preprocess
from edgebench.types import RunSpec, StackFiles

_PIECE = 2**20  # bytes
Source = tuple[str, int, int]  # of a patch: stack, z of the upper plane in nm, tile
_Key = tuple[str, str]  # stack, file name: of a plane
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Pair:
    stack: StackFiles
    lower: int  # index of the plane in the stack
    upper: int


@dataclass(frozen=True)
class Image:
    """One pair as shrunk tiles, (N, S, S, 3), of which model inputs are one step away; and what that cost."""

    pair: Pair
    small: np.ndarray  # preprocess.standardise() takes each
    read_ns: int  # read and decode; 0 for a plane that the stack has shown before
    preprocess_ns: int

    @property
    def z_nm(self) -> int:
        return self.pair.stack.planes[self.pair.upper][1]

    def patches(self) -> np.ndarray:
        """(N, S, S, 3) float32."""
        out = np.empty(self.small.shape, np.float32)
        for small, to in zip(self.small, out):
            preprocess.standardise(small, to)
        return out


@dataclass
class _Times:
    """What an image has cost so far, ns."""

    read_ns: int = 0
    preprocess_ns: int = 0


def pairs(spec: RunSpec) -> list[Pair]:
    """All pairs delta_nm apart in the order of the stacks, or spec.images of them: one of each of so many equal parts.

    Its place in the part moves on by the golden ratio: of evenly spaced ones all have one z where a part is two stacks.
    """
    found = [pair for stack in spec.stacks for pair in _of_stack(stack, spec.delta_nm)]
    if not found:
        raise DatasetError(f"{spec.data_root}: no two planes {spec.delta_nm} nm apart. Check the data folder.")
    if not 0 < spec.images < len(found):
        return found
    return [found[int((i + (i + 0.5) * _GOLDEN % 1) * len(found) / spec.images)] for i in range(spec.images)]


class Planes:
    """The pairs as shrunk tiles, for any number of threads: each plane is read and smoothed once, by the first that
    needs it, and forgotten after the last pair that does."""

    def __init__(self, spec: RunSpec, chosen: Sequence[Pair]) -> None:
        self._root, self._input_size = Path(spec.data_root), spec.input_size
        self._left = Counter(key for pair in chosen for key in _keys(pair))  # pairs that still need a plane
        self._made: dict[_Key, Future[np.ndarray]] = {}
        self._lock = Lock()

    def image(self, pair: Pair) -> Image:
        times = _Times()
        lower, upper = (self._smoothed(key, times) for key in _keys(pair))
        small, spent_ns = _timed(preprocess.small_tiles, lower, upper, self._input_size)
        return Image(pair, small, times.read_ns, times.preprocess_ns + spent_ns)

    def _smoothed(self, key: _Key, times: _Times) -> np.ndarray:
        with self._lock:
            mine = key not in self._made
            future = self._made.setdefault(key, Future())
            self._left[key] -= 1
            if not self._left[key]:
                del self._made[key]
        if mine:
            try:
                image, times.read_ns = _timed(images.read_image, self._root / key[1], add=times.read_ns)
                smoothed, times.preprocess_ns = _timed(smooth, image, add=times.preprocess_ns)
                future.set_result(smoothed)
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()


def read(spec: RunSpec, chosen: Sequence[Pair]) -> Iterator[Image]:
    """The pairs as shrunk tiles, one after the other."""
    return map(Planes(spec, chosen).image, chosen)


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


def smooth(plane: np.ndarray) -> np.ndarray:
    """Of a decoded plane, (H, W, 3) uint8, what tiles are made of."""
    return preprocess.smooth(preprocess.needed(plane))


def put(small: np.ndarray, to: np.ndarray, into: Optional[Quantisation], scratch: np.ndarray) -> None:
    """One shrunk tile, (S, S, 3), as the artifact takes it: float32, or int8 by way of scratch, (S, S, 3) float32."""
    if into is None:
        preprocess.standardise(small, to)
    else:
        preprocess.standardise(small, scratch)
        into.quantise(scratch, to)


def rotation(spec: RunSpec, count: int) -> tuple[np.ndarray, list[Source]]:
    """`count` different real patches in seeded order, (N, S, S, 3), and where each is from: as many from each stack,
    or one more.

    Fewer where the data set has no more. Those of one stack come from one of its images, while that has enough.
    """
    rng = random.Random(spec.seed)
    by_stack = [list(_of_stack(stack, spec.delta_nm)) for stack in spec.stacks]
    for found in by_stack:
        rng.shuffle(found)
    rng.shuffle(by_stack)
    patches: list[tuple[np.ndarray, Source]] = []
    while len(patches) < count and any(by_stack):
        by_stack = [found for found in by_stack if found]
        for i, found in enumerate(by_stack):
            share = -(-(count - len(patches)) // (len(by_stack) - i))  # what is missing, over the stacks to come
            if share:
                image = next(read(spec, [found.pop()]))
                inputs = image.patches()
                tiles = rng.sample(range(len(inputs)), min(share, len(inputs)))
                patches += [(inputs[tile], (image.pair.stack.id, image.z_nm, tile)) for tile in tiles]
    if not patches:
        raise DatasetError(f"{spec.data_root}: no two planes {spec.delta_nm} nm apart. Check the data folder.")
    rng.shuffle(patches)
    return np.stack([patch for patch, _ in patches]), [source for _, source in patches]


def _of_stack(stack: StackFiles, delta_nm: int) -> Iterator[Pair]:
    at = {z_nm: plane for plane, (_, z_nm) in enumerate(stack.planes)}
    for lower, (_, z_nm) in enumerate(stack.planes):
        if z_nm + delta_nm in at:
            yield Pair(stack, lower, at[z_nm + delta_nm])


def _keys(pair: Pair) -> tuple[_Key, _Key]:
    names = [pair.stack.planes[plane][0] for plane in (pair.lower, pair.upper)]
    return (pair.stack.id, names[0]), (pair.stack.id, names[1])


def _timed(function: Callable[..., np.ndarray], *arguments: object, add: int = 0) -> tuple[np.ndarray, int]:
    """What a function gives, and its time added to another, ns."""
    start = perf_counter_ns()
    result = function(*arguments)
    return result, add + perf_counter_ns() - start
