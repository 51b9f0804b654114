"""Calls between marks, for an emulator that counts instructions: each is the call that a latency process times."""

from __future__ import annotations

import ctypes

from edgebench.runner import start
from edgebench.types import RunSpec

CALLS = 2
BEGIN, END = 1, 2  # phases
_MARK = 0x45444745  # emulation/edgecount.c; no option of prctl's, which refuses it


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the count event, to which the device adds what its emulator counted."""
    batch = start.noise(spec)
    backend, load = start.start(spec, batch)
    mark = ctypes.CDLL(None).prctl
    backend.predict(batch)
    for _ in range(CALLS):
        mark(_MARK, BEGIN, 0, 0, 0)
        backend.predict(batch)
        mark(_MARK, END, 0, 0, 0)
    emit("load", **load)
    emit("count", calls=CALLS)
