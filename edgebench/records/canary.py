"""The collapse canary (measurement rule R26): answers that do not follow the truth, or hardly beat a constant one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.records import statistics as st

SLOPE = 0.5  # at least
CORRELATION = 0.5  # at least
ERROR = 0.8  # of what the best constant answer scores: less than that


@dataclass(frozen=True)
class Canary:
    slope: float | None  # of the least-squares line of answer on truth; None: the truth does not vary
    correlation: float | None  # None: truth or answers do not vary
    mean_um: float  # of |answer - truth|
    constant_um: float  # the same of the best constant answer, the median of the truth

    @property
    def reason(self) -> str | None:
        """Why the answers have collapsed; None where they have not, or where the truth does not vary to tell."""
        if self.slope is None:
            return None
        if self.mean_um >= ERROR * self.constant_um:
            constant = f"a constant answer's ({self.constant_um:.2f} um)"
            return f"the error of {self.mean_um:.2f} um is not clearly below {constant}"
        if self.slope < SLOPE:
            return f"the slope of prediction against truth is {self.slope:.2f}, it should be near 1"
        if self.correlation is not None and self.correlation < CORRELATION:
            return f"the correlation of prediction and truth is {self.correlation:.2f}, it should be near 1"
        return None

    @property
    def collapsed(self) -> bool:
        return self.reason is not None


def canary(truth_um: np.ndarray, answer_um: np.ndarray) -> Canary:
    """truth_um, answer_um: (n,) each, n >= 1."""
    varies = bool(np.ptp(truth_um) > 0)  # exact, where a mean of equal floats is not
    return Canary(
        slope=st.slope(truth_um.tolist(), answer_um.tolist()) if varies else None,
        correlation=_correlation(truth_um, answer_um) if varies and np.ptp(answer_um) > 0 else None,
        mean_um=float(np.mean(np.abs(answer_um - truth_um))),
        constant_um=st.constant_guess(truth_um.tolist()),
    )


def _correlation(truth_um: np.ndarray, answer_um: np.ndarray) -> float | None:
    x, y = truth_um - truth_um.mean(), answer_um - answer_um.mean()
    norm = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / norm if norm > 0 else None
