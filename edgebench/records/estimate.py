"""What a call would take on a board, from the instructions and cache misses of an emulated one: an estimate, no result.

The fit and its errors are data (latency_fit.json, which `edgebench devices calibrate` makes); the interval covers nine
in ten of the published latencies that the fit has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    preprocessing_m: float | None  # of a patch, instructions in millions; None: not counted
    preprocessing_ms: Estimate | None  # of a field, on one thread; None: not counted, or no fit

    def of(self, patches: int) -> float:
        return self.instructions_m / patches


def counted(record: Record) -> Counted | None:
    """None where no instructions were counted, or on several threads, whose shares are not known."""
    found = record.get("count")
    if not found or record["settings"]["threads"] != 1:
        return None
    middle, board = _middle(found["instructions"]), found.get("board", record["device"]["name"])
    levels = sorted(key for key in middle if key.endswith("_misses"))
    total = middle["total"]
    field = _middle(found["preprocessing"]) if "preprocessing" in found else None
    return Counted(
        instructions_m=total / M,
        l1_misses_m=middle[levels[0]] / M,
        last_misses_m=middle[levels[-1]] / M,
        share={k: v / total for k, v in middle.items() if k != "total" and k not in levels},
        latency_ms=estimates(board, middle),
        preprocessing_m=field["total"] / found["patches"] / M if field else None,
        preprocessing_ms=_widened(estimates(board, field).get(1)) if field else None,
    )


def _middle(times: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """Median of each count."""
    return {key: float(np.median([one[key] for one in times])) for key in times[0]}


def _widened(found: Estimate | None) -> Estimate | None:
    """With the widest interval: the fit knows networks only, not such work."""
    error = widest()
    return found and Estimate(found.value, found.value / (1 + error), found.value * (1 + error))


def widest() -> float:
    """The largest interval of a board, relative."""
    return float(max(board["interval"] for board in fit()["boards"].values()))


def estimates(board: str, classes: Mapping[str, float]) -> dict[int, Estimate]:
    """ms of a call by threads, with the interval of this board; empty where there is no fit for it."""
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
