"""The smallest and fastest artifact whose error stays within a margin: range methods, then layers kept in float.

The error is paired with float32 image by image, and is better when lower; a candidate passes only where a test of
equivalence says so (records/equivalence.py), so that few images let nothing pass.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgebench.errors import UsageError
from edgebench.quantise import answers, look
from edgebench.quantise.answers import Cost
from edgebench.quantise.labelled import Labelled
from edgebench.quantise.recipe import METHODS, Recipe
from edgebench.quantise.units import Unit
from edgebench.quantise.workshop import Workshop, size
from edgebench.records.equivalence import Equivalence
from edgebench.records.statistics import CLUSTERS

Progress = Callable[[str], None]
NEAR = 1.5  # a method this many times as far off as the best is not tried with layers in float
GIVE_UP, GAIN = 8, 0.95  # from so many layers on, twice as many must take 5 % off the mean difference
RANKING = 256  # patches by which layers are ranked: an order, not a verdict


@dataclass(frozen=True)
class Candidate:
    recipe: Recipe
    kept: tuple[Unit, ...]
    cost: Cost
    certificate: Equivalence | None
    bytes: int
    latency_ms: float  # median of a call of 8 patches on one thread, candidates in turns: a look, not a record
    too_large: bool

    @property
    def passes(self) -> bool:
        one = self.certificate
        return one is not None and not self.too_large and one.interval_90.high < one.margin_um


@dataclass(frozen=True)
class Found:
    candidates: tuple[Candidate, ...]  # in the order in which they were tried
    float_bytes: int
    float_ms: float

    @property
    def best(self) -> Candidate | None:
        """Of those that pass the fastest; within 2 % of it the smallest; within 1 % of that the one least off."""
        passing = [one for one in self.candidates if one.passes]
        if not passing:
            return None
        fastest = min(one.latency_ms for one in passing)
        quick = [one for one in passing if one.latency_ms <= 1.02 * fastest]
        smallest = min(one.bytes for one in quick)
        return min((one for one in quick if one.bytes <= 1.01 * smallest), key=lambda one: one.cost.increase_um)


def front(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those that no other beats in error, bytes and latency at once (Pareto)."""

    def worse(one: Candidate, other: Candidate) -> bool:
        mine, its = _figures(one), _figures(other)
        return its != mine and all(b <= a for a, b in zip(mine, its))

    return tuple(one for one in candidates if not any(worse(one, other) for other in candidates))


def _figures(one: Candidate) -> tuple[float, float, float]:
    return one.cost.increase_um, float(one.bytes), one.latency_ms


def search(
    shop: Workshop,
    recipe: Recipe,
    given: Labelled,
    *,
    margin_um: float,
    most_bytes: int | None = None,
    mixed: bool = True,
    progress: Progress = lambda line: None,
) -> Found:
    """Try the methods of ranges, and where none passes, and `mixed`, ever more layers in float, the worst first.

    UsageError where the images are of too few stacks for any verdict.
    """
    for split in dict.fromkeys(given.splits):
        stacks = len({stack for stack, of in zip(given.stack, given.splits) if of == split})
        if stacks < CLUSTERS:
            raise UsageError(f"{split}: {stacks} stacks of images prove nothing. Give {CLUSTERS} or more in --data.")
    reference = shop.reference(given.x)
    tried: list[tuple[Recipe, tuple[Unit, ...], Cost, Path]] = []

    def attempt(how: Recipe, kept: tuple[Unit, ...]) -> Cost:
        file = shop.build(how, shop.kept(kept), f"candidate-{len(tried)}")
        one = answers.cost(reference, shop.answers(file, given.x), given)
        tried.append((how, kept, one, file))
        progress(f"{how.ranges}, {len(kept)} layers in float: {one.increase_um:+.4f} um")
        return one

    def passes(found: Cost) -> bool:
        certificate = found.certificate(margin_um)
        return certificate is not None and certificate.interval_90.high < margin_um

    def judged(how: Recipe) -> Callable[[tuple[Unit, ...]], tuple[bool, float]]:
        def judge(kept: tuple[Unit, ...]) -> tuple[bool, float]:
            one = attempt(how, kept)
            return passes(one), one.away_um

        return judge

    methods = METHODS if shop.histograms else tuple(name for name in METHODS if name != "entropy")
    costs = {method: attempt(replace(recipe, ranges=method), ()) for method in methods}
    least = min(one.away_um for one in costs.values())
    if mixed and not any(passes(one) for one in costs.values()):
        near = [method for method, one in costs.items() if one.away_um <= NEAR * least]
        ranked = _ranking(shop, replace(recipe, ranges=near[0]), given, reference, progress)
        for method in near:
            _fewest(ranked, judged(replace(recipe, ranges=method)))
    files = {"float": shop.plain, **{str(i): file for i, (*_, file) in enumerate(tried)}}
    times = {
        name: statistics.median(rounds)
        for name, rounds in look.rounds_ms(files, shop.kind.backend, given.x[: look.BATCH]).items()
    }
    candidates = []
    for place, (how, kept, one, file) in enumerate(tried):
        bytes = size(file)
        large = most_bytes is not None and bytes > most_bytes
        ms = times[str(place)]
        candidates.append(Candidate(how, kept, one, one.certificate(margin_um), bytes, ms, large))
    return Found(tuple(candidates), size(shop.plain), times["float"])


def _ranking(shop: Workshop, how: Recipe, given: Labelled, reference: np.ndarray, progress: Progress) -> list[Unit]:
    """Units by what the mean |difference| is where they alone are quantised, on some of the patches."""
    every = frozenset(unit.name for unit in shop.units)
    few = slice(None, None, -(-len(given.x) // RANKING))
    plain = replace(how, kept_weights="float32")  # else the weights of all others would be int8 too
    away = {}
    for unit in shop.computing:
        file = shop.build(plain, every - unit.names, io="float32")
        away[unit] = float(np.abs(shop.answers(file, given.x[few]) - reference[few]).mean())
        progress(f"only {unit.label} quantised: {away[unit]:.4f} um away")
    return sorted(away, key=lambda unit: -away[unit])


def _fewest(ranked: Sequence[Unit], judge: Callable[[tuple[Unit, ...]], tuple[bool, float]]) -> None:
    """Twice as many at a time until one passes, then halves between: about 2 log2(n) files.

    judge: whether so many pass, and how far off they are; what twice as many layers do not bring nearer is given up.
    """
    low, high, before = 0, 1, float("inf")
    while True:
        enough, away = judge(tuple(ranked[:high]))
        if enough:
            break
        if high >= len(ranked) or (high >= GIVE_UP and away > GAIN * before):
            return
        low, high, before = high, min(2 * high, len(ranked)), away
    while high - low > 1:
        middle = (low + high) // 2
        if judge(tuple(ranked[:middle]))[0]:
            high = middle
        else:
            low = middle
