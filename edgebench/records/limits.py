"""Numbers with intervals held against limits: met only where the whole interval is below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from edgebench.records.statistics import Estimate

MET, OPEN, MISSED, UNKNOWN = "met", "open", "not met", "unknown"
FLOOR = 0.03  # of a single process's memory, which has no interval: what a build or a boot may change


@dataclass(frozen=True)
class Quantity:
    """A number and its 95 % interval; without one (None) it can be open at best."""

    value: float
    interval: Estimate | None = None
    estimated: bool = False
    lacks: str = ""  # what is not in it: then the true number is higher, by nobody knows how much
    void: str = ""  # what speaks against it, so that it proves nothing

    @property
    def high(self) -> float | None:
        return self.interval.high if self.interval else None

    def status(self, limit: float) -> str:
        """MET: the upper end is below the limit. OPEN: the value alone is. MISSED: not even that."""
        if self.value >= limit:
            return MISSED
        proven = self.high is not None and self.high < limit and not self.lacks and not self.void
        return MET if proven else OPEN


@dataclass(frozen=True)
class Limits:
    """Upper limits, None: none. In the units of the names."""

    error_um: float | None = None
    increase_um: float | None = None  # of the error against the model's own float32
    decision_ms: float | None = None
    patch_ms: float | None = None
    memory_bytes: float | None = None
    size_bytes: float | None = None

    def given(self) -> Iterator[tuple[str, float]]:
        for one in fields(self):
            limit = getattr(self, one.name)
            if limit is not None:
                yield one.name, limit


@dataclass(frozen=True)
class Kind:
    """How a limit is named to a reader."""

    words: str
    option: str
    unit: str
    divisor: float = 1.0


KINDS = {
    "error_um": Kind("error", "--max-error", "um"),
    "increase_um": Kind("increase against float32", "--max-increase", "um"),
    "decision_ms": Kind("time of a decision", "--max-latency", "ms"),
    "patch_ms": Kind("time of a patch", "--max-latency-per-patch", "ms"),
    "memory_bytes": Kind("peak memory", "--max-memory", "MB", 1e6),
    "size_bytes": Kind("file size", "--max-size", "MB", 1e6),
}
