"""What the tests for trends and steps are made of: ranks, Kendall's S, robust and monotone fits of a short series."""

from __future__ import annotations

import numpy as np


def ranks(y: np.ndarray) -> np.ndarray:
    """From 1, (n,); equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    shared: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return shared


def kendall(y: np.ndarray) -> tuple[int, float]:
    """S, rising pairs minus falling ones, and its variance with ties, without autocorrelation (Kendall 1975)."""
    n, ties = len(y), np.unique(y, return_counts=True)[1].astype(float)
    s = int(np.triu(np.sign(y[None, :] - y[:, None]), 1).sum())
    return s, (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18


def pettitt(y: np.ndarray) -> float:
    """K of Pettitt (1979, Appl. Stat. 28): the largest |U| over all places of a change."""
    n = len(y)
    return float(np.max(np.abs(2 * np.cumsum(ranks(y)) - np.arange(1, n + 1) * (n + 1))))


def inflation(residual: np.ndarray) -> float:
    """n / n* of Hamed and Rao (1998, J. Hydrol. 204) from the ranks of a residual: 1 without autocorrelation, or more.

    Autocorrelations count up to the first that is not positive (Geyer 1992, Stat. Sci. 7).
    """
    n = len(residual)
    centred = ranks(residual) - (n + 1) / 2
    power = float(centred @ centred)
    total = 0.0
    for lag in range(1, n - 2):
        correlation = float(centred[lag:] @ centred[:-lag]) / power if power > 0 else 0.0
        if correlation <= 0:
            break
        total += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation
    return 1 + 2 * total / (n * (n - 1) * (n - 2))


def monotone(y: np.ndarray, direction: float) -> np.ndarray:
    """Least-squares fit, (n,), that never rises (direction < 0) or never falls: pool adjacent violators (Ayer 1955)."""
    sign = -1.0 if direction < 0 else 1.0
    means: list[float] = []
    sizes: list[int] = []
    for value in sign * y:
        mean, size = float(value), 1
        while means and means[-1] > mean:
            pooled = sizes.pop()
            mean = (mean * size + means.pop() * pooled) / (size + pooled)
            size += pooled
        means.append(mean)
        sizes.append(size)
    return sign * np.repeat(means, sizes)


def line(y: np.ndarray) -> tuple[float, float]:
    """Sen's (1968) slope per place, 0 for a single value, and the median intercept at place 0."""
    i, j = np.triu_indices(len(y), 1)
    slope = float(np.median((y[j] - y[i]) / (j - i))) if len(y) > 1 else 0.0
    return slope, float(np.median(y - slope * np.arange(len(y))))


def spread(y: np.ndarray) -> float:
    """Sum of the distances from the median."""
    return float(np.abs(y - np.median(y)).sum())
