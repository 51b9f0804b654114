"""How numbers are printed: seconds and MiB with 1 decimal, ms with 3 significant digits, um with 2 decimals."""

from __future__ import annotations

from typing import Any

from edgebench.records.statistics import Estimate
from edgebench.report.document import Value

NOT_RUN = "not run"
NONE = "-"


def seconds(value: float) -> str:
    return f"{value:,.1f}"


def ms(value: float) -> str:
    return f"{value:,.{_decimals(value)}f}"


def ms_interval(value: float, interval: Estimate | None) -> str:
    """`12.3 [12.1, 12.6]`; both ends have the decimals of the value."""
    if interval is None:
        return ms(value)
    digits = _decimals(value)
    return f"{value:,.{digits}f} [{interval.low:,.{digits}f}, {interval.high:,.{digits}f}]"


def mib(value: float | None) -> str:
    return NONE if value is None else f"{value:,.1f}"


def um(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}"


def um_interval(value: float, interval: Estimate | None, digits: int = 2, sign: str = "") -> str:
    if interval is None:
        return f"{value:{sign}.{digits}f}"
    return f"{value:{sign}.{digits}f} [{interval.low:{sign}.{digits}f}, {interval.high:{sign}.{digits}f}]"


def percent_interval(value: float, interval: Estimate | None) -> str:
    """`98.2 % [97.1, 99.0]` of a fraction."""
    ends = f" [{100 * interval.low:.1f}, {100 * interval.high:.1f}]" if interval else ""
    return f"{100 * value:.1f} %{ends}"


def ranged(text: str, value: float, interval: Estimate | None) -> Value:
    """A cell that keeps its number, and the ends of the interval, beside what is printed of them."""
    return Value(text, value) if interval is None else Value(text, value, interval.low, interval.high)


def mean_std(mean: float, std: float) -> str:
    return f"{mean:.2f} ± {std:.2f}"


def published(cell: Any) -> str:
    """A cell of a published table as it is printed there."""
    if cell is None:
        return NONE
    if isinstance(cell, dict):
        return mean_std(cell["mean"], cell["std"])
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _decimals(value: float) -> int:
    return 0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.9995 else 3
