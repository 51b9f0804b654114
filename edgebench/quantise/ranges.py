"""Ranges of activations from calibration patches: what int8 must hold, and what it may clip.

All methods work on one histogram a tensor. A wide range has long steps, a narrow one clips: for a regressor the tails
are the answer far from focus, so that "minmax" is the default, and the others must show that they pay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edgebench.errors import ConversionError
from edgebench.quantise.recipe import Recipe

BINS = 2048
LEVELS = 256
SHARES = np.linspace(0.02, 1, 99)  # of the whole range, that "entropy" and "mse" try

Tensors = Mapping[str, np.ndarray]
Activations = Callable[[np.ndarray], Iterator[Tensors]]  # (N, S, S, 3) patches to the float tensors, batch by batch


@dataclass(frozen=True)
class Range:
    """What the integers of one tensor span; it holds 0, which padding needs exactly."""

    low: float
    high: float


@dataclass(frozen=True)
class Histogram:
    """Values of one tensor over all calibration patches, in equal bins from the smallest to the largest."""

    low: float
    high: float
    counts: np.ndarray  # (BINS,)


def collect(activations: Activations, x: np.ndarray) -> dict[str, Histogram]:
    """Two passes over the patches: extremes, then counts. ConversionError for a value that is not finite."""
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    for tensors in activations(x):
        for name, values in tensors.items():
            if not np.isfinite(values).all():
                raise ConversionError(f"calibration: {name} holds values that are not finite. Look at the patches.")
            low[name] = min(low.get(name, np.inf), float(values.min()))
            high[name] = max(high.get(name, -np.inf), float(values.max()))
    if not low:
        raise ConversionError("calibration: no patch was given. Calibrate on at least one.")
    counts = {name: np.zeros(BINS) for name in low}
    for tensors in activations(x):
        for name, values in tensors.items():
            counts[name] += np.histogram(values.astype(np.float64), BINS, (low[name], _above(low[name], high[name])))[0]
    return {name: Histogram(low[name], high[name], counts[name]) for name in low}


def choose(histograms: Mapping[str, Histogram], recipe: Recipe) -> dict[str, Range]:
    """The range of each tensor by the recipe's method."""
    method = _METHODS[recipe.ranges]
    return {name: method(histogram, recipe) for name, histogram in histograms.items()}


def _minmax(histogram: Histogram, recipe: Recipe) -> Range:
    return _with_zero(histogram.low, histogram.high)


def _percentile(histogram: Histogram, recipe: Recipe) -> Range:
    """As much outside below as above."""
    outside = (1 - recipe.percentile / 100) / 2
    below = np.cumsum(histogram.counts) / histogram.counts.sum()
    edges = _edges(histogram)
    low = edges[int(np.searchsorted(below, outside, side="right"))]
    high = edges[int(np.searchsorted(below, 1 - outside)) + 1]
    return _with_zero(float(low), float(high))


def _mse(histogram: Histogram, recipe: Recipe) -> Range:
    """The least mean square of what clipping and rounding change."""
    at, share = _middles(histogram), histogram.counts / histogram.counts.sum()

    def error(low: float, high: float) -> float:
        clipped = np.clip(at, low, high) - at
        rounding = ((high - low) / (LEVELS - 1)) ** 2 / 12
        return float(share @ np.where(clipped == 0, rounding, clipped**2))

    return _best(histogram, error)


def _entropy(histogram: Histogram, recipe: Recipe) -> Range:
    """The least Kullback-Leibler divergence of the rounded values from the clipped ones (Migacz 2017, TensorRT)."""
    at, counts = _middles(histogram), histogram.counts

    def error(low: float, high: float) -> float:
        inside = (at >= low) & (at <= high)
        kept = counts[inside]
        if not kept.any():
            return float("inf")
        truth = kept.copy()
        truth[0] += counts[at < low].sum()  # what is clipped comes to lie on the border
        truth[-1] += counts[at > high].sum()
        level = np.minimum(((at[inside] - low) / (high - low) * LEVELS).astype(int), LEVELS - 1)
        filled = (kept > 0).astype(float)
        among = np.bincount(level, filled, LEVELS)
        each = np.bincount(level, kept, LEVELS) / np.maximum(among, 1)
        rounded = each[level] * filled
        p, q = truth / truth.sum(), rounded / rounded.sum()
        some = p > 0
        return float(np.sum(p[some] * np.log(p[some] / np.maximum(q[some], 1e-12))))

    return _best(histogram, error)


def _best(histogram: Histogram, error: Callable[[float, float], float]) -> Range:
    """The share of the whole range, both ends drawn in alike, with the least error; the widest of equals."""
    whole = _with_zero(histogram.low, histogram.high)
    tried = [Range(whole.low * float(share), whole.high * float(share)) for share in SHARES[::-1]]
    return min(tried, key=lambda one: error(one.low, one.high))


def _with_zero(low: float, high: float) -> Range:
    low, high = min(low, 0.0), max(high, 0.0)
    return Range(low, _above(low, high))


def _above(low: float, high: float) -> float:
    """A tensor that is constant still needs a step."""
    return high if high > low + 1e-6 else low + max(1e-6, 1e-3 * abs(low))


def _edges(histogram: Histogram) -> np.ndarray:
    return np.linspace(histogram.low, _above(histogram.low, histogram.high), BINS + 1)


def _middles(histogram: Histogram) -> np.ndarray:
    edges = _edges(histogram)
    found: np.ndarray = (edges[1:] + edges[:-1]) / 2
    return found


_METHODS: dict[str, Callable[[Histogram, Recipe], Range]] = {
    "minmax": _minmax,
    "percentile": _percentile,
    "entropy": _entropy,
    "mse": _mse,
}
