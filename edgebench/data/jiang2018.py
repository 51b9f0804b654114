"""The published data set exactly as it lies on disk (Jiang et al. 2018, figshare item 5936881), and its simulation."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from edgebench.data import layout
from edgebench.data.splits import validation_samples
from edgebench.errors import DatasetError
from edgebench.focus.images import SUFFIXES
from edgebench.types import DELTA_NM, FocalStack, Plane

STACK = re.compile(r"s(\d+)_l(\d+)", re.ASCII)
PLANE = re.compile(r"(?:Seg(\d+)_)?defocus(-?\d+)", re.ASCII)  # nm, no plus sign
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}

Splits = dict[str, tuple[FocalStack, ...]]


def stacks(root: Path, split: str) -> tuple[FocalStack, ...]:
    """All focal stacks of a split, in the order of their numbers; a training tile is a stack of its own.

    root: the folder above Data_channel, incoherent_RGBchannels, or between. Raises UsageError for an unknown split,
    DatasetError for a folder or a name that is not the layout's.
    """
    found = layout.find(root)
    folder = layout.split_folder(found, split)
    if split not in ("train", "validation"):
        return _read(folder)
    chosen = _divided(found, folder)[split]
    if not chosen:
        raise DatasetError(f"{folder}: no stack is left for {split!r}. It needs stacks of at least two samples.")
    return chosen


def all_stacks(found: layout.Layout) -> Splits:
    """The stacks of every split that has some, each folder read once; DatasetError where none is finished."""
    every: Splits = {}
    for split in layout.present(found):
        folder = layout.split_folder(found, split)
        every.update(_divided(found, folder) if split == "train" else {split: _read(folder)})
    if not every:
        raise DatasetError(f"{found.base}: no finished split. Run the same `edgebench data simulate` again.")
    return {split: chosen for split, chosen in every.items() if chosen}


def _divided(found: layout.Layout, folder: Path) -> Splits:
    """The training folder as train and validation; no sample is in both (paper, 3.1)."""
    every = _read(folder)
    if found.manifest is not None and "validation_samples" in found.manifest:
        held_out = frozenset(found.manifest["validation_samples"])
    else:
        tiles: Counter[str] = Counter()
        for stack in every:
            tiles[stack.sample] += len(stack.planes)
        held_out = validation_samples(tiles)
    return {
        "train": tuple(stack for stack in every if stack.sample not in held_out),
        "validation": tuple(stack for stack in every if stack.sample in held_out),
    }


def _read(folder: Path) -> tuple[FocalStack, ...]:
    folders = []
    for path in _without_litter(folder):
        match = STACK.fullmatch(path.name)
        if match is not None and path.is_dir():
            folders.append((int(match[1]), int(match[2]), path))
        elif path.is_dir() or path.suffix.lower() in SUFFIXES:
            raise DatasetError(f"{path}: unexpected name. A split holds folders s<S>_l<L>. Rename or move it.")
    if not folders:
        raise DatasetError(f"{folder}: no stack. Expected {layout.EXPECTED}.")
    return tuple(stack for *_, path in sorted(folders) for stack in _read_folder(path))


def _read_folder(folder: Path) -> list[FocalStack]:
    """The stack of a field of view, or one of each training tile (Seg<k>) of it."""
    by_tile: dict[int, dict[int, Path]] = defaultdict(dict)  # {k, or -1 without Seg: {z_nm: file}}
    for path in _without_litter(folder):
        match = PLANE.fullmatch(path.stem)
        if match is None or path.suffix.lower() not in SUFFIXES:
            raise DatasetError(
                f"{path}: unexpected name. Expected defocus<NM> or Seg<k>_defocus<NM>, ending in one of "
                f"{' '.join(SUFFIXES)}. Rename or move it."
            )
        planes = by_tile[int(match[1] or -1)]
        z_nm = int(match[2])
        if z_nm in planes:
            raise DatasetError(f"{path}: a second image of {z_nm} nm, beside {planes[z_nm].name}. Keep one of them.")
        planes[z_nm] = path
    if not by_tile:
        raise DatasetError(f"{folder}: no image. Copy its planes defocus<NM>.jpg, or remove the folder.")
    sample, location = folder.name.split("_")
    found = []
    for tile, planes in sorted(by_tile.items()):
        field = location if tile < 0 else f"{location}_Seg{tile}"
        stack = FocalStack(sample, field, tuple(Plane(planes[z_nm], z_nm) for z_nm in sorted(planes)))
        if next(stack.pairs(), None) is None:
            apart = f"{len(planes)} planes, no two of them {DELTA_NM / 1000:g} um apart"
            what = "one plane only" if len(planes) == 1 else apart
            raise DatasetError(f"{folder}: stack {stack.id} has {what}. Copy the missing planes, or remove it.")
        found.append(stack)
    return found


def _without_litter(folder: Path) -> Sequence[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise DatasetError(f"{folder}: cannot be read ({error.strerror}). Check the data folder.") from error
    return [path for path in entries if not path.name.startswith(".") and path.name.lower() not in LITTER]
