"""Calls without rest, minute by minute: what heat makes of the time of a call (rule R18)."""

from __future__ import annotations

import gc
from itertools import cycle
from time import perf_counter_ns

import numpy as np

from edgebench.backends.base import Backend
from edgebench.runner import latency, start
from edgebench.runner.state import heat_and_clock
from edgebench.types import RunSpec

MINUTE_NS = 60_000_000_000


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event, an event of each of spec.minutes, and the sustained event.

    A minute's samples are summed up at its end, and heat and clock read, before the next begins: it takes milliseconds.
    """
    backend, turns, sources = latency.ready(spec, emit)
    calls = cycle(turns)
    before = heat_and_clock()
    warmup_calls, steady = latency.warm_up(backend, calls)
    gc.collect()
    gc.disable()
    for number in range(spec.minutes):
        emit("minute", minute=number + 1, **_minute(spec, backend, calls), **heat_and_clock())
    gc.enable()
    emit("sustained", before=before, warmup_calls=warmup_calls, steady=steady, distinct_patches=len(sources))


def _minute(spec: RunSpec, backend: Backend, calls: cycle[np.ndarray]) -> dict[str, int]:
    samples_ns = []
    begin = end = perf_counter_ns()
    while end - begin < MINUTE_NS:
        x = next(calls)
        called = perf_counter_ns()
        y = backend.predict(x)
        end = perf_counter_ns()
        samples_ns.append(end - called)
    start.check(spec, y, spec.batch_size, spec.batch_size)
    median, p90 = np.quantile(samples_ns, (0.5, 0.9)).tolist()
    return {"calls": len(samples_ns), "median_ns": round(median), "p90_ns": round(p90), "wall_ns": end - begin}
