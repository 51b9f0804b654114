"""Makes small data sets in the published layout: names alone, or images, with or without `dataset.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

TRAIN = "train_incoherent_RGBChannels"
SAME = "testRawData_incoherent_sameProtocol"
DIFFERENT = "testRawData_incoherent_diffProtocol"
SPLITS = {TRAIN: "train", SAME: "test-1", DIFFERENT: "test-2"}
Z_NM = tuple(range(-9850, 10151, 500))  # 41 planes, as published


def names(folder: Path, z_nm: Iterable[int] = Z_NM, *, prefix: str = "", suffix: str = ".jpg") -> Path:
    """A stack of empty files: the loader reads names only."""
    folder.mkdir(parents=True, exist_ok=True)
    for z in z_nm:
        (folder / f"{prefix}defocus{z}{suffix}").touch()
    return folder


def images(
    folder: Path, z_nm: Iterable[int], *, prefix: str = "", size: tuple[int, int] = (224, 224), seed: int = 0
) -> Path:
    """A stack of PNG images, width x height = size, that blur with the distance from focus."""
    folder.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(60, 200, (size[1] // 8, size[0] // 8, 3), np.uint8)
    sharp = cv2.resize(coarse, size)
    for z in z_nm:
        blurred = cv2.GaussianBlur(sharp, (0, 0), 0.5 + abs(z) / 2000)
        assert cv2.imwrite(str(folder / f"{prefix}defocus{z}.png"), blurred)
    return folder


def manifest(root: Path, **more: Any) -> Path:
    """Write dataset.json for what is there, as the simulator does."""
    splits: dict[str, Any] = {}
    for split in sorted((root / "incoherent_RGBchannels").iterdir()):
        stacks = {stack.name: {"parameters": {}, "files": _hashes(root, stack)} for stack in sorted(split.iterdir())}
        splits[SPLITS[split.name]] = {"stacks": stacks}
    path = root / "dataset.json"
    about = {"name": "simulated", "simulated": True, "version": 1, "seed": 7, "splits": splits}
    path.write_text(json.dumps(about | more))
    return path


def _hashes(root: Path, stack: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(stack.iterdir())
    }
