"""From a RunSpec to a loaded artifact that has answered once: import, load and first call timed apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from edgebench.backends import base
from edgebench.errors import BackendError, ModelError
from edgebench.types import RunSpec

Emit = Callable[..., None]
DTYPE = "float32"


def shape(spec: RunSpec) -> list[int]:
    return [spec.batch_size, spec.input_size, spec.input_size, 3]


def start(
    spec: RunSpec, batch: np.ndarray, stage: Callable[[str], None] = lambda name: None, *, ask: bool = True
) -> tuple[base.Backend, dict[str, object]]:
    """Load the artifact and call it once on `batch`; returns it with the fields of the load event.

    stage is told "imports", "load" and "first" as each is reached. Without ask, the artifact's input is not checked,
    and the fields that told() gives are left to the caller.
    """
    begin = perf_counter_ns()
    runtime = base.load(spec.backend)
    imported = perf_counter_ns()
    stage("imports")
    loading = perf_counter_ns()
    backend = runtime(Path(spec.artifact), batch_size=spec.batch_size, threads=spec.threads)
    loaded = perf_counter_ns()
    stage("load")
    if ask:
        _check_input(spec, backend.takes(), "int8" if backend.quantisation else DTYPE)
    calling = perf_counter_ns()
    y = backend.predict(batch)
    first_ns = perf_counter_ns() - calling
    stage("first")
    check(spec, y, spec.batch_size, spec.batch_size)
    times = {"import_ns": imported - begin, "load_ns": loaded - loading, "first_ns": first_ns}
    return backend, {**times, **(told(backend) if ask else {})}  # not before the first call: it may warm what it asks


def told(backend: base.Backend) -> dict[str, dict[str, Any]]:
    """What the runtime says of itself: the rest of the load event."""
    return {"executed": {**backend.takes(), **backend.executed()}, "versions": backend.versions()}


def check(spec: RunSpec, y: np.ndarray, real: int, seen: int) -> None:
    """ModelError where the first `real` answers are not one finite number each; seen counts all so far."""
    if y.shape != (spec.batch_size,):
        raise ModelError(f"{spec.artifact}: gives {y.size} numbers for {spec.batch_size} patches, expected one each.")
    bad = int(np.count_nonzero(~np.isfinite(y[:real])))
    if bad:
        raise ModelError(f"{spec.artifact}: artifact gives NaN for {bad} of {seen} patches. Convert or train it again.")


def noise(spec: RunSpec) -> np.ndarray:
    """A batch like standardised patches, for a first call that reads no file."""
    return np.random.default_rng(spec.seed).standard_normal(shape(spec), np.float32)


def _check_input(spec: RunSpec, takes: dict[str, object], known: str) -> None:
    taken, dtype = takes.get("input_shape"), takes.get("input_dtype", known)
    given = shape(spec)
    fits = not isinstance(taken, list) or (
        len(taken) == len(given) and all(size in (None, want) for size, want in zip(taken, given))
    )
    if not fits or dtype != known:
        raise BackendError(
            f"{spec.artifact}: takes {dtype} {taken}, this run gives {known} {given}. Check --input-size and --batch."
        )
