"""Intervals that say 95 %: how often they hold the truth, over seeded runs of samples whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np

from edgebench.records import statistics as st
from edgebench.records.equivalence import equivalence
from edgebench.records.ratio import ratio
from edgebench.records.statistics import Estimate
from edgebench.selftest import synthetic
from edgebench.selftest.finding import Finding, Share
from edgebench.selftest.live import Bench

ASKED = "How often does an interval that says 95 % hold the truth?"
NOTE = (
    "Samples are seeded and synthetic, the intervals are those of records/statistics.py, ratio.py and equivalence.py. "
    "Processes: lognormal and normal effects of 5 %, or two levels 10 % apart with 70 and 30 % of the processes; each "
    "has 205 calls of 3 % noise. Percentiles: of five processes of 400 calls of 10 % lognormal noise; the "
    "truth is that of all processes there could be. Mean error: images of one stack share a lognormal level with the "
    "sigma given, the differences of two models a normal one."
)
LOW, HIGH = 0.93, 0.97
RUNS, RUNS_QUICK = 1000, 100
CALLS = 205  # of a process
CALLS_OF_PERCENTILE = 400  # enough for a p99
_NOISE, _EFFECT = 0.03, 0.05
Trial = Callable[[np.random.Generator], tuple[float, Estimate | None]]  # the truth, and the interval for it


def p50(effect: str, processes: int, rng: np.random.Generator) -> tuple[float, Estimate | None]:
    level = synthetic.effects(effect, rng, (processes, 1), _EFFECT)
    calls = level * synthetic.times("independent", rng, (processes, CALLS), _NOISE)
    return synthetic.median_effect(effect), st.process_median(np.median(calls, axis=1).tolist())[1]


def percentile(p: float, noise: str, of_processes: float, rng: np.random.Generator) -> tuple[float, Estimate | None]:
    """of_processes: standard deviation between the five processes whose calls are pooled."""
    level = synthetic.effects("lognormal", rng, (5, 1), of_processes)
    calls = level * synthetic.times(noise, rng, (5, CALLS_OF_PERCENTILE), 0.10)
    truth = math.exp(NormalDist().inv_cdf(p) * math.hypot(0.10, of_processes))
    return truth, st.process_percentile(calls.tolist(), p)


def of_ratio(
    effect: str, processes: int, spreads: tuple[float, float], rng: np.random.Generator
) -> tuple[float, Estimate | None]:
    base, other = (synthetic.effects(effect, rng, (processes,), spread) for spread in spreads)
    return 1.1, ratio(base.tolist(), (1.1 * other).tolist())


def mean_error(stacks: int, images: int, sigma: float, rng: np.random.Generator) -> tuple[float, Estimate | None]:
    errors = synthetic.stack_errors(rng, stacks, images, sigma)
    return synthetic.mean_stack_error(sigma), st.cluster_mean_error(errors)[1]


def difference(stacks: int, images: int, rng: np.random.Generator) -> tuple[float, Estimate | None]:
    of_stacks, of_images = rng.standard_normal((stacks, 1)), rng.standard_normal((stacks, images))
    found = equivalence(synthetic.by_stack(0.02 + 0.1 * of_stacks + 0.2 * of_images))
    return 0.02, found.interval if found else None


def trials() -> dict[str, Trial]:
    found: dict[str, Trial] = {}
    for effect in synthetic.EFFECTS:
        for n in (4, 5, 10):
            found[f"p50 of {n} processes, {effect} effects"] = partial(p50, effect, n)
    for p in (0.9, 0.99):
        found[f"p{100 * p:.0f}, independent calls"] = partial(percentile, p, "independent", 0.0)
        found[f"p{100 * p:.0f}, successive calls correlate by 0.5"] = partial(percentile, p, "autocorrelated", 0.0)
        found[f"p{100 * p:.0f}, processes differ by 2 %"] = partial(percentile, p, "independent", 0.02)
    for n in (4, 5, 10):
        found[f"ratio, {n} against {n} processes, lognormal effects"] = partial(of_ratio, "lognormal", n, (0.05, 0.05))
        found[f"ratio, {n} against {n} processes, bimodal effects"] = partial(of_ratio, "bimodal", n, (0.05, 0.05))
    found["ratio, 5 against 5 processes, effects of 2 and 10 %"] = partial(of_ratio, "lognormal", 5, (0.02, 0.10))
    for stacks, images in ((8, 20), (17, 41), (32, 7)):
        for sigma in (0.3, 1.0):
            name = f"mean error, {stacks} stacks of {images} images, sigma {sigma:g}"
            found[name] = partial(mean_error, stacks, images, sigma)
    for stacks, images in ((17, 41), (32, 7)):
        found[f"difference of two errors, {stacks} stacks of {images} images"] = partial(difference, stacks, images)
    return found


def measure(bench: Bench) -> dict[str, Any]:
    runs = RUNS_QUICK if bench.quick else RUNS
    every = trials()
    rows = []
    for number, (name, trial) in enumerate(every.items()):
        bench.tell(name, number / len(every))
        rows.append({"case": name, "runs": runs, "hits": hits(trial, runs, bench.seed, name)})
    return {"rows": rows}


def hits(trial: Trial, runs: int, seed: int, name: str) -> int:
    """Runs whose interval holds the truth; no interval holds nothing."""
    rng = synthetic.generator(seed, name)
    found = (trial(rng) for _ in range(runs))
    return sum(interval is not None and interval.low <= truth <= interval.high for truth, interval in found)


def findings(raw: Mapping[str, Any], quick: bool) -> tuple[Finding, ...]:
    goal = f"{100 * LOW:.0f} to {100 * HIGH:.0f} %"
    return tuple(
        Finding(row["case"], str(share), goal, share.lies_in(LOW, HIGH, lenient=quick))
        for row in raw["rows"]
        for share in [Share(row["hits"], row["runs"])]
    )
