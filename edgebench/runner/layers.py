"""What each operator gives for one batch of real patches, in few numbers: a hash of all, and the values of some."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from edgebench.backends import tapped
from edgebench.runner import feed, latency, start
from edgebench.types import RunSpec

KEPT = 512  # values of a tensor, at places that hang on its size alone


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a layer event of each operator in their order, and the load event and the layers event at the end.

    spec.artifact is a file whose tensors are outputs (convert/taps.py).
    """
    cv2.setNumThreads(spec.threads)
    patches, _ = feed.rotation(spec, spec.rotation)
    batch = latency.batches(patches, spec.batch_size)[0]
    count = 0
    for one in tapped.outputs(spec.backend, Path(spec.artifact), batch, spec.threads):
        values = np.ascontiguousarray(one.values)
        flat = values.reshape(-1)
        at = np.sort(np.random.default_rng(len(flat)).choice(len(flat), min(KEPT, len(flat)), replace=False))
        emit(
            "layer",
            name=one.name,
            dtype=values.dtype.name,
            scale=one.scale,
            sha256=hashlib.sha256(values.tobytes()).hexdigest(),
            values=[float(value) for value in flat[at]],
        )
        count += 1
    emit("layers", layers=count, patches=len(batch))
