"""Steady-state time of a call and of a patch, from nothing to the first answer, and what a patch takes of energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgebench.records.statistics import PROCESSES, Estimate
from edgebench.records.summary import Latency, Summary
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED, digits3, emulated
from edgebench.report.columns.column import Column, Context
from edgebench.report.document import Value
from edgebench.report.rows import verdicts

CALLS = {"p90": "n<36", "p99": "n<368"}  # of each process; fewer have no interval


def _timed(of: Callable[[Latency], Value]) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, _: Context) -> Value:
        if emulated(run):
            return NO_TIME
        return of(run.latency) if run.latency else UNMEASURED

    return cell


def _p50(run: Summary, context: Context) -> Value:
    cell = _timed(lambda found: digits3(found.p50_ms, found.p50))(run, context)
    if cell.value is None:
        return cell
    marks = (verdicts(run, about, context.notes) for about in ("latency", "device"))
    return replace(cell, text=cell.text + "".join(marks))


def _percentile(name: str, of: Callable[[Latency], Estimate | None]) -> Callable[[Summary, Context], Value]:
    def cell(found: Latency) -> Value:
        estimate = of(found)
        if estimate:
            return digits3(estimate.value, estimate)
        return Value(f"<{PROCESSES} processes" if found.processes < PROCESSES else CALLS[name])

    return _timed(cell)


def _energy(run: Summary, _: Context) -> Value:
    found = run.energy
    return ABSENT if found is None or emulated(run) else digits3(found.patch_mj, found.patch)


def _idle(run: Summary, _: Context) -> Value:
    return ABSENT if run.energy is None or emulated(run) else digits3(run.energy.idle_w)


START = (
    Column("import_ms", "Import", "ms", _timed(lambda found: digits3(found.import_ms))),
    Column("load_ms", "Load", "ms", _timed(lambda found: digits3(found.load_ms))),
    Column("first_ms", "First call", "ms", _timed(lambda found: digits3(found.first_ms))),
)
CALL = (
    Column("call_p50_ms", "p50 of a call", "ms", _p50),
    Column("call_p90_ms", "p90", "ms", _percentile("p90", lambda found: found.p90)),
    Column("call_p99_ms", "p99", "ms", _percentile("p99", lambda found: found.p99)),
)
PATCH = (
    Column("patch_p50_ms", "p50 of a patch", "ms", _timed(lambda found: digits3(found.patch_ms, found.patch))),
    Column("patch_p90_ms", "p90 of a patch", "ms", _percentile("p90", lambda found: found.patch_p90)),
    Column("patch_p99_ms", "p99 of a patch", "ms", _percentile("p99", lambda found: found.patch_p99)),
    Column("patches_per_s", "Patches/s", "", _timed(lambda found: digits3(found.patches_per_s))),
)
ENERGY = (
    Column("energy_mj", "Energy of a patch", "mJ", _energy),
    Column("idle_w", "At rest", "W", _idle),
)
