"""Injected faults: each must be found by the verdict that is for it, and by no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from edgebench.backends.programmable import Programme
from edgebench.bench.suite import Settings
from edgebench.devices.base import Device
from edgebench.errors import ModelError
from edgebench.records import store
from edgebench.records.summary import summarise
from edgebench.selftest import disturb, live
from edgebench.selftest.disturb import Disturbed
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

ASKED = "Is each thing that can go wrong found by the verdict that is for it, and by no other?"
NOTE = (
    "One fault at a time, in a cell that is otherwise sound. All cells but one are too short on purpose, so that SHORT "
    "is expected too. Temperatures cannot be made: swap and throttling are fakes in the state of the device."
)
SHORT = "SHORT"
REFUSED = "ModelError, no record"
OK = "OK"
_BEFORE = 41  # calls: the first one, and the shortest warm-up
Inject = Callable[[Bench, range], Device]


@dataclass(frozen=True)
class Fault:
    name: str
    what: str
    programme: Programme
    one_of: tuple[str, ...]  # verdicts, of which one or more must be given, beside SHORT
    inject: Inject = lambda bench, disturbed: bench.device
    spread: bool = False  # between processes: several are needed
    settings: dict[str, Any] = field(default_factory=dict)


def faults(quick: bool) -> tuple[Fault, ...]:
    calls = timed_calls(quick)
    sound = Programme(us=1000)
    late = _BEFORE + 65 * calls // 100  # later than half way: the median of any process is that of the first level
    found = (
        Fault("none", "nothing, but too few calls", sound, ()),
        Fault(
            "neighbour",
            "a neighbour computes on the measured core during some of the processes",
            Programme(us=5000, wait="cpu"),
            ("NOISY", "UNSTEADY", "DRIFT", "STEP"),
            lambda bench, disturbed: Disturbed(bench.device, during=disturb.with_neighbour(disturbed, bench.seed)),
            spread=True,
            settings={"iterations": 100},
        ),
        Fault("slower", "some of the processes are 20 % slower", sound, ("NOISY",), _slower, spread=True),
        Fault("step", "20 % slower for the last third", _moving("step", late), ("DRIFT", "STEP")),
        Fault("drift", "ever slower, by 20 % in all", _moving("drift", _BEFORE, _BEFORE + calls), ("DRIFT",)),
        Fault("unsteady", "two levels take turns, for ever", _moving("alternating", 25, 40, 0.5), ("UNSTEADY",)),
        Fault("cached", "the result of an input that repeats is kept", replace(sound, cached=True), ("CACHE",)),
        Fault("mismatch", "other answers once it is timed", replace(sound, later_um=0.5, later=60), ("MISMATCH",)),
        Fault(
            "fallback", "runs in float16, the artifact is float32", replace(sound, executed="float16"), ("FALLBACK",)
        ),
        Fault("collapsed", "the same answer to every picture", replace(sound, scale=0.0), ("COLLAPSED",)),
        Fault("swap", "swap grows during a process (a fake)", sound, ("SWAPPED",), _state(disturb.swap_grows)),
        Fault(
            "throttle-count",
            "the count of throttling grows during a process (a fake)",
            sound,
            ("THROTTLED",),
            _state(disturb.throttle_count_grows),
        ),
        Fault("nan", "answers that are no numbers", replace(sound, nan=True), (REFUSED,)),
    )
    if quick:
        return found
    whole = {"iterations": Settings.iterations, "seconds": Settings.seconds}
    flag, voltage = _state(disturb.throttled_flag), "a board says that its voltage is too low (a fake)"
    return (
        Fault("whole", "nothing, and a run of full length", Programme(us=10_000), (OK,), settings=whole),
        *found,
        Fault("throttle-flag", voltage, sound, ("THROTTLED",), flag),
    )


def timed_calls(quick: bool) -> int:
    """Of a process; from 100 on a trend is looked for."""
    return 120 if quick else 400


def measure(bench: Bench) -> dict[str, Any]:
    every = faults(bench.quick)
    cases = []
    for number, fault in enumerate(every):
        here = live.within(bench, number / len(every), (number + 1) / len(every))
        outcome = inject(here, fault)
        cases.append({"fault": fault.name, "what": fault.what, "one_of": list(fault.one_of), **outcome})
    return {"cases": cases}


def inject(bench: Bench, fault: Fault) -> dict[str, Any]:
    """The record, or the error that there was in place of one."""
    repeats = (3 if fault.spread else 1) if bench.quick else 5
    settings = {"batch_size": 4, "repeats": repeats, "iterations": timed_calls(bench.quick), **fault.settings}
    cell = live.cell(bench, fault.name, fault.programme, **settings)
    device = fault.inject(bench, range(1 if bench.quick else 2))
    try:
        return {"record": live.record(bench, cell, device), "refused": None}
    except ModelError as error:
        kept = any(record["model"]["name"] == fault.name for record in store.load_all(bench.folder))
        return {"record": None, "refused": type(error).__name__ + (", but a record" if kept else ", no record")}


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    return tuple(_finding(case) for case in raw["cases"])


def _finding(case: dict[str, Any]) -> Finding:
    one_of, refused = set(case["one_of"]), case["refused"]
    told = {refused} if refused else {verdict.name for verdict in summarise(case["record"]).verdicts} or {OK}
    also = set() if one_of & {OK, REFUSED} else {SHORT}
    goal = " or ".join(case["one_of"])
    goal += (" and " if goal and also else "") + ", ".join(also)
    reached = also <= told <= one_of | also and (not one_of or bool(told & one_of))
    return Finding(case["what"], ", ".join(sorted(told)), goal, reached)


def _moving(latency: str, begin: int, end: int = 0, by: float = 0.2) -> Programme:
    return Programme(latency=latency, us=1000, by=by, begin=begin, end=end)


def _slower(bench: Bench, disturbed: range) -> Device:
    path = live.write(bench, "slower-by-a-fifth", Programme(us=1200))
    return Disturbed(bench.device, during=disturb.with_artifact(path, disturbed, bench.seed))


def _state(seen: disturb.Seen) -> Inject:
    return lambda bench, disturbed: Disturbed(bench.device, seen=seen)
