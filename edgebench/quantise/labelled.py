"""Labelled patches for calibration, explain and search: of a data set, of a folder of images, or of an .npz file."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data import datasets, jiang2018, layout, patches
from edgebench.errors import DatasetError
from edgebench.files import sha256
from edgebench.focus import images, preprocess

LABELS = "labels.csv"  # of a folder: file, y, and maybe image and stack


@dataclass(frozen=True)
class Labelled:
    """Model inputs (N, S, S, 3) float32, labels (N,) float32 um, and which patches are of one image, and of one stack.

    An image's answer is the median of its patches; images of one stack are not independent.
    """

    x: np.ndarray
    y: np.ndarray
    image: tuple[str, ...]
    stack: tuple[str, ...]
    about: dict[str, Any]  # name, simulated (None: not known), sha256
    splits: tuple[str, ...]  # of each patch

    def __len__(self) -> int:
        return len(self.y)

    def some(self, rows: np.ndarray) -> Labelled:
        image, stack, splits = (tuple(names[i] for i in rows) for names in (self.image, self.stack, self.splits))
        return Labelled(self.x[rows], self.y[rows], image, stack, self.about, splits)

    @property
    def split(self) -> str:
        """The splits in words."""
        return " and ".join(dict.fromkeys(self.splits))


def load(
    path: Path, input_size: int, count: int, *, splits: Sequence[str] = (), kind: str = "difference", seed: int = 0
) -> Labelled:
    """About `count` images of each split of a data set, or all patches of a file or folder that brings its own.

    splits: all of them are taken; the first of the data set if none is named. Raises DatasetError.
    """
    if path.suffix == ".npz":
        return _of_arrays(path, input_size)
    if (path / LABELS).is_file():
        return _of_folder(path, input_size)
    return _of_dataset(path, input_size, count, splits, kind, seed)


def _of_arrays(path: Path, size: int) -> Labelled:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = set(arrays.files)
            if not {"x", "y"} <= names:
                raise DatasetError(f"{path}: holds {', '.join(sorted(names)) or 'nothing'}, expected x and y.")
            x, y = arrays["x"], arrays["y"].reshape(-1)
            image, stack = (arrays[name].astype(str) if name in names else None for name in ("image", "stack"))
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error}). Check the path.") from error
    except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: not an .npz of arrays ({error}). Write it with numpy.savez.") from error
    if x.shape[1:] != (size, size, 3) or len(x) != len(y) or not len(x):
        raise DatasetError(
            f"{path}: x is {x.shape} and y {y.shape}, expected (N, {size}, {size}, 3) and (N,): model inputs and um."
        )
    return _checked(x.astype(np.float32), y, image, stack, path, sha256(path))


def _of_folder(folder: Path, size: int) -> Labelled:
    """Images as they are, each one patch: scaled to the input and standardised, as a run does it."""
    table = folder / LABELS
    with table.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    if not rows or not {"file", "y"} <= set(rows[0]):
        raise DatasetError(f"{table}: expected a header with file and y, and a line for each image.")
    try:
        y = np.array([float(row["y"]) for row in rows])
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{table}: {error}. y is the distance in um.") from error
    planes = [images.read_image(folder / row["file"])[None] for row in rows]
    x = np.concatenate([preprocess.model_input(plane, size) for plane in planes])
    image, stack = (np.array([row[name] for row in rows]) if name in rows[0] else None for name in ("image", "stack"))
    return _checked(x, y, image, stack, folder, sha256(table))


def _of_dataset(root: Path, size: int, count: int, splits: Sequence[str], kind: str, seed: int) -> Labelled:
    described = datasets.describe(root)
    wanted = splits or [split for split in layout.SPLITS if split in described.splits][:1]
    absent = [split for split in wanted if split not in described.splits]
    if absent or not wanted:
        raise DatasetError(f"{root}: no {' or '.join(absent)}. Splits: {', '.join(described.splits)}.")
    rng = np.random.default_rng(seed)
    x, y, image, stack, of = [], [], [], [], []
    for split in wanted:
        stacks = list(jiang2018.stacks(root, split))
        order = rng.permutation(len(stacks))
        per_stack = -(-count // len(stacks))
        for place in order[:count]:
            one = stacks[int(place)]
            for pair in patches.choose_pairs(one, per_stack, seed):
                tiles, z_um = patches.stack_tiles([pair], kind)
                x.append(preprocess.model_input(tiles, size))
                y.append(z_um)
                image += [f"{one.id} {pair.upper.z_nm}"] * len(tiles)
                stack += [one.id] * len(tiles)
                of += [split] * len(tiles)
        if split not in of:
            raise DatasetError(f"{root}: {split} has no two planes 2 um apart. Check the data folder.")
    about = {"name": described.name, "simulated": described.simulated, "sha256": described.sha256}
    return Labelled(np.concatenate(x), np.concatenate(y), tuple(image), tuple(stack), about, tuple(of))


def _checked(
    x: np.ndarray, y: np.ndarray, image: np.ndarray | None, stack: np.ndarray | None, path: Path, identity: str
) -> Labelled:
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        raise DatasetError(f"{path}: a patch or a label is not finite. Mend or leave out those.")
    names = tuple(map(str, range(len(y)))) if image is None else tuple(map(str, image))
    groups = names if stack is None else tuple(map(str, stack))
    if len(names) != len(y) or len(groups) != len(y):
        raise DatasetError(f"{path}: image and stack need one name for each of {len(y)} patches.")
    about = {"name": path.name, "simulated": None, "sha256": identity}
    return Labelled(x, y.astype(np.float32), names, groups, about, ("given",) * len(y))
