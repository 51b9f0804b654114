"""Pictures whose defocus can be read off them, written as a data set: answers, and so errors, are known beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edgebench.backends.programmable import BITS, COLUMNS, ROWS, ZERO_NM
from edgebench.bench.cells import Data
from edgebench.errors import DatasetError
from edgebench.types import DELTA_NM, StackFiles

SPLIT = "pattern"
STACKS = 8
TILES = 3  # of an image
INPUT_SIZE = 32  # px
WRONG_NM = 5000  # the last tile of each image says so much more: the median over the tiles must not see it
_TILE = 224  # px
_GREY, _SWING = 128, 40  # grey values
_FIRST_NM, _APART_NM, _GROUPS, _STEP_NM, _SHIFT_NM = -7500, 5000, 4, 500, 60


def labels_nm(stack: int) -> tuple[int, ...]:
    """Of the upper planes of a stack; no upper plane has a partner above it, so that these are all its images."""
    first = _FIRST_NM + _SHIFT_NM * stack
    return tuple(first + _APART_NM * group + step for group in range(_GROUPS) for step in (0, _STEP_NM))


def all_labels_um() -> np.ndarray:
    return np.array([z_nm / 1000 for stack in range(STACKS) for z_nm in labels_nm(stack)])


def write(root: Path) -> Data:
    """Eight stacks of eight images; lower planes are grey, upper ones show the label. Raises DatasetError."""
    digest = hashlib.sha256()
    stacks = []
    for number in range(STACKS):
        name = f"p{number + 1}_l1"
        planes = []
        for z_nm, picture in _planes(labels_nm(number)):
            file = f"{name}_defocus{z_nm}.png"
            if not cv2.imwrite(str(root / file), picture):
                raise DatasetError(f"{root / file}: cannot be written. Make room for temporary files.")
            digest.update(file.encode() + picture.tobytes())
            planes.append((file, z_nm))
        stacks.append(StackFiles(name, name.partition("_")[0], tuple(sorted(planes, key=lambda plane: plane[1]))))
    images = STACKS * len(labels_nm(0))
    about = {
        "name": "selftest pattern",
        "simulated": True,
        "seed": None,
        "sha256": digest.hexdigest(),
        "rule": f"a plane with a partner exactly 2 um above it makes one image of {TILES} patches",
        "splits": {SPLIT: {"stacks": STACKS, "images": images, "patches": images * TILES}},
    }
    return Data(str(root), about, {SPLIT: tuple(stacks)})


def tile(z_nm: int) -> np.ndarray:
    """(224, 224) uint8: blocks brighter or darker than grey, as programmable.read_um reads them."""
    bits = (z_nm + ZERO_NM) >> np.arange(BITS) & 1
    signs = 2 * np.concatenate([bits, 1 - bits]).reshape(ROWS, COLUMNS) - 1
    grey: np.ndarray = np.kron(_GREY + _SWING * signs, np.ones((_TILE // ROWS, _TILE // COLUMNS))).astype(np.uint8)
    return grey


def _planes(labels: tuple[int, ...]) -> Iterator[tuple[int, np.ndarray]]:
    for z_nm in labels:
        said = [z_nm] * (TILES - 1) + [z_nm + WRONG_NM]
        upper = np.hstack([tile(each) for each in said])
        for at_nm, grey in ((z_nm - DELTA_NM, np.full_like(upper, _GREY)), (z_nm, upper)):
            yield at_nm, np.repeat(grey[..., None], 3, axis=2)
