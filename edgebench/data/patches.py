"""Difference patches of a split as one array on disk: made once, mapped by every later training."""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data import jiang2018
from edgebench.data.scratch import scratch
from edgebench.data.workers import begin_worker
from edgebench.errors import DatasetError
from edgebench.focus import images, preprocess
from edgebench.types import FocalStack, PlanePair

SCHEMA = 2  # of the cache folder; a change makes new keys
GOLDEN = 0.6180339887  # its multiples are spread evenly over 0..1, however many are taken
TILES = 4  # of one pair, where patches are drawn


@dataclass(frozen=True)
class PatchSet:
    """Model inputs with their labels; row i of all arrays is one patch.

    x: (N, S, S, 3), float16 where it is mapped from disk, else float32. z_um: (N,) float32. stack: (N,) int32, an
    index into ids.
    """

    x: np.ndarray
    z_um: np.ndarray
    stack: np.ndarray
    ids: tuple[str, ...]
    sha256: str  # of the data set that they come from

    def __len__(self) -> int:
        return len(self.z_um)


def choose_pairs(stack: FocalStack, count: int | None, seed: int) -> tuple[PlanePair, ...]:
    """A seeded choice of pairs, one from each of `count` equal ranges of z; None (or enough) means all."""
    pairs = tuple(stack.pairs())
    if count is None or count >= len(pairs):
        return pairs
    rng = np.random.default_rng([seed, zlib.crc32(stack.id.encode())])
    edges = np.linspace(0, len(pairs), count + 1).astype(int)
    return tuple(pairs[rng.integers(low, high)] for low, high in zip(edges, edges[1:]))


