"""Representative patches for quantisation and parity: of training stacks only, with a manifest, in one small file."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data import datasets, jiang2018, patches
from edgebench.data.patches import PatchSet
from edgebench.errors import ConversionError, ModelError
from edgebench.files import whole
from edgebench.models import batches

NAME = "calibration.npz"
COUNT = 128  # patches of 112 px; fewer of larger ones, for a file that a repository can hold
VALUES = COUNT * 112 * 112 * 3
TEST_SPLITS = ("test-1", "test-2")


@dataclass(frozen=True)
class Calibration:
    """Model inputs (N, S, S, 3) float32, and the manifest: split, seed, data, and the stack and z of each patch."""

    x: np.ndarray
    about: dict[str, Any]

    @property
    def z_um(self) -> np.ndarray:
        return np.array([one["z_um"] for one in self.about["ids"]], np.float32)


def of_patches(sets: Sequence[PatchSet], data: list[dict[str, Any]], seed: int, input_size: int) -> Calibration:
    """A seeded choice from training patches, even over z."""
    place = batches.sample(sets, min(COUNT, VALUES // (input_size * input_size * 3)), seed)
    x, z_um = batches.take(sets, place, input_size)
    stacks = [name for part in sets for name in np.array(part.ids)[part.stack]]
    about = {
        "split": "train",
        "count": len(x),
        "seed": seed,
        "input_size": input_size,
        "data": data,
        "ids": [{"stack": str(stacks[i]), "z_um": round(float(z), 3)} for i, z in zip(place, z_um[:, 0])],
    }
    return Calibration(x, about)


def of_dataset(root: Path, input_size: int, kind: str = "difference", seed: int = 0) -> Calibration:
    """The same from the train split of a data set on disk; ConversionError if that shares a stack with a test split."""
    described = datasets.describe(root)
    about = {"name": described.name, "simulated": described.simulated, "sha256": described.sha256}
    training = patches.drawn(root, ["train"], COUNT, data_sha256=described.sha256, kind=kind, seed=seed)
    calibration = of_patches([training], [about], seed, input_size)
    refuse_test_stacks(calibration, root, described)
    return calibration


def save(file: Path, calibration: Calibration) -> None:
    """Write under a temporary name, then rename: 8 bits a value, each patch with its own scale, compressed."""
    scale = np.abs(calibration.x).max(axis=(1, 2, 3), keepdims=True) / 127
    codes = np.round(calibration.x / np.maximum(scale, 1e-9)).astype(np.int8)
    steps = np.diff(codes, axis=2, prepend=np.zeros_like(codes[:, :, :1]))  # wraps; neighbours are alike: 40 % smaller
    about = np.frombuffer(json.dumps(calibration.about).encode(), np.uint8)
    with whole(file) as writing:
        np.savez_compressed(writing, steps=steps, scale=scale, about=about)


def load(file: Path) -> Calibration:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            codes = np.cumsum(arrays["steps"], axis=2, dtype=np.int8)
            x = codes.astype(np.float32) * arrays["scale"].astype(np.float32)
            return Calibration(x, json.loads(arrays["about"].tobytes()))
    except FileNotFoundError as error:
        raise ConversionError(
            f"{file}: no calibration patches. Give a data set that has a train split with --calibration."
        ) from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(f"{file}: not readable ({error}). Copy it again, or use --calibration.") from error


def refuse_test_stacks(calibration: Calibration, root: Path, described: datasets.Dataset) -> None:
    """Raise ConversionError if a stack (or a tile of it) lies in a test split of its data set.

    Another data set is no matter: equal names are other tissue there.
    """
    if described.sha256 not in {one["sha256"] for one in calibration.about["data"]}:
        return
    seen = {_field_of_view(one["stack"]) for one in calibration.about["ids"]}
    for split in sorted(set(described.splits) & set(TEST_SPLITS)):
        for stack in jiang2018.stacks(root, split):
            if _field_of_view(stack.id) in seen:
                raise ConversionError(
                    f"{root}: {stack.id} of {split} is among the calibration stacks. Calibrate on training data only."
                )


def _field_of_view(stack: str) -> str:
    return re.sub(r"_Seg\d+$", "", stack)
