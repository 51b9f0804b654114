"""Representative patches for quantisation and parity: of training stacks only, with a manifest, in one small file."""

from __future__ import annotations

import hashlib
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
from edgebench.quantise.labelled import Labelled

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


def of_patches(
    sets: Sequence[PatchSet], data: list[dict[str, Any]], seed: int, input_size: int, count: int | None = None
) -> Calibration:
    """A seeded choice from training patches, even over z; as many as a repository can hold, if no count is given."""
    place = batches.sample(sets, count or min(COUNT, VALUES // (input_size * input_size * 3)), seed)
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


def of_dataset(root: Path, input_size: int, kind: str = "difference", seed: int = 0, count: int = COUNT) -> Calibration:
    """The same from the train split of a data set on disk; ConversionError if that shares a stack with a test split."""
    described = datasets.describe(root)
    about = {"name": described.name, "simulated": described.simulated, "sha256": described.sha256}
    training = patches.drawn(root, ["train"], count, data_sha256=described.sha256, kind=kind, seed=seed)
    calibration = of_patches([training], [about], seed, input_size, count)
    refuse_test_stacks(calibration, root, described)
    return calibration


def of_labelled(given: Labelled, input_size: int, count: int = COUNT) -> Calibration:
    """Some of the patches that somebody brings, even over the labels; ConversionError where they are constant."""
    by_label = np.argsort(given.y, kind="stable")
    rows = np.sort(by_label[np.linspace(0, len(given) - 1, min(count, len(given))).round().astype(int)])
    chosen = given.some(rows)
    refuse_constant(chosen.x, given.about["name"])
    about = {
        "split": given.split,
        "count": len(chosen),
        "seed": None,
        "input_size": input_size,
        "data": [given.about],
        "ids": [{"stack": stack, "z_um": round(float(y), 3)} for stack, y in zip(chosen.stack, chosen.y)],
    }
    return Calibration(chosen.x, about)


def refuse_constant(x: np.ndarray, name: str) -> None:
    """Of equal pixels a range says nothing."""
    if not len(x) or float(np.ptp(x)) == 0:
        raise ConversionError(f"{name}: all {len(x)} calibration patches are constant. Calibrate on real ones.")


def refuse_shared(calibration: Calibration, x: np.ndarray, name: str) -> None:
    """ConversionError if a patch of the test, (N, S, S, 3), is one of the calibration's."""
    known = {_identity(patch) for patch in calibration.x}
    for place, patch in enumerate(x):
        if _identity(patch) in known:
            raise ConversionError(f"{name}: patch {place} is among the calibration patches. Test on others.")


def _identity(patch: np.ndarray) -> bytes:
    """Of its 8-bit codes: a patch that was saved and loaded again is the same one."""
    scale = max(float(np.abs(patch).max()) / 127, 1e-9)
    return hashlib.sha256(np.round(patch / np.float32(scale)).astype(np.int8).tobytes()).digest()


def halves(calibration: Calibration) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint subsets, each even over z."""
    order = np.argsort(calibration.z_um, kind="stable")
    return calibration.x[np.sort(order[::2])], calibration.x[np.sort(order[1::2])]


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