def stack_patches(pairs: Sequence[PlanePair], input_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches of pairs of one stack, each plane decoded once: (N, S, S, 3) float32, and (N,) float32 um."""
    smoothed: dict[Path, np.ndarray] = {}
    for plane in {plane.path: plane for pair in pairs for plane in (pair.lower, pair.upper)}.values():
        smoothed[plane.path] = preprocess.smooth(images.read_image(plane.path))
    found = []
    for pair in pairs:
        difference = preprocess.difference(smoothed[pair.lower.path], smoothed[pair.upper.path])
        found.append(preprocess.model_input(preprocess.tiles(difference), input_size))
    z_um = [np.full(len(x), pair.z_um, np.float32) for x, pair in zip(found, pairs)]
    return np.concatenate(found), np.concatenate(z_um)


def cached(
    root: Path,
    split: str,
    input_size: int,
    cache: Path,
    *,
    data_sha256: str,
    pairs_per_stack: int | None = None,
    seed: int = 0,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PatchSet:
    """The patches of one split of one data set, made now or mapped from `cache`.

    More stacks teach more than more pairs of one stack: pairs_per_stack makes room for them. The key of the cache
    holds the data, the code that preprocesses, and all arguments, so that nothing stale is ever read.
    """
    key = _key(data_sha256, split, input_size, pairs_per_stack, seed)
    folder = cache / f"{split}-{input_size}-{key[:16]}"
    if not folder.is_dir():
        chosen = [(stack.id, choose_pairs(stack, pairs_per_stack, seed)) for stack in jiang2018.stacks(root, split)]
        chosen = [(name, pairs) for name, pairs in chosen if pairs]
        if not chosen:
            raise DatasetError(f"{root}: split {split!r} has no two planes 2 um apart. Check the data folder.")
        _build(folder, chosen, input_size, data_sha256, jobs or len(os.sched_getaffinity(0)), progress)
    return _open(folder)


def drawn(
    root: Path, splits: Sequence[str], input_size: int, count: int, *, data_sha256: str, seed: int = 0
) -> PatchSet:
    """About `count` patches (fewer of a small set): stacks in turn, pairs spread over z, a few tiles of each pair."""
    stacks = [stack for split in splits for stack in jiang2018.stacks(root, split)]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(stacks))
    found: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
    for turn in range(4 * count if stacks else 0):
        index = int(order[turn % len(order)])
        pairs = tuple(stacks[index].pairs())
        which = int(turn * GOLDEN % 1 * len(pairs))
        if pairs and (index, which) not in found:
            x, z_um = stack_patches([pairs[which]], input_size)
            tiles = rng.permutation(len(x))[:TILES]
            found[index, which] = x[tiles], z_um[tiles]
            if sum(len(z_um) for _, z_um in found.values()) >= count:
                break
    if not found:
        raise DatasetError(f"{root}: no two planes 2 um apart in {', '.join(splits)}. Check the data folder.")
    owner = [np.full(len(z_um), index, np.int32) for (index, _), (_, z_um) in found.items()]
    x, z_um = (np.concatenate(parts) for parts in zip(*found.values()))
    ids = tuple(stack.id for stack in stacks)
    return PatchSet(x, z_um, np.concatenate(owner), ids, data_sha256)


def _key(*parts: object) -> str:
    sources = [Path(str(module.__file__)).read_text() for module in (preprocess, images)]
    return hashlib.sha256(json.dumps([SCHEMA, *sources, *parts]).encode()).hexdigest()


def _open(folder: Path) -> PatchSet:
    about = json.loads((folder / "patches.json").read_text())
    x = np.load(folder / "x.npy", mmap_mode="r", allow_pickle=False)
    z_um = np.load(folder / "z_um.npy", allow_pickle=False)
    stack = np.load(folder / "stack.npy", allow_pickle=False)
    return PatchSet(x, z_um, stack, tuple(about["ids"]), about["data_sha256"])


def _build(
    folder: Path,
    chosen: Sequence[tuple[str, tuple[PlanePair, ...]]],
    input_size: int,
    data_sha256: str,
    jobs: int,
    progress: Callable[[int, int], None],
) -> None:
    """Fill a folder under a temporary name, then rename it."""
    with scratch(folder) as building, _mapping(jobs) as mapped:
        counts = list(mapped(_count, [pairs for _, pairs in chosen]))
        starts = np.concatenate([[0], np.cumsum(counts)])
        _create(building / "x.npy", (int(starts[-1]), input_size, input_size, 3), folder.parent)
        work = partial(_write, building / "x.npy", input_size)
        z_um = []
        for done, part in enumerate(mapped(work, [pairs for _, pairs in chosen], starts[:-1].tolist(), counts)):
            z_um.append(part)
            progress(done + 1, len(chosen))
        np.save(building / "z_um.npy", np.concatenate(z_um))
        np.save(building / "stack.npy", np.repeat(np.arange(len(counts), dtype=np.int32), counts))
        about = {"ids": [name for name, _ in chosen], "data_sha256": data_sha256}
        (building / "patches.json").write_text(json.dumps(about))
        building.rename(folder)


@contextmanager
def _mapping(jobs: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """map() over processes, or in this one where one job is enough; on leaving, what is not begun is dropped."""
    if jobs == 1:
        yield map
        return
    spawn = multiprocessing.get_context("spawn")  # a fork of a process with TensorFlow's threads can hang
    pool = ProcessPoolExecutor(jobs, spawn, begin_worker)
    try:
        yield partial(pool.map, chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


def _create(file: Path, shape: tuple[int, ...], cache: Path) -> None:
    """An empty float16 array with its place on disk taken: writing to a mapped file on a full disk kills."""
    try:
        np.lib.format.open_memmap(file, "w+", np.float16, shape).flush()
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    except OSError as error:
        size = f"{2 * math.prod(shape) / 1e9:.1f} GB"
        raise DatasetError(
            f"{cache}: no room for {size} of patches ({error.strerror}). Use --pairs-per-stack or --cache."
        ) from error


def _count(pairs: Sequence[PlanePair]) -> int:
    """How many patches the pairs of one stack give; its planes are all of one size (difference checks it)."""
    return len(preprocess.tiles(images.read_image(pairs[0].lower.path))) * len(pairs)


def _write(file: Path, input_size: int, pairs: Sequence[PlanePair], start: int, count: int) -> np.ndarray:
    x, z_um = stack_patches(pairs, input_size)
    if len(x) != count:
        raise DatasetError(f"{pairs[0].lower.path.parent}: planes of different sizes. All of a stack need one size.")
    np.lib.format.open_memmap(file, "r+")[start : start + count] = x
    return z_um
