"""Load the artifact and call it a few times on random patches, as little else as can be: does it fit into memory?

No image is read, and OpenCV not imported: a decoded image takes more memory than a small model.
"""

from __future__ import annotations

from edgebench.runner import heap, start
from edgebench.types import RunSpec

CALLS = 50


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the endure event."""
    batch = start.noise(spec)
    backend, load = start.start(spec, batch)
    emit("load", **load)
    for _ in range(CALLS):
        y = backend.predict(batch)
    start.check(spec, y, spec.batch_size, spec.batch_size)
    emit("endure", calls=CALLS, peak_rss_bytes=heap.peak())
