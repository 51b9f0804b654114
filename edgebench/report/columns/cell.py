"""Cells of the extended table: nothing that was not measured becomes a number."""

from __future__ import annotations

from edgebench.records.clusters import Mean
from edgebench.records.statistics import Estimate
from edgebench.records.summary import Summary
from edgebench.report.document import Value
from edgebench.report.numbers import NONE, NOT_RUN, ms, ms_interval, percent_interval, ranged

EMULATED = "emulated"  # an emulator's times say nothing about the device
ABSENT = Value(NONE)  # there is no such number
UNMEASURED = Value(NOT_RUN)
NO_TIME = Value(EMULATED)


def count(value: float | None) -> Value:
    """A whole number, such as a number of images."""
    return ABSENT if value is None else Value(f"{value:,.0f}", value)


def fixed(value: float | None, digits: int, sign: str = "") -> Value:
    return ABSENT if value is None else Value(f"{value:{sign},.{digits}f}", value)


def digits3(value: float | None, interval: Estimate | None = None) -> Value:
    """Three significant digits, with the interval if there is one."""
    return ABSENT if value is None else ranged(ms_interval(value, interval), value, interval)


def share(found: Mean | None) -> Value:
    """In percent; the unit stands in the header."""
    if found is None:
        return ABSENT
    text = percent_interval(found.value, found.interval).replace(" %", "")
    return ranged(text, 100 * found.value, found.interval.scaled(100) if found.interval else None)


def estimated(found: Estimate | None) -> Value:
    """Marked in the cell itself, whatever its column says."""
    if found is None:
        return ABSENT
    text = f"est. {ms(found.value)} [{ms(found.low)}, {ms(found.high)}]"
    return Value(text, found.value, found.low, found.high)


def emulated(run: Summary) -> bool:
    return bool(run.record["device"]["emulated"])
