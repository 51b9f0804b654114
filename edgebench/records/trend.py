"""Trends and steps inside the processes of a cell (rule R13), from the times of single calls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.records import rank_statistics as rank
from edgebench.records.verdicts import Verdict

BLOCKS = 100  # of calls; a process of fewer calls gets no test
CHANGE = 0.05  # of the median; less does not matter to a report
LEVEL = 0.01  # of significance, for all processes of a cell together
ABRUPT = 0.5  # share of a step that lies between two blocks; the rest is slope


@dataclass(frozen=True)
class Trend:
    z: float
    p: float  # two-sided
    slope: float  # per call, in the samples' unit
    inflation: float  # of the variance of S, by autocorrelation; 1 is none


@dataclass(frozen=True)
class Step:
    at: int  # first call of the new level, to one block
    size: float  # relative to the level before
    p: float
    abrupt: bool  # False: a slope describes it better


def blocks(samples: Sequence[float]) -> np.ndarray:
    """Medians of 100 successive blocks of calls, (100,); outliers and most of the autocorrelation end here."""
    return np.array([np.median(part) for part in np.array_split(np.asarray(samples, float), BLOCKS)])


def mann_kendall(samples: Sequence[float]) -> Trend | None:
    """Test for a monotone trend of block medians, Sen's slope with it; None below 100 calls.

    Mann (1945, Econometrica 13) and Kendall (1975), variance after Hamed and Rao (1998, J. Hydrol. 204) but for two
    things. The residual is that of the monotone fit of the ranks: against the paper's line, a step or a warm-up looks
    like noise with a long memory, and is not found. And autocorrelations count up to the first that is not positive:
    among all lags one in twenty is significant by chance, and white noise then has p < 1 % in up to 5 % of runs.
    100 blocks cost little power (a 10 % drift in 3 % noise is always found in 2,000 calls), and up to 100,000 calls
    no time.
    """
    if len(samples) < BLOCKS:
        return None
    y = blocks(samples)
    s, variance = rank.kendall(y)
    inflation = _inflation(y, s)
    z = float(s - np.sign(s)) / math.sqrt(variance * inflation) if variance > 0 else 0.0
    return Trend(z, math.erfc(abs(z) / math.sqrt(2)), rank.line(y)[0] * BLOCKS / len(samples), inflation)


def drift(samples: Sequence[float]) -> float:
    """Median of the last third relative to that of the first, minus 1."""
    third = max(len(samples) // 3, 1)
    return float(np.median(samples[-third:]) / np.median(samples[:third])) - 1


def step(samples: Sequence[float]) -> Step | None:
    """The change of level that fits block medians best in least absolute deviations; None below 100 calls.

    p is Pettitt's (1979, Appl. Stat. 28), with K^2 divided by the inflation of mann_kendall. Abrupt: two levels fit
    better than Sen's line, and half of the step or more remains between the lines of the two sides. A burst that ends
    before the process does is not a step.
    """
    if len(samples) < BLOCKS:
        return None
    y = blocks(samples)
    misfits = [rank.spread(y[:k]) + rank.spread(y[k:]) for k in range(1, BLOCKS)]
    k = 1 + int(np.argmin(misfits))
    before, after = float(np.median(y[:k])), float(np.median(y[k:]))
    exponent = -6 * rank.pettitt(y) ** 2 / _inflation(y, rank.kendall(y)[0]) / (BLOCKS**3 + BLOCKS**2)
    slope, start = rank.line(y)
    flat = misfits[k - 1] < float(np.abs(y - start - slope * np.arange(BLOCKS)).sum())
    return Step(
        at=k * (len(samples) // BLOCKS) + min(k, len(samples) % BLOCKS),
        size=after / before - 1,
        p=min(1.0, 2 * math.exp(exponent)),
        abrupt=flat and _jump(y, k) * np.sign(after - before) >= ABRUPT * abs(after - before),
    )


def change(samples: Sequence[float], level: float = LEVEL) -> tuple[str, float] | None:
    """("STEP" or "DRIFT", relative size) of one process; None: not significant at level, or below 5 %, or too short.

    An abrupt change is a STEP and no DRIFT. False alarms at 1 %, of 1,000 runs with 200 and with 2,000 calls:
    30 % noise whose successive calls correlate by 0.5: 2.1 and 1.6 %, by 0.9: 10 and 2.0 %; two modes 50 % apart: 1.0
    and 0.5 %; Cauchy tails: 0.4 and 0.1 %. A memory longer than a tenth of the process cannot be told from a drift.
    Found in 3 % noise that correlates by 0.5, 2,000 calls: a 10 % drift and a 10 % step half way, always and by their
    names (1,000 runs each, level 0.2 %); a step at 15 or 85 % of the process in 99 % of runs, at 10 or 90 % in half.
    """
    found, trend, drifted = step(samples), mann_kendall(samples), drift(samples)
    if found is not None and found.abrupt and found.p < level and abs(found.size) >= CHANGE:
        return "STEP", found.size
    if trend is not None and trend.p < level and abs(drifted) >= CHANGE:
        return "DRIFT", drifted
    return None


def trend_verdict(processes: Sequence[Sequence[float]]) -> tuple[Verdict, ...]:
    """DRIFT and STEP of a cell: of any of its processes, each tested at 1 % / processes (Bonferroni)."""
    found = [change(samples, LEVEL / len(processes)) for samples in processes]
    verdicts = []
    for name, what in (("DRIFT", "drifts from the first to the last third"), ("STEP", "steps")):
        sizes = [size for kind, size in filter(None, found) if kind == name]
        if sizes:
            reason = (
                f"in {len(sizes)} of {len(processes)} processes the median {what}, by up to "
                f"{max(sizes, key=abs):+.1%} (limit {CHANGE:.0%})"
            )
            verdicts.append(Verdict(name, "latency", reason, f"{max(sizes, key=abs):+.1%}"))
    return tuple(verdicts)


def _inflation(y: np.ndarray, direction: float) -> float:
    ranks = rank.ranks(y)
    return rank.inflation(ranks - rank.monotone(ranks, direction))


def _jump(y: np.ndarray, k: int) -> float:
    """Between the lines fitted to y[:k] and y[k:], half way between the two places."""
    (left, start), (right, after) = rank.line(y[:k]), rank.line(y[k:])
    return (after - right / 2) - (start + left * (k - 0.5))
