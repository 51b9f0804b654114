"""Every image once, as Table 7 of the paper counts it: read, preprocess, predict in batches, median.

With several threads each takes the next image and does all of it, on a runtime of its own with one thread: none waits
but for a plane that a neighbour is just decoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Lock
from time import perf_counter_ns, process_time_ns

import cv2
import numpy as np

from edgebench.backends.base import Backend
from edgebench.focus.aggregate import image_value
from edgebench.runner import feed, heap, start
from edgebench.types import RunSpec


@dataclass
class _Open:
    """An image of which some patches are not predicted yet."""

    image: feed.Image
    preprocess_ns: int
    patches_um: list[float] = field(default_factory=list)
    predict_ns: int = 0


class _Queue:
    """The images in order, each made by the thread that takes it; none any more once a thread has failed."""

    def __init__(self, spec: RunSpec, chosen: list[feed.Pair]) -> None:
        self._planes = feed.Planes(spec, chosen)
        self._pairs = iter(chosen)
        self._lock = Lock()
        self.failed = False

    def __iter__(self) -> Iterator[feed.Image]:
        while (pair := self._next()) is not None:
            yield self._planes.image(pair)

    def _next(self) -> feed.Pair | None:
        with self._lock:
            return None if self.failed else next(self._pairs, None)


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event, an image event each, and the accuracy event with the wall time of the whole loop.

    The loop finds its files in the page cache: they are read once before it, untimed.
    """
    cv2.setNumThreads(1)
    heap.keep_freed()
    peak_reset = heap.reset_peak()
    chosen = feed.pairs(spec)
    workers = min(spec.threads, len(chosen))
    alone = replace(spec, threads=1)
    backend, load = start.start(alone, start.noise(spec))
    backends = [backend, *(start.start(alone, start.noise(spec), ask=False)[0] for _ in range(workers - 1))]
    emit("load", **load)
    feed.warm(spec, chosen)
    image_value(np.zeros(1, np.float32))  # NumPy imports a part of its median at the first call: 20 ms
    queue, lock = _Queue(spec, chosen), Lock()

    def tell(event: str, **values: object) -> None:
        with lock:
            emit(event, **values)

    wall, cpu = perf_counter_ns(), process_time_ns()
    counts = _all(spec, backends, queue, tell)
    wall_ns, cpu_ns = perf_counter_ns() - wall, process_time_ns() - cpu
    patches, padded = (sum(count) for count in zip(*counts))
    totals = {"images": len(chosen), "patches": patches, "padded": padded, "workers": workers}
    peak = {"peak_rss_bytes": heap.peak(), "peak_reset": peak_reset}
    emit("accuracy", wall_ns=wall_ns, cpu_ns=cpu_ns, **totals, **peak)


def _all(spec: RunSpec, backends: list[Backend], queue: _Queue, emit: start.Emit) -> list[tuple[int, int]]:
    """Patches and padding of each worker."""
    if len(backends) == 1:
        return [_work(spec, backends[0], queue, emit)]
    with ThreadPoolExecutor(len(backends)) as pool:
        return list(pool.map(lambda backend: _work(spec, backend, queue, emit), backends))


def _work(spec: RunSpec, backend: Backend, queue: _Queue, emit: start.Emit) -> tuple[int, int]:
    patches = padded = 0
    try:
        for batch, owners in _batches(spec, backend, queue):
            begin = perf_counter_ns()
            y = backend.predict(batch)
            predict_ns = perf_counter_ns() - begin
            patches += len(owners)
            padded += spec.batch_size - len(owners)
            start.check(spec, y, len(owners), patches)
            _share(owners, y, predict_ns)
            for entry in {id(entry): entry for entry in owners}.values():
                if len(entry.patches_um) == len(entry.image.small):
                    emit("image", **_finished(entry))
    except BaseException:
        queue.failed = True
        raise
    return patches, padded


def _batches(spec: RunSpec, backend: Backend, images: Iterable[feed.Image]) -> Iterator[tuple[np.ndarray, list[_Open]]]:
    """Full batches across the borders of images, with the image of each patch; the last repeats its patches.

    One array is filled again and again, of int8 where the artifact takes that. Padding has no owner.
    """
    into = backend.quantisation
    batch = np.zeros(start.shape(spec), np.float32 if into is None else np.int8)
    patch = np.empty(batch.shape[1:], np.float32)
    owners: list[_Open] = []
    for image in images:
        entry = _Open(image, image.preprocess_ns)
        for small in image.small:
            begin = perf_counter_ns()
            feed.put(small, batch[len(owners)], into, patch)
            entry.preprocess_ns += perf_counter_ns() - begin
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
        "preprocess_ns": entry.preprocess_ns,
        "predict_ns": entry.predict_ns,
        "aggregate_ns": aggregate_ns,
    }
