"""No runtime: takes the time and memory, and gives the answers, that a JSON file says. It tests the instrument.

Its answers are read off the picture (docs/selftest.md): the error of a run is known before the run.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass, fields
from pathlib import Path
from time import perf_counter_ns, sleep, thread_time_ns
from typing import Any, Optional

import numpy as np

from edgebench.errors import BackendError

BITS = 16
ROWS, COLUMNS = 4, 8  # of blocks in a picture: 16 bits, then the same inverted
ZERO_NM = 2 ** (BITS - 1)
MIB = 2**20
LATENCIES = ("constant", "bimodal", "alternating", "drift", "step", "heavy")
WAITS = ("busy", "cpu", "sleep")
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Programme:
    """One artifact. Calls count from 0, the first after loading."""

    latency: str = "constant"
    us: float = 0.0
    by: float = 0.0  # share of us by which another mode or level is longer
    share: float = 0.0  # bimodal: of calls in the other mode
    begin: int = 0  # first call of the step, the drift, or of the other mode in each `end` calls (alternating)
    end: int = 0  # last call of the drift
    tail: float = 3.0  # heavy: exponent of a Pareto distribution from us on
    wait: str = "busy"  # until the clock, until the CPU time of this thread says so, or asleep
    load_mib: int = 0  # kept from loading on
    first_mib: int = 0  # kept from the first call on
    call_mib: int = 0  # kept by each call
    scratch_mib: int = 0  # taken and given back by the first call
    scale: float = 1.0  # answer = scale * what the picture says + offset
    offset_um: float = 0.0
    later_um: float = 0.0  # added from call `later` on
    later: int = 0
    nan: bool = False
    cached: bool = False  # an input equal to the one before is answered at once
    executed: str = "float32"  # precision that it claims to have run
    label: str = ""  # makes two files of one programme differ


def time_ns(programme: Programme, call: int) -> int:
    """What a call is programmed to take; bimodal and heavy follow the golden ratio: every stretch has its share."""
    away = call * _GOLDEN % 1
    factor = 1.0
    if programme.latency == "bimodal":
        factor += programme.by * (away < programme.share)
    elif programme.latency == "alternating":
        factor += programme.by * (call % programme.end >= programme.begin)
    elif programme.latency == "drift":
        factor += programme.by * min(max((call - programme.begin) / (programme.end - programme.begin), 0), 1)
    elif programme.latency == "step":
        factor += programme.by * (call >= programme.begin)
    elif programme.latency == "heavy":
        factor = (1 - away) ** (-1 / programme.tail)
    return int(1000 * programme.us * factor)


def read(path: Path) -> Programme:
    """Raises BackendError for what is no programme."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackendError(f"{path}: not a programme ({error}). Write its JSON again.") from error
    known = {field.name: field.default for field in fields(Programme)}
    if not isinstance(raw, dict) or not set(raw) <= set(known):
        raise BackendError(f"{path}: not a programme. It is an object with keys among {', '.join(known)}.")
    for name, value in raw.items():
        wanted = (int, float) if isinstance(known[name], float) else (type(known[name]),)
        if type(value) not in wanted or (type(value) in (int, float) and value < 0 and not name.endswith("_um")):
            raise BackendError(f"{path}: {name} is {value!r}, expected like {known[name]!r}, not negative.")
    programme = Programme(**raw)
    _check(path, "latency", programme.latency, LATENCIES)
    _check(path, "wait", programme.wait, WAITS)
    if programme.latency in ("alternating", "drift") and programme.end <= programme.begin:
        raise BackendError(f"{path}: end is {programme.end}, expected more than begin ({programme.begin}).")
    if programme.latency == "heavy" and programme.tail <= 0:
        raise BackendError(f"{path}: tail is {programme.tail}, expected more than 0.")
    return programme


def read_um(x: np.ndarray) -> np.ndarray:
    """(B, S, S, 3) to (B,) um, by the sign in the middle of each block; S >= 8."""
    size = x.shape[1]
    rows, columns = ((np.arange(n) * 2 + 1) * size // (2 * n) for n in (ROWS, COLUMNS))
    seen = x[:, rows][:, :, columns, 0].reshape(len(x), 2, BITS)
    um: np.ndarray = ((seen[:, 0] > seen[:, 1]) @ 2 ** np.arange(BITS) - ZERO_NM) / 1000
    return um


class Programmable:
    quantisation = None

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        self._programme = read(model)
        self._calls = 0
        self._before: Optional[np.ndarray] = None
        self._answer = np.zeros(batch_size, np.float32)
        self._kept: list[mmap.mmap] = []
        self._keep(self._programme.load_mib)

    def predict(self, x: np.ndarray) -> np.ndarray:
        programme = self._programme
        clock = thread_time_ns if programme.wait == "cpu" else perf_counter_ns
        begin = clock()
        if programme.cached:
            if self._before is not None and np.array_equal(x, self._before):
                return self._answer
            self._before = x.copy()
        call, self._calls = self._calls, self._calls + 1
        self._answer = self._answers(x, call)
        self._take(call)
        end = begin + time_ns(programme, call)
        if programme.wait == "sleep":
            sleep(max(end - clock(), 0) / 1e9)
        while clock() < end:
            pass
        return self._answer

    def takes(self) -> dict[str, object]:
        return {}

    def executed(self) -> dict[str, object]:
        precision = self._programme.executed
        told: dict[str, Any] = {"precision": precision, "operators": {f"WAIT {precision}": 1}}
        return {**told, "call": "programmed latency, no model"}

    def versions(self) -> dict[str, str]:
        return {}

    def _take(self, call: int) -> None:
        self._keep(self._programme.call_mib)
        if call == 0:
            self._keep(self._programme.first_mib)
            if self._programme.scratch_mib:
                _taken(self._programme.scratch_mib).close()

    def _keep(self, mib: int) -> None:
        if mib:
            self._kept.append(_taken(mib))

    def _answers(self, x: np.ndarray, call: int) -> np.ndarray:
        programme = self._programme
        if programme.nan:
            return np.full(len(x), np.nan, np.float32)
        more = programme.later_um if call >= programme.later else 0.0
        return (programme.scale * read_um(x) + programme.offset_um + more).astype(np.float32)


def _taken(mib: int) -> mmap.mmap:
    """Memory of its own mapping, every page written: the kernel counts all of it, and gets all of it back."""
    memory = mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for page in range(0, mib * MIB, mmap.PAGESIZE):
        memory[page] = 1
    return memory


def _check(path: Path, name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BackendError(f"{path}: no {name} {value!r}. Known: {', '.join(known)}.")


BACKEND = Programmable
