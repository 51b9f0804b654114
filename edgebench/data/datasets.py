"""What a data set is (name, simulated or real, hash, counts with their rule), and whether it is whole."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from edgebench.data import jiang2018, layout
from edgebench.data.layout import Layout
from edgebench.errors import DatasetError
from edgebench.focus import preprocess
from edgebench.focus.images import decode, read_image
from edgebench.types import DELTA_NM, FocalStack, Plane

Progress = Callable[[str, int, int], None]  # split, stacks done, stacks in all
# Of dataset.json, as `data simulate` writes it. objects: the SHA-256 of each real image by its name.
SETUP = ("version", "optics", "source_points", "field", "format", "microscope", "objects")


@dataclass(frozen=True)
class SplitCounts:
    stacks: int
    images: int  # pairs
    patches: int


@dataclass(frozen=True)
class Dataset:
    """A data set as records carry it."""

    name: str
    simulated: bool
    seed: int | None
    sha256: str  # of dataset.json, or of all names and sizes where there is none
    rule: str
    splits: dict[str, SplitCounts]
    setup: dict[str, Any] = field(default_factory=dict)  # of a simulated set: SETUP, what its name and seed do not tell


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a data set."""

    split: str
    what: str


def describe(root: Path) -> Dataset:
    """Count what is there; one image of each split is decoded for its size. Raises DatasetError."""
    found = layout.find(root)
    every = jiang2018.all_stacks(found)
    counts, tiles = {}, {}
    for split, stacks in every.items():
        tiles[split] = tiles_of(stacks[0])
        images = sum(1 for stack in stacks for _ in stack.pairs())
        counts[split] = SplitCounts(len(stacks), images, images * tiles[split])
    known = found.manifest
    if known is None:
        return Dataset("jiang2018", False, None, _names_sha256(found, every), _rule(tiles), counts)
    sha256 = hashlib.sha256((found.home / layout.MANIFEST).read_bytes()).hexdigest()
    setup = {key: known[key] for key in SETUP if known.get(key) is not None}
    return Dataset(known["name"], known["simulated"], known.get("seed"), sha256, _rule(tiles), counts, setup)


def tiles_of(stack: FocalStack) -> int:
    """Patches of one image: 20 of a field of 1224x1024 (or 2448x2048, binned), 1 of a training tile."""
    return len(preprocess.tiles(read_image(stack.planes[0].path)))


def check(root: Path, *, fast: bool = False, progress: Progress | None = None) -> list[Finding]:
    """Decode every image (fast: the first of each stack), compare sizes and, where dataset.json has them, hashes.

    Raises DatasetError where the layout itself is wrong: then there is nothing to check.
    """
    found = layout.find(root)
    every = jiang2018.all_stacks(found)
    findings = [Finding(split, what) for split, what in layout.disagreements(found)]
    for split in layout.present(found):
        parts = ("train", "validation") if split == "train" else (split,)
        stacks = [stack for part in parts for stack in every.get(part, ())]
        hashes = layout.hashes(found, split)
        findings += [Finding(split, what) for what in _missing(found, stacks, hashes)]
        sizes: dict[str, list[Path]] = defaultdict(list)
        look = partial(_look, found, hashes)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for done, stack in enumerate(stacks, start=1):
                planes = stack.planes[:1] if fast else stack.planes
                for plane, (size, wrong) in zip(planes, pool.map(look, planes)):
                    if size:
                        sizes[size].append(plane.path)
                    findings += [Finding(split, what) for what in wrong]
                if progress is not None:
                    progress(split, done, len(stacks))
        findings += [Finding(split, what) for what in _odd_sizes(sizes)]
    return findings


def _look(found: Layout, hashes: Mapping[str, str], plane: Plane) -> tuple[str, list[str]]:
    """The size of one image ("" where it has none), and what is wrong with it."""
    wrong = []
    try:
        data = plane.path.read_bytes()
        expected = hashes.get(layout.name_in_manifest(found, plane.path)) if hashes else None
        if expected is not None and hashlib.sha256(data).hexdigest() != expected:
            wrong.append(f"{plane.path}: not the file that was simulated (SHA-256 differs)")
        height, width = decode(data, plane.path).shape[:2]
        return f"{width}x{height}", wrong
    except OSError as error:
        return "", [f"{plane.path}: cannot be read ({error.strerror})"]
    except DatasetError as error:
        return "", [*wrong, str(error)]


def _missing(found: Layout, stacks: Sequence[FocalStack], hashes: Mapping[str, str]) -> Iterator[str]:
    """Files on one side only; nothing to say where there is no dataset.json."""
    if found.manifest is None:
        return
    there = {layout.name_in_manifest(found, plane.path) for stack in stacks for plane in stack.planes}
    yield from (f"{found.home / name}: in dataset.json, but not on disk" for name in sorted(hashes.keys() - there))
    yield from (f"{found.home / name}: not in dataset.json" for name in sorted(there - hashes.keys()))


def _odd_sizes(sizes: Mapping[str, Sequence[Path]]) -> Iterator[str]:
    usual = max(sizes, key=lambda size: len(sizes[size]), default="")
    for size, paths in sizes.items():
        if size != usual:
            yield f"{paths[0]}: {size} px, but most images of the split have {usual} ({len(paths)} such file(s))"


def _rule(tiles: Mapping[str, int]) -> str:
    """How images and patches are counted, in words."""
    by_count: dict[int, list[str]] = defaultdict(list)
    for split, count in tiles.items():
        by_count[count].append(split)
    each = ", ".join(f"{count} in {' and '.join(of)}" for count, of in sorted(by_count.items(), reverse=True))
    size = preprocess.TILE
    return f"an image is a pair of planes exactly {DELTA_NM / 1000:g} um apart; patches of {size} px an image: {each}"


def _names_sha256(found: Layout, every: Mapping[str, Sequence[FocalStack]]) -> str:
    """Names and sizes, sorted: cheap, and another data set gives another value."""
    planes = sorted(plane.path for stacks in every.values() for stack in stacks for plane in stack.planes)
    digest = hashlib.sha256()
    for path in planes:
        digest.update(f"{path.relative_to(found.base).as_posix()}\0{path.stat().st_size}\n".encode())
    return digest.hexdigest()
