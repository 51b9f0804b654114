"""Every image once, as Table 7 of the paper counts it: read, preprocess, predict in batches, median."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter_ns, process_time_ns

import cv2
import numpy as np

from edgebench.focus.aggregate import image_value
from edgebench.runner import feed, start
from edgebench.types import RunSpec


@dataclass
class _Open:
    """An image of which some patches are not predicted yet."""

    image: feed.Image
    patches_um: list[float] = field(default_factory=list)
    predict_ns: int = 0


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event, an image event each, and the accuracy event with the wall time of the whole loop.

    The loop finds its files in the page cache: they are read once before it, untimed.
    """
    cv2.setNumThreads(spec.threads)
    chosen = feed.pairs(spec)
    backend, load = start.start(spec, start.noise(spec))
    emit("load", **load)
    feed.warm(spec, chosen)
    image_value(np.zeros(1, np.float32))  # NumPy imports a part of its median at the first call: 20 ms
    patches = padded = 0
    wall, cpu = perf_counter_ns(), process_time_ns()
    for batch, owners in _batches(spec, feed.read(spec, chosen)):
        begin = perf_counter_ns()
        y = backend.predict(batch)
        predict_ns = perf_counter_ns() - begin
        patches += len(owners)
        padded += spec.batch_size - len(owners)
        start.check(spec, y, len(owners), patches)
        _share(owners, y, predict_ns)
        for entry in {id(entry): entry for entry in owners}.values():
            if len(entry.patches_um) == len(entry.image.patches):
                emit("image", **_finished(entry))
    wall_ns, cpu_ns = perf_counter_ns() - wall, process_time_ns() - cpu
    emit("accuracy", wall_ns=wall_ns, cpu_ns=cpu_ns, images=len(chosen), patches=patches, padded=padded)


def _batches(spec: RunSpec, images: Iterable[feed.Image]) -> Iterator[tuple[np.ndarray, list[_Open]]]:
    """Full batches across the borders of images, with the image of each patch; the last repeats its patches.

    One array is filled again and again. Padding has no owner.
    """
    batch = np.zeros(start.shape(spec), np.float32)
    owners: list[_Open] = []
    for image in images:
        entry = _Open(image)
        for patch in image.patches:
            batch[len(owners)] = patch
            owners.append(entry)
            if len(owners) == spec.batch_size:
                yield batch, owners
                owners = []
    if owners:
        real = len(owners)
        batch[real:] = batch[np.arange(spec.batch_size - real) % real]
        yield batch, owners


def _share(owners: list[_Open], y: np.ndarray, predict_ns: int) -> None:
    """Give each patch its answer, and each image its part of the batch's time, to the nanosecond."""
    for i, (entry, answer) in enumerate(zip(owners, y.tolist())):
        entry.patches_um.append(answer)
        entry.predict_ns += predict_ns * (i + 1) // len(owners) - predict_ns * i // len(owners)


def _finished(entry: _Open) -> dict[str, object]:
    begin = perf_counter_ns()
    image_value(np.asarray(entry.patches_um, np.float32))
    aggregate_ns = perf_counter_ns() - begin
    stack = entry.image.pair.stack
    return {
        "stack": stack.id,
        "sample": stack.sample,
        "z_nm": entry.image.z_nm,
        "patches_um": entry.patches_um,
        "read_ns": entry.image.read_ns,
        "preprocess_ns": entry.image.preprocess_ns,
        "predict_ns": entry.predict_ns,
        "aggregate_ns": aggregate_ns,
    }
