"""A device with something wrong: around its processes, or in the state that it shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from edgebench.devices.base import Device, Event
from edgebench.types import RunSpec

During = Callable[[RunSpec], AbstractContextManager[RunSpec]]
Seen = Callable[[int], dict[str, object]]  # number of the reading, from 1: two a process
MIB = 2**20
_SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
parent = os.getppid()
while os.getppid() == parent:
    pass
"""


@contextmanager
def nothing(spec: RunSpec) -> Iterator[RunSpec]:
    yield spec


class Disturbed:
    """during is entered around each process and may change what it is told; seen replaces parts of the state."""

    def __init__(self, device: Device, *, during: During = nothing, seen: Seen = lambda reading: {}) -> None:
        self.name, self.emulated = device.name, device.emulated
        self._device, self._during, self._seen = device, during, seen
        self._readings = 0

    def run(self, spec: RunSpec) -> Iterator[Event]:
        with self._during(spec) as changed:
            yield from self._device.run(changed)

    def host(self) -> Event:
        return self._device.host()

    def state(self) -> dict[str, object]:
        self._readings += 1
        return {**self._device.state(), **self._seen(self._readings)}


def with_neighbour(processes: range, seed: int) -> During:
    """These latency processes share their core with one that only computes."""

    @contextmanager
    def during(spec: RunSpec) -> Iterator[RunSpec]:
        if not _is_one_of(spec, processes, seed):
            yield spec
            return
        core = sorted(os.sched_getaffinity(0))[-spec.threads]  # of those that runner/host.py takes
        with busy(core):
            yield spec

    return during


@contextmanager
def busy(core: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that computes on one core, until the block ends or its parent does."""
    with subprocess.Popen([sys.executable, "-c", _SPIN, str(core)]) as process:
        try:
            yield process
        finally:
            process.kill()


def with_artifact(path: Path, processes: range, seed: int) -> During:
    """These latency processes run another artifact."""

    @contextmanager
    def during(spec: RunSpec) -> Iterator[RunSpec]:
        yield replace(spec, artifact=str(path)) if _is_one_of(spec, processes, seed) else spec

    return during


def swap_grows(reading: int) -> dict[str, object]:
    """By 16 MiB during the second process."""
    return {"swap_used_bytes": (64 + 16 * (reading >= 4)) * MIB}


def throttle_count_grows(reading: int) -> dict[str, object]:
    return {"throttle_count": 7 + (reading >= 4)}


def throttled_flag(reading: int) -> dict[str, object]:
    """As a Raspberry Pi tells it: after the second process, under-voltage now (bit 0)."""
    return {"throttled": int(reading == 4)}


def _is_one_of(spec: RunSpec, processes: range, seed: int) -> bool:
    return spec.mode == "latency" and spec.rotation > 1 and spec.seed - seed in processes
