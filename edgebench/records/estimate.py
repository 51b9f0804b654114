"""What a call would take on a board, from the instructions and cache misses of an emulated one: an estimate, no result.

The fit and its errors are data (latency_fit.json); the interval is the worst error on networks that the fit never saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate

_FIT = Path(__file__).with_name("latency_fit.json")
M = 1e6


@dataclass(frozen=True)
class Counted:
    """Of one call, the median of those counted."""

    instructions_m: float  # millions
    l1_misses_m: float
    last_misses_m: float
    share: Mapping[str, float]  # of the instructions, by class
    latency_ms: Estimate | None  # None: no fit for this board, or for so many threads

    def of(self, patches: int) -> float:
        return self.instructions_m / patches


def counted(record: Record) -> Counted | None:
    """None where no instructions were counted."""
    found = record.get("count")
    if not found:
        return None
    calls = found["instructions"]
    middle = {key: float(np.median([call[key] for call in calls])) for key in calls[0]}
    levels = sorted(key for key in middle if key.endswith("_misses"))
    total = middle["total"]
    share = {k: v / total for k, v in middle.items() if k != "total" and k not in levels}
    one_thread = record["settings"]["threads"] == 1
    latency = latency_ms(record["device"]["name"], total, middle[levels[0]], middle[levels[-1]]) if one_thread else None
    return Counted(total / M, middle[levels[0]] / M, middle[levels[-1]] / M, share, latency)


def latency_ms(board: str, instructions: float, l1_misses: float, last_misses: float) -> Estimate | None:
    """With an interval that holds the worst error of the fit; None for a board without one."""
    one = fit()["boards"].get(board)
    if one is None:
        return None
    cycles = one["instruction"] * instructions + one["l1_miss"] * l1_misses + one["last_miss"] * last_misses
    ms = cycles / (one["mhz"] * 1e3)
    worst = fit()["external"]["worst"]
    return Estimate(ms, ms / (1 + worst), ms * (1 + worst))


@cache
def fit() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FIT.read_text(encoding="utf-8"))
    return found
