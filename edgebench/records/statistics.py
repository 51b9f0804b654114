"""Statistics as pure functions of raw samples; nothing is deleted, and what n does not allow is None."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

TAIL = 0.025  # each side of a 95 % interval
OUTLIER = 14.8  # |x - median| / MAD; about 10 standard deviations of a normal distribution
PROCESSES = 4  # fewer give no interval
_STUDENT = {4: 3.1824, 5: 2.7764}  # 97.5 % quantile of t with n - 1 degrees of freedom


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> Estimate:
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


def _tails(n: int, p: float) -> np.ndarray:
    """P(B <= k) for k = 0..n of a binomial B(n, p)."""
    log_p, log_q, log_n = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    logs = [log_n - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q for k in range(n + 1)]
    return np.cumsum(np.exp(logs))


def ranks(n: int, p: float) -> tuple[int, int] | None:
    """Ranks (from 1) of the two order statistics that hold the p-quantile with 95 %, or None: n is too small.

    At most 2.5 % lie outside on each side, whatever the distribution: n >= 6 for the median, 36 for p90, 72 for
    p95, 183 for p98, 368 for p99.
    """
    if n < 1 or max(p, 1 - p) ** n > TAIL:
        return None
    below = _tails(n, p)
    low = int(np.searchsorted(below, TAIL, side="right"))  # the largest l with P(B <= l - 1) <= 2.5 %
    high = int(np.searchsorted(below, 1 - TAIL)) + 1  # the smallest u with P(B >= u) <= 2.5 %
    return low, high


def percentile(samples: Sequence[float], p: float) -> Estimate | None:
    """The p-quantile (0 < p < 1, linear between order statistics) and its distribution-free interval, if n allows."""
    found = ranks(len(samples), p)
    if found is None:
        return None
    ordered = np.sort(np.asarray(samples, float))
    return Estimate(float(np.quantile(ordered, p)), float(ordered[found[0] - 1]), float(ordered[found[1] - 1]))


def process_median(medians: Sequence[float]) -> tuple[float, Estimate | None]:
    """Median of process medians, alone and with its interval (None below 4 processes).

    From 6 processes on the interval is that of order statistics; 4 and 5 are too few for one, and get Student's
    interval of the mean, which for so few always holds the median too.
    """
    value = float(np.median(medians))
    n = len(medians)
    if n < PROCESSES:
        return value, None
    if n in _STUDENT:
        half = _STUDENT[n] * float(np.std(medians, ddof=1)) / math.sqrt(n)
        mean = float(np.mean(medians))
        return value, Estimate(value, min(mean - half, value), max(mean + half, value))  # min, max: rounding only
    return value, percentile(medians, 0.5)


def mean_std(samples: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1); the deviation of one sample is 0."""
    return float(np.mean(samples)), float(np.std(samples, ddof=1)) if len(samples) > 1 else 0.0


def variation(medians: Sequence[float]) -> float | None:
    """Coefficient of variation of process medians; None for a single process."""
    mean, std = mean_std(medians)
    return std / mean if len(medians) > 1 and mean > 0 else None


def outliers(samples: Sequence[float]) -> int:
    """How many samples are further than 14.8 MAD from the median; they are counted, never deleted."""
    away = np.abs(np.asarray(samples, float) - np.median(samples))
    return int(np.count_nonzero(away > OUTLIER * np.median(away)))


def slope(truth: Sequence[float], prediction: Sequence[float]) -> float | None:
    """Least-squares slope of prediction against truth; None where the truth does not vary."""
    x = np.asarray(truth, float) - np.mean(truth)
    spread = float(x @ x)
    return float(x @ np.asarray(prediction, float)) / spread if spread > 0 else None


def constant_guess(truth: Sequence[float]) -> float:
    """Mean absolute error of the best constant answer, the median of the truth."""
    return float(np.mean(np.abs(np.asarray(truth, float) - np.median(truth))))


def cluster_mean(
    clusters: Mapping[str, Sequence[float]], *, seed: int = 0, resamples: int = 2000
) -> tuple[float, Estimate | None]:
    """Mean over all values, alone and with the interval of a bootstrap that draws whole clusters.

    Values of one cluster (images of one stack) are not independent: they are drawn together. None below 2 clusters.
    """
    sums = np.array([np.sum(clusters[name]) for name in sorted(clusters)], float)
    sizes = np.array([len(clusters[name]) for name in sorted(clusters)], float)
    value = float(sums.sum() / sizes.sum())
    if len(sums) < 2:
        return value, None
    drawn = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [TAIL, 1 - TAIL])
    return value, Estimate(value, float(low), float(high))
