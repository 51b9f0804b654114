"""From a RunSpec on standard input to one of our backends, warm, with its batches: as in our own latency process."""

from __future__ import annotations

import sys
from itertools import cycle, islice
from typing import TYPE_CHECKING

from edgebench.runner import host, spec

if TYPE_CHECKING:
    import numpy as np

    from edgebench.backends.base import Backend

WARM_UP = 100  # calls


def ready(inputs: str = "real") -> tuple[Backend, list[np.ndarray]]:
    """inputs: "real" patches, or "random" tensors of the same mean and variance."""
    run = spec.parse(sys.stdin.read())
    host.apply_threads(run.threads)  # before NumPy, OpenCV and the runtime are imported

    import cv2
    import numpy as np

    from edgebench.runner import feed, latency, start

    cv2.setNumThreads(run.threads)
    patches = feed.rotation(run, run.rotation)[0]
    if inputs == "random":
        patches = np.random.default_rng(run.seed).standard_normal(patches.shape, np.float32)
    turns = latency.batches(patches, run.batch_size)
    backend, _ = start.start(run, turns[0])
    for x in islice(cycle(turns), WARM_UP):
        backend.predict(x)
    return backend, turns
