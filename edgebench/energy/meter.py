"""Joules over a window: the difference of a counter, or sampled power integrated by trapezoids.

Sampling has no thread of its own: that would take the core from the measured process where threads and cores are equal.
It is done between the calls instead, at most every PERIOD_NS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns, sleep

from edgebench.energy.base import Source
from edgebench.errors import DeviceError

PERIOD_NS = 100_000_000
IDLE_S = 5.0
_NS_PER_S = 1e9


@dataclass(frozen=True)
class Measured:
    joules: float
    seconds: float
    samples: int  # readings of the source

    @property
    def watts(self) -> float:
        return self.joules / self.seconds


class Meter:
    def __init__(self, source: Source, clock: Callable[[], int] = perf_counter_ns) -> None:
        self.samples = not source.counts  # whether tick() does anything
        self._source, self._clock = source, clock
        self._readings: list[tuple[float, float]] = []  # time in ns, J or W

    def start(self) -> None:
        self._readings = []
        self._read()

    def tick(self) -> None:
        """Between two calls: a sample, if there was none for so long."""
        if self.samples and self._clock() - self._readings[-1][0] >= PERIOD_NS:
            self._read()

    def stop(self) -> Measured:
        self._read()
        seconds = (self._readings[-1][0] - self._readings[0][0]) / _NS_PER_S
        joules = _area(self._readings) if self.samples else self._readings[-1][1] - self._readings[0][1]
        if joules < 0:
            raise DeviceError(f"energy source {self._source.name!r}: its counter went back by {-joules:g} J. Check it.")
        return Measured(joules, seconds, len(self._readings))

    def _read(self) -> None:
        """A reading belongs to the middle of the time that it took."""
        begin = self._clock()
        value = self._source.read()
        self._readings.append(((begin + self._clock()) / 2, value))


def idle_watts(source: Source, seconds: float = IDLE_S) -> float:
    """Mean power while this process sleeps; to be asked before anything is loaded."""
    meter = Meter(source)
    meter.start()
    for _ in range(max(int(seconds * _NS_PER_S / PERIOD_NS), 1)):
        sleep(PERIOD_NS / _NS_PER_S)
        meter.tick()
    return meter.stop().watts


def _area(readings: list[tuple[float, float]]) -> float:
    pairs = zip(readings, readings[1:])
    return sum((watts + before) / 2 * (t - t_before) / _NS_PER_S for (t_before, before), (t, watts) in pairs)
