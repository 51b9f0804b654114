"""What a call would take on a board, from the instructions and cache misses of an emulated one: an estimate, no result.

The fit and its errors are data (latency_fit.json, which `edgebench devices calibrate` makes); the interval covers nine
in ten of the published latencies that the fit has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.records import latency_fit
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate

FIT = Path(__file__).with_name("latency_fit.json")
M = 1e6


@dataclass(frozen=True)
class Counted:
    """Of one call on one thread, the median of those counted."""

    instructions_m: float  # millions
    l1_misses_m: float
    last_misses_m: float
    share: Mapping[str, float]  # of the instructions, by class
    latency_ms: Mapping[int, Estimate]  # by threads; empty where there is no fit for the board

    def of(self, patches: int) -> float:
        return self.instructions_m / patches


def counted(record: Record) -> Counted | None:
    """None where no instructions were counted, or on several threads, whose shares are not known."""
    found = record.get("count")
    if not found or record["settings"]["threads"] != 1:
        return None
    calls = found["instructions"]
    middle = {key: float(np.median([call[key] for call in calls])) for key in calls[0]}
    levels = sorted(key for key in middle if key.endswith("_misses"))
    total = middle["total"]
    share = {k: v / total for k, v in middle.items() if k != "total" and k not in levels}
    latency = estimates(record["device"]["name"], middle)
    return Counted(total / M, middle[levels[0]] / M, middle[levels[-1]] / M, share, latency)


def estimates(board: str, classes: Mapping[str, float]) -> dict[int, Estimate]:
    """ms of a call by threads, with the interval of this board."""
    found = {}
    for one in fit()["fits"]:
        if one["board"] == board:
            ms = latency_fit.time_ns(classes, one["cycles"], one["miss_ns"], one["mhz"]) / M
            error = fit()["boards"][board]["interval"]
            found[one["threads"]] = Estimate(ms, ms / (1 + error), ms * (1 + error))
    return found


@cache
def fit() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FIT.read_text(encoding="utf-8"))
    return found
