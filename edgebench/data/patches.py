"""Tiles of a split as one array on disk: made once, mapped by every later training, whatever its input size."""

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
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data import augment, jiang2018
from edgebench.data.scratch import scratch
from edgebench.data.workers import begin_worker
from edgebench.errors import DatasetError
from edgebench.focus import aggregate, images, preprocess
from edgebench.types import FocalStack, PlanePair

SCHEMA = 3  # of the cache folder; a change makes new keys
GOLDEN = 0.6180339887  # its multiples are spread evenly over 0..1, however many are taken
TILES = 4  # of one pair, where patches are drawn
COLUMNS = ("z_um", "contrast", "stack")


@dataclass(frozen=True)
class PatchSet:
    """Tiles with their labels; row i of all arrays is one patch. batches.take() makes model inputs of them.

    tiles: (N, 224, 224, 3), not resized, not standardised; int8 differences (clipped to +-127, which two planes 2 um
    apart do not reach) or uint8 single images. z_um: (N,) float32. contrast: (N,) float32, grey values. stack: (N,)
    int32, an index into ids.
    """

    tiles: np.ndarray
    z_um: np.ndarray
    contrast: np.ndarray
    stack: np.ndarray
    ids: tuple[str, ...]
    sha256: str  # of the data set that they come from

    def __len__(self) -> int:
        return len(self.z_um)


@dataclass(frozen=True)
class Choice:
    """Which patches of a split a training sees, and as what."""

    kind: str = "difference"  # of preprocess.KINDS
    pairs_per_stack: int | None = None  # None: all. More stacks teach more than more pairs of one stack
    augment: bool = False
    seed: int = 0


def choose_pairs(stack: FocalStack, count: int | None, seed: int) -> tuple[PlanePair, ...]:
    """A seeded choice of pairs, one from each of `count` equal ranges of z; None (or enough) means all."""
    pairs = tuple(stack.pairs())
    if count is None or count >= len(pairs):
        return pairs
    rng = np.random.default_rng([seed, zlib.crc32(stack.id.encode())])
    edges = np.linspace(0, len(pairs), count + 1).astype(int)
    return tuple(pairs[rng.integers(low, high)] for low, high in zip(edges, edges[1:]))


