"""What a part of the self-test found, its goal, and if it is reached; and shares with their binomial intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Finding:
    what: str
    found: str
    goal: str
    reached: bool | None  # None: no goal


@dataclass(frozen=True)
class Share:
    hits: int
    runs: int

    @property
    def value(self) -> float:
        return self.hits / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's (1927, J. Am. Stat. Assoc. 22), 95 %."""
        n, p = self.runs, self.value
        centre = p + _Z**2 / (2 * n)
        half = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max((centre - half) / (1 + _Z**2 / n), 0.0), min((centre + half) / (1 + _Z**2 / n), 1.0)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{100 * self.value:.1f} % [{100 * low:.1f}, {100 * high:.1f}] of {self.runs:,}"

    def lies_in(self, low: float, high: float, *, lenient: bool) -> bool:
        """Whether the share is in a range; lenient, for few runs: whether its interval does not exclude that."""
        first, last = self.interval if lenient else (self.value, self.value)
        return last >= low and first <= high
