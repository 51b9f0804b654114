"""Stacks from disk to model inputs, ahead of the inference: threads decode and filter, OpenCV lets them run at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edgebench.errors import DatasetError
from edgebench.focus import aggregate, images, preprocess
from edgebench.types import FocalStack, Plane, PlanePair

AHEAD = 8  # images that wait for the models


@dataclass(frozen=True)
class Look:
    """What a model sees of a pair of planes."""

    kind: str  # of preprocess.KINDS
    input_size: int


@dataclass(frozen=True)
class Image:
    """One pair of planes for all models: tiles are made and resized once for each look."""

    stack: FocalStack
    z_nm: int  # label: of the upper plane
    inputs: dict[Look, np.ndarray]  # (N, S, S, 3) float32
    contrast: np.ndarray  # (N,) float32, grey values of the tiles' difference before they are resized


@dataclass(frozen=True)
class _Plane:
    raw: np.ndarray  # (H, W, 3) uint8
    smoothed: np.ndarray


def read(stacks: Iterable[FocalStack], looks: Sequence[Look], quality: int | None, threads: int) -> Iterator[Image]:
    """Every pair of planes 2 um apart in the order of stack and z; each plane is decoded and filtered once.

    quality: of a JPEG that each decoded plane becomes first, colours at half the resolution (4:2:0); None: as stored.
    """
    waiting: deque[Future[Image]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for future in _submitted(pool, stacks, looks, quality):
            waiting.append(future)
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def recompress(image: np.ndarray, quality: int, path: Path) -> np.ndarray:
    """An RGB image, (H, W, 3) uint8, through a JPEG in memory."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR]
    options.append(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise DatasetError(f"{path}: cannot be made a JPEG of quality {quality}. Check the image.")
    return images.decode(data.tobytes(), path)


def _submitted(
    pool: ThreadPoolExecutor, stacks: Iterable[FocalStack], looks: Sequence[Look], quality: int | None
) -> Iterator[Future[Image]]:
    """A task waits only for planes that were submitted before it, so that those are running or done: no deadlock."""
    for stack in stacks:
        planes: dict[int, Future[_Plane]] = {}
        for pair in stack.pairs():
            planes = {z_nm: plane for z_nm, plane in planes.items() if z_nm >= pair.lower.z_nm}  # z only rises
            for plane in (pair.lower, pair.upper):
                if plane.z_nm not in planes:
                    planes[plane.z_nm] = pool.submit(_load, plane, quality)
            yield pool.submit(_image, stack, pair, planes[pair.lower.z_nm], planes[pair.upper.z_nm], looks)


def _load(plane: Plane, quality: int | None) -> _Plane:
    raw = images.read_image(plane.path)
    if quality is not None:
        raw = recompress(raw, quality, plane.path)
    return _Plane(raw, preprocess.smooth(raw))


def _image(
    stack: FocalStack, pair: PlanePair, lower: Future[_Plane], upper: Future[_Plane], looks: Sequence[Look]
) -> Image:
    below, above = lower.result(), upper.result()
    smoothed = below.smoothed, above.smoothed
    kinds = {"difference", *(look.kind for look in looks)}
    tiles = {kind: preprocess.pair_tiles(below.raw, above.raw, kind, smoothed) for kind in kinds}
    inputs = {look: preprocess.model_input(tiles[look.kind], look.input_size) for look in looks}
    return Image(stack, pair.upper.z_nm, inputs, aggregate.contrast(tiles["difference"]))