def stack_tiles(
    pairs: Sequence[PlanePair], kind: str = "difference", rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Tiles of pairs of one stack, each plane decoded once: (N, h, w, 3) int8 or uint8, and (N,) float32 um.

    With rng each pair is augmented.
    """
    used = {plane.path: plane for pair in pairs for plane in (pair.lower, pair.upper)}
    planes = {path: images.read_image(path) for path in used}
    found = []
    for pair in pairs:
        lower, upper = planes[pair.lower.path], planes[pair.upper.path]
        if rng is not None:
            lower, upper = augment.augmented(lower, upper, rng)
        found.append(eight_bits(preprocess.pair_tiles(lower, upper, kind)))
    z_um = [np.full(len(tiles), pair.z_um, np.float32) for tiles, pair in zip(found, pairs)]
    return np.concatenate(found), np.concatenate(z_um)


def eight_bits(tiles: np.ndarray) -> np.ndarray:
    return tiles if tiles.dtype == np.uint8 else np.clip(tiles, -127, 127).astype(np.int8)


def cached(
    root: Path,
    split: str,
    choice: Choice,
    cache: Path,
    *,
    data_sha256: str,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PatchSet:
    """The patches of one split of one data set, made now or mapped from `cache`.

    The key of the cache holds the data, the code that preprocesses, and the choice, so that nothing stale is read.
    """
    key = _key(data_sha256, split, asdict(choice))
    folder = cache / f"{split}-{choice.kind}-{key[:16]}"
    if not folder.is_dir():
        stacks = jiang2018.stacks(root, split)
        chosen = [(stack.id, choose_pairs(stack, choice.pairs_per_stack, choice.seed)) for stack in stacks]
        chosen = [(name, pairs) for name, pairs in chosen if pairs]
        if not chosen:
            raise DatasetError(f"{root}: split {split!r} has no two planes 2 um apart. Check the data folder.")
        _build(folder, chosen, choice, data_sha256, jobs or len(os.sched_getaffinity(0)), progress)
    return _open(folder)


def drawn(
    root: Path, splits: Sequence[str], count: int, *, data_sha256: str, kind: str = "difference", seed: int = 0
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
            tiles, z_um = stack_tiles([pairs[which]], kind)
            some = rng.permutation(len(tiles))[:TILES]
            found[index, which] = tiles[some], z_um[some]
            if sum(len(z_um) for _, z_um in found.values()) >= count:
                break
    if not found:
        raise DatasetError(f"{root}: no two planes 2 um apart in {', '.join(splits)}. Check the data folder.")
    owner = [np.full(len(z_um), index, np.int32) for (index, _), (_, z_um) in found.items()]
    tiles, z_um = (np.concatenate(parts) for parts in zip(*found.values()))
    ids = tuple(stack.id for stack in stacks)
    return PatchSet(tiles, z_um, aggregate.contrast(tiles), np.concatenate(owner), ids, data_sha256)


def _key(*parts: object) -> str:
    sources = [Path(str(module.__file__)).read_text() for module in (preprocess, images, augment)]
    return hashlib.sha256(json.dumps([SCHEMA, *sources, *parts]).encode()).hexdigest()


def _open(folder: Path) -> PatchSet:
    about = json.loads((folder / "patches.json").read_text())
    tiles = np.load(folder / "tiles.npy", mmap_mode="r", allow_pickle=False)
    z_um, contrast, stack = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in COLUMNS)
    return PatchSet(tiles, z_um, contrast, stack, tuple(about["ids"]), about["data_sha256"])


def _build(
    folder: Path,
    chosen: Sequence[tuple[str, tuple[PlanePair, ...]]],
    choice: Choice,
    data_sha256: str,
    jobs: int,
    progress: Callable[[int, int], None],
) -> None:
    """Fill a folder under a temporary name, then rename it."""
    with scratch(folder) as building, _mapping(jobs) as mapped:
        counts = list(mapped(_count, [pairs for _, pairs in chosen]))
        starts = np.concatenate([[0], np.cumsum(counts)])
        dtype = np.uint8 if choice.kind == "single" else np.int8
        _create(building / "tiles.npy", dtype, (int(starts[-1]), preprocess.TILE, preprocess.TILE, 3), folder.parent)
        work = partial(_write, building / "tiles.npy", choice)
        z_um, contrast = [], []
        for done, part in enumerate(mapped(work, *zip(*chosen), starts[:-1].tolist(), counts)):
            z_um.append(part[0])
            contrast.append(part[1])
            progress(done + 1, len(chosen))
        np.save(building / "z_um.npy", np.concatenate(z_um))
        np.save(building / "contrast.npy", np.concatenate(contrast))
        np.save(building / "stack.npy", np.repeat(np.arange(len(counts), dtype=np.int32), counts))
        about = {"ids": [name for name, _ in chosen], "data_sha256": data_sha256}
        (building / "patches.json").write_text(json.dumps(about))
        try:
            building.rename(folder)
        except OSError:  # another process made the same meanwhile
            if not folder.is_dir():
                raise


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


def _create(file: Path, dtype: type, shape: tuple[int, ...], cache: Path) -> None:
    """An empty array with its place on disk taken: writing to a mapped file on a full disk kills."""
    try:
        np.lib.format.open_memmap(file, "w+", dtype, shape).flush()
        with file.open("r+b") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    except OSError as error:
        size = f"{math.prod(shape) / 1e9:.1f} GB"
        raise DatasetError(
            f"{cache}: no room for {size} of patches ({error.strerror}). Use --pairs-per-stack or --cache."
        ) from error


def _count(pairs: Sequence[PlanePair]) -> int:
    """How many patches the pairs of one stack give; its planes are all of one size (difference checks it)."""
    return len(preprocess.tiles(images.read_image(pairs[0].lower.path))) * len(pairs)


def _write(
    file: Path, choice: Choice, stack: str, pairs: Sequence[PlanePair], start: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([choice.seed, zlib.crc32(stack.encode()), 1]) if choice.augment else None
    tiles, z_um = stack_tiles(pairs, choice.kind, rng)
    if len(tiles) != count:
        raise DatasetError(f"{pairs[0].lower.path.parent}: planes of different sizes. All of a stack need one size.")
    np.lib.format.open_memmap(file, "r+")[start : start + count] = tiles
    return z_um, aggregate.contrast(tiles)
