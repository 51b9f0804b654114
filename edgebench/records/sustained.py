"""What minutes of calls without rest show: the last minute against the first (rule R18)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgebench.records.schema import Record
from edgebench.records.verdicts import Verdict
from edgebench.types import Throttled

LIMIT = 1.05  # last minute over first
SLOWER_CLOCK = 0.95  # share of the first minute's frequency
SETTLED_C = 0.5  # degrees Celsius a minute
LONG = 10  # minutes: a run that must have settled at its end
_LAST = 5  # minutes whose slope is taken


@dataclass(frozen=True)
class Sustained:
    medians_ms: tuple[float, ...]  # of the calls of each minute
    ratio: float  # last over first
    hottest_c: float | None
    slope_c: float | None  # degrees Celsius a minute, in the last minutes of a long run

    @property
    def settled(self) -> bool | None:
        """Whether heat has found its level; None where the run was too short, or the kernel tells no temperature."""
        return None if self.slope_c is None else abs(self.slope_c) < SETTLED_C

    @property
    def minutes(self) -> int:
        return len(self.medians_ms)


def sustained(record: Record) -> Sustained | None:
    """None where no such process was asked for."""
    raw = record.get("sustained")
    if raw is None:
        return None
    medians = tuple(minute["median_ns"] / 1e6 for minute in raw["minutes"])
    heat = [minute["temperature_c"] for minute in raw["minutes"] if minute.get("temperature_c") is not None]
    slope = float(np.polyfit(range(_LAST), heat[-_LAST:], 1)[0]) if len(heat) == len(medians) >= LONG else None
    return Sustained(medians, medians[-1] / medians[0], max(heat, default=None), slope)


def verdicts(record: Record) -> Iterator[Verdict]:
    """THROTTLED where the last minute is slower and the kernel tells why, else DRIFT; HEATING where it still warms."""
    found = sustained(record)
    if found is None:
        return
    if found.settled is False:
        reason = f"temperature moves by {found.slope_c:+.1f} deg C a minute at the end (limit {SETTLED_C})"
        yield Verdict("HEATING", "sustained", f"{reason}; let it run longer")
    if found.ratio <= LIMIT:
        return
    raw = record["sustained"]
    slowed = _slowed(raw["before"], raw["minutes"])
    reason = (
        f"after {found.minutes} minutes without rest a call takes {found.ratio:.2f} times as long as in the first "
        f"(limit {LIMIT:.2f}); {slowed or 'the kernel tells no reason'}"
    )
    yield Verdict("THROTTLED" if slowed else "DRIFT", "sustained", reason)


def _slowed(before: Record, minutes: list[Record]) -> str | None:
    """How the kernel says that the CPU was slowed down; None where it does not."""
    first, last = before.get("throttle_count"), minutes[-1].get("throttle_count")
    if first is not None and last is not None and last > first:
        return f"it was slowed down for heat {last - first} times"
    flags = Throttled.of(minutes[-1].get("throttled")).now
    if flags:
        return f"its firmware says {', '.join(flags)}"
    khz = [_khz(minute) for minute in (minutes[0], minutes[-1])]
    if khz[0] and khz[1] < SLOWER_CLOCK * khz[0]:
        return f"its clock fell to {khz[1] / khz[0]:.0%} of that of the first"
    return None


def _khz(minute: Record) -> float:
    """As a Pi's firmware measures it, else as asked for, of all groups of cores; 0 for words such as "<unknown>"."""
    if minute.get("arm_hz"):
        return float(minute["arm_hz"]) / 1e3
    return sum(khz for khz in minute.get("requested_khz") or () if isinstance(khz, int))
