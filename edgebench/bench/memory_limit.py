"""The smallest limit of memory in which an artifact still loads and answers, by bisection over fresh runners (R21)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from edgebench.devices.base import Device, Event, Limiting
from edgebench.types import RunSpec

STEP = 2**20  # bytes: the resolution
PATIENCE = 10  # times as long as without a limit; a runner that only waits for its pages is taken for dead
PATIENCE_S = 60.0
WIDER = 1.25


def find(device: Device, spec: RunSpec, tell: Callable[[Event], None]) -> dict[str, list[Event]]:
    """Events as a process has them, but for memory_limit, which is the whole search; only that where it is skipped."""
    reason = device.no_limits() if isinstance(device, Limiting) else "this kind of device cannot set limits"
    if reason is not None or not isinstance(device, Limiting):
        return {"memory_limit": [{"limit_bytes": None, "reason": reason}]}
    began = time.monotonic()
    events: dict[str, list[Event]] = {}
    for event in device.run(spec):
        if event["event"] != "done":  # the search is not
            tell(event)
        events.setdefault(event["event"], []).append({key: value for key, value in event.items() if key != "event"})
    patience_s = PATIENCE_S + PATIENCE * (time.monotonic() - began)
    tries: list[dict[str, Any]] = []

    def survives(steps: int) -> bool:
        survived = device.survives(spec, steps * STEP, patience_s)
        tries.append({"limit_bytes": steps * STEP, "survived": survived})
        tell({"event": "try", **tries[-1]})
        return survived

    (without,), (host,) = events["endure"], events["host"]
    found = search(survives, -(-without["peak_rss_bytes"] // STEP), host["memory_bytes"] // STEP)
    reason = None if found else "it survived in no limit up to the memory of the device"
    about = {
        "limiter": device.limiter,
        "calls": without["calls"],
        "unlimited_peak_rss_bytes": without["peak_rss_bytes"],
    }
    limit_bytes = found * STEP if found else None
    return {**events, "memory_limit": [{"limit_bytes": limit_bytes, "reason": reason, **about, "tries": tries}]}


def search(survives: Callable[[int], bool], guess: int, most: int) -> int | None:
    """The smallest number that survives, from a guess at it; None: not even the largest does."""
    low, high = 0, min(guess, most)
    while not survives(high):
        if high == most:
            return None
        low, high = high, min(int(high * WIDER) + 1, most)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if survives(middle) else (middle, high)
    return high
