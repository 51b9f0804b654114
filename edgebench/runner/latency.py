"""The time of one call, on real patches that take turns, after a warm-up that ends when the time settles."""

from __future__ import annotations

import gc
from itertools import cycle, islice
from time import perf_counter_ns, process_time_ns

import cv2
import numpy as np

from edgebench.backends.base import Backend
from edgebench.runner import feed, start
from edgebench.types import RunSpec

WINDOW = 20  # calls
AGREE = 0.10  # two successive windows differ by less than this share of the mean
CAP_CALLS = 300
CAP_NS = 60_000_000_000


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the latency event: spec.iterations samples of one call each."""
    cv2.setNumThreads(spec.threads)
    patches = feed.rotation(spec, spec.rotation)
    turns = batches(patches, spec.batch_size)
    backend, load = start.start(spec, turns[0])
    emit("load", **load)
    calls = cycle(turns)
    warmup_calls, steady = _warm_up(backend, calls)
    samples_ns = [0] * spec.iterations
    gc.collect()
    gc.disable()
    wall, cpu = perf_counter_ns(), process_time_ns()
    for i, x in enumerate(islice(calls, spec.iterations)):
        begin = perf_counter_ns()
        y = backend.predict(x)
        samples_ns[i] = perf_counter_ns() - begin
    wall_ns, cpu_ns = perf_counter_ns() - wall, process_time_ns() - cpu
    gc.enable()
    start.check(spec, y, spec.batch_size, spec.batch_size)
    emit(
        "latency",
        samples_ns=samples_ns,
        warmup_calls=warmup_calls,
        steady=steady,
        wall_ns=wall_ns,
        cpu_ns=cpu_ns,
        distinct_patches=len(patches),
    )


def batches(patches: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """All patches in batches; the last is filled from the first patches."""
    rows = -(-len(patches) // batch_size) * batch_size
    turning = np.arange(rows) % len(patches)
    return [patches[turning[i : i + batch_size]] for i in range(0, rows, batch_size)]


def _warm_up(backend: Backend, calls: cycle[np.ndarray]) -> tuple[int, bool]:
    """Call until the means of two successive windows agree, or the cap; returns calls, and if they agreed."""
    begin = perf_counter_ns()
    done, before_ns = 0, 0
    while done < CAP_CALLS and perf_counter_ns() - begin < CAP_NS:
        window = perf_counter_ns()
        for x in islice(calls, WINDOW):
            backend.predict(x)
        spent_ns = perf_counter_ns() - window
        done += WINDOW
        if before_ns and abs(spent_ns - before_ns) <= AGREE * max(spent_ns, before_ns):
            return done, True
        before_ns = spent_ns
    return done, False
