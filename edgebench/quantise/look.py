"""A quick look at latency, all files in turns on one thread in this process: to choose by, never a record."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from edgebench.backends import base as backends
from edgebench.models.quiet import quiet

CALLS, ROUNDS, BATCH = 20, 5, 8
ROUND_NS = 250_000_000  # fewer calls where they are slow


def rounds_ms(files: Mapping[str, Path], backend: str, x: np.ndarray, calls: int = CALLS) -> dict[str, list[float]]:
    """Median ms of a call of all of x, in each of the rounds."""
    with quiet():
        runtimes = {name: backends.load(backend)(file, batch_size=len(x), threads=1) for name, file in files.items()}
    found: dict[str, list[float]] = {name: [] for name in runtimes}
    for _ in range(ROUNDS):
        for name, runtime in runtimes.items():
            begin = perf_counter_ns()
            runtime.predict(x)
            fewer = max(1, ROUND_NS // max(1, perf_counter_ns() - begin))
            times = []
            for _ in range(min(calls, fewer)):
                begin = perf_counter_ns()
                runtime.predict(x)
                times.append(perf_counter_ns() - begin)
            found[name].append(statistics.median(times) / 1e6)
    return found


def ratio(one: Path, other: Path, backend: str, x: np.ndarray, calls: int) -> tuple[float, float, float]:
    """Time of one over that of the other: median of the rounds, the smallest and the largest."""
    found = rounds_ms({"one": one, "other": other}, backend, x, calls)
    ratios = [a / b for a, b in zip(found["one"], found["other"], strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
