"""Student's t, without SciPy: a report is written on a laptop that may not have it."""

from __future__ import annotations

import math

import numpy as np

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_HALVINGS = 60  # of [0, pi / 2]


def cdf(t: float, df: float) -> float:
    """P(T <= t) for df >= 1, to 1e-12; df need not be whole.

    With t = sqrt(df) tan(angle) the density is that of cos(angle) ** (df - 1) (Abramowitz and Stegun, 26.7.3 and 4).
    """
    angle = math.atan(t / math.sqrt(df))
    area = 0.5 * angle * float(_WEIGHTS @ np.cos(0.5 * angle * (_NODES + 1)) ** (df - 1))
    return 0.5 + area * math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)


def quantile(p: float, df: float) -> float:
    """The t with P(T <= t) = p, 0.5 <= p < 1; df from 2 on to 1e-9 of it."""
    low, high = 0.0, math.pi / 2
    for _ in range(_HALVINGS):
        angle = (low + high) / 2
        low, high = (angle, high) if cdf(math.sqrt(df) * math.tan(angle), df) < p else (low, angle)
    return math.sqrt(df) * math.tan(low)
