"""The clock path: what the clock resolves, what the timing loop costs, how far a measured time is from the true one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from time import perf_counter_ns
from typing import Any

import numpy as np

from edgebench.backends.programmable import Programme, time_ns
from edgebench.records import statistics as st
from edgebench.selftest import live
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

ASKED = "Is a time that is known beforehand measured as what it is, and what does the measuring itself cost?"
NOTE = (
    "Each call waits on the clock until its programmed time is over, so that a measured time can only be longer. Bias: "
    "the median over the calls of measured minus programmed, then the median of the processes with its interval (n as "
    "in every table of edgebench). The loop: calls of a back-end that does nothing."
)
STEP_NS, LOOP_NS, BIAS_NS = 1_000, 2_000, 5_000
READINGS = 100_000
NULL = "null"
CASES = {  # name: programme, timed calls of a process, and those of a quick run
    "constant 50 us": (Programme(us=50), 2000, 300),
    "constant 1 ms": (Programme(us=1000), 500, 100),
    "constant 10 ms": (Programme(us=10_000), 100, 20),
    "two modes, 1 and 1.5 ms": (Programme(latency="bimodal", us=1000, by=0.5, share=0.4), 500, 100),
    "heavy tail from 1 ms on": (Programme(latency="heavy", us=1000, tail=3.0), 500, 100),
    "asleep for 1 ms": (Programme(us=1000, wait="sleep"), 500, 100),
}


def measure(bench: Bench) -> dict[str, Any]:
    repeats = 2 if bench.quick else 5
    cells = {
        name: live.cell(bench, _file(name), programme, repeats=repeats, iterations=few if bench.quick else many)
        for name, (programme, many, few) in CASES.items()
    }
    loop = {"repeats": repeats, "iterations": 300 if bench.quick else 2000}
    cells[NULL] = live.cell(bench, NULL, Programme(), backend=NULL, **loop)
    raw = live.processes(bench, cells, "latency")
    steps = steps_ns(READINGS)
    null = raw.pop(NULL)
    programmes = {name: asdict(programme) for name, (programme, *_) in CASES.items()}
    cases = [{"case": name, "programme": programmes[name], "processes": raw[name]} for name in CASES]
    return {"steps_ns": steps, NULL: null, "cases": cases}


def steps_ns(readings: int) -> list[list[int]]:
    """Differences of successive readings, ns, each with how often it came; 0: the clock had not moved on."""
    times = [perf_counter_ns() for _ in range(readings)]
    counts = Counter(after - before for before, after in zip(times, times[1:]))
    return [[step, counts[step]] for step in sorted(counts)]


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    step = min(step for step, _ in raw["steps_ns"] if step > 0)
    loop = [float(np.median(process["samples_ns"])) for process in raw[NULL]]
    found = [
        Finding("smallest step of perf_counter_ns", f"{step} ns", f"at most {STEP_NS:,} ns", step <= STEP_NS),
        _finding("timing loop around a call that does nothing", loop, LOOP_NS, bounded=True),
    ]
    for case in raw["cases"]:
        programme = Programme(**case["programme"])
        away = [bias_ns(process, programme) for process in case["processes"]]
        found.append(_finding(f"bias: {case['case']}", away, BIAS_NS, bounded=programme.wait == "busy"))
    return tuple(found)


def bias_ns(process: dict[str, Any], programme: Programme) -> float:
    """Median over the timed calls of measured minus programmed; before them came the first call and the warm-up."""
    before = 1 + process["warmup_calls"]
    away = [ns - time_ns(programme, before + i) for i, ns in enumerate(process["samples_ns"])]
    return float(np.median(away))


def _finding(what: str, medians_ns: list[float], limit_ns: int, *, bounded: bool) -> Finding:
    value, interval = st.process_median(medians_ns)
    text = f"{value:,.0f} ns" + (f" [{interval.low:,.0f}, {interval.high:,.0f}]" if interval else "")
    goal = f"0 to {limit_ns:,} ns" if bounded else "never below 0"
    return Finding(what, text, goal, 0 <= value <= limit_ns if bounded else value >= 0)


def _file(name: str) -> str:
    return name.translate(str.maketrans(" ", "-", ","))
