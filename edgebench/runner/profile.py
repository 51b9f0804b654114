"""Time by kind of operator, in a process of its own: asking costs time, so that no other number may come from it."""

from __future__ import annotations

from pathlib import Path

from edgebench.backends import profiling
from edgebench.runner import start
from edgebench.types import RunSpec


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the profile event."""
    batch = start.noise(spec)
    backend, load = start.start(spec, batch)
    del backend
    operators = profiling.profile(spec.backend, Path(spec.artifact), batch, spec.threads)
    emit("load", **load)
    emit("profile", calls=profiling.CALLS, operators=operators)
