"""The parts of the self-test, in the order in which they run: on the machine first, then on synthetic samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgebench.errors import UsageError
from edgebench.selftest import alarms, clock, coverage, error, faults, live_alarms, memory, power
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

Raw = dict[str, Any]


@dataclass(frozen=True)
class Part:
    title: str
    asked: str
    note: str
    measure: Callable[[Bench], Raw]
    findings: Callable[[Raw, bool], tuple[Finding, ...]]  # of what measure gave; True: it was a quick run


PARTS = {
    "clock": Part("The clock", clock.ASKED, clock.NOTE, clock.measure, clock.findings),
    "memory": Part("Known memory", memory.ASKED, memory.NOTE, memory.measure, memory.findings),
    "error": Part("Known error", error.ASKED, error.NOTE, error.measure, error.findings),
    "faults": Part("Injected faults", faults.ASKED, faults.NOTE, faults.measure, faults.findings),
    "live-alarms": Part(
        "False alarms on this machine",
        live_alarms.ASKED,
        live_alarms.NOTE,
        live_alarms.measure,
        live_alarms.findings,
    ),
    "coverage": Part("Coverage of intervals", coverage.ASKED, coverage.NOTE, coverage.measure, coverage.findings),
    "alarms": Part("False alarms in synthetic noise", alarms.ASKED, alarms.NOTE, alarms.measure, alarms.findings),
    "power": Part("Detection power", power.ASKED, power.NOTE, power.measure, power.findings),
}
NOT_QUICK = ("live-alarms",)


def chosen(names: Sequence[str], *, quick: bool = False) -> tuple[str, ...]:
    """In the order of PARTS. None named: all, without those that say nothing in a quick run."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise UsageError(f"no part {unknown[0]!r}. Parts: {', '.join(PARTS)}.")
    asked = names or [name for name in PARTS if not (quick and name in NOT_QUICK)]
    return tuple(name for name in PARTS if name in asked)


def findings(record: Raw) -> dict[str, tuple[Finding, ...]]:
    """Of every part that a record has, computed from its raw samples by the code of today."""
    raw, quick = record["parts"], record["quick"]
    return {name: PARTS[name].findings(raw[name], quick) for name in PARTS if name in raw}
