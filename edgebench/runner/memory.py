"""Resident memory by stages, in a process that measures nothing else.

The stage "interpreter" holds Python, NumPy, OpenCV and the input patches; what later stages add belongs to the
runtime and the artifact. Never ru_maxrss: it is inherited over exec from a large parent.
"""

from __future__ import annotations

import gc
from itertools import cycle, islice
from pathlib import Path

import cv2

from edgebench.errors import DeviceError
from edgebench.runner import feed, guest, heap, latency, start
from edgebench.types import RunSpec

STEADY_CALLS = 50  # of an emulated board as many inferences: its calls take half a minute, and each asks for the same
PATCHES = 8  # a few real inputs; more would only add to every stage alike
_FIELDS = {"Rss": "rss_bytes", "Pss": "pss_bytes", "Private_Clean": "uss_bytes", "Private_Dirty": "uss_bytes"}


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the memory event."""
    cv2.setNumThreads(spec.threads)
    if guest.emulated():
        heap.keep_nothing()
    turns = latency.batches(feed.rotation(spec, PATCHES)[0], spec.batch_size)
    gc.collect()
    heap.give_back()
    peak_reset = heap.reset_peak()
    stages = {"interpreter": resident()}

    def stage(name: str) -> None:
        stages[name] = resident()

    backend, load = start.start(spec, turns[0], stage, ask=False)
    calls = -(-STEADY_CALLS // spec.batch_size) if guest.emulated() else STEADY_CALLS
    for x in islice(cycle(turns), calls):
        backend.predict(x)
    stages["steady"] = resident()
    peak_rss_bytes = max(stage["rss_bytes"] for stage in stages.values())
    if not guest.emulated():  # the peak that the kernel knows is the emulator's
        peak_rss_bytes = max(heap.peak(), peak_rss_bytes)
    emit("load", **load, **start.told(backend))  # asked last: the answer costs memory of its own
    emit("memory", stages=stages, peak_rss_bytes=peak_rss_bytes, peak_reset=peak_reset)


def resident() -> dict[str, int]:
    """RSS, PSS and USS of this process now, bytes, from the kernel's sum over its mappings; RSS of an emulated one."""
    if guest.emulated():
        return {"rss_bytes": guest.resident()}
    path = Path("/proc/self/smaps_rollup")
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise DeviceError(f"{path}: cannot be read ({error.strerror}). Memory needs Linux 4.14 or later.") from error
    found = dict.fromkeys(_FIELDS.values(), 0)
    for line in lines:
        name, _, value = line.partition(":")
        if name in _FIELDS:
            found[_FIELDS[name]] += int(value.split()[0]) * 1024
    return found
