"""False alarms of measured records: identical programmes, interleaved, on this machine as it is."""

from __future__ import annotations

from typing import Any

from edgebench.backends.programmable import Programme
from edgebench.records import comparison
from edgebench.records.summary import summarise
from edgebench.selftest import alarms, live
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

ASKED = "And how often where the noise is that of this machine?"
NOTE = (
    "Cells of one programme (1 ms of computing a call), measured as any cell is, their processes interleaved; each is "
    "compared with the next. SHORT is true of all of them, and not counted. They are few: the goal is missed only "
    "where the whole interval lies above it."
)
CELLS, CELLS_QUICK = 24, 2  # even numbers


def measure(bench: Bench) -> dict[str, Any]:
    repeats = 4 if bench.quick else 5
    cells = {}
    for number in range(CELLS_QUICK if bench.quick else CELLS):
        name = f"same-{number + 1}"
        programme = Programme(us=1000, wait="cpu", label=name)
        cells[name] = live.cell(bench, name, programme, repeats=repeats, iterations=128, images=8)
    return {"records": list(live.records(bench, cells).values())}


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    records = raw["records"]
    pairs = [comparison.compare(*pair) for pair in zip(records[::2], records[1::2])]
    said = alarms.verdicts(map(summarise, records))
    return tuple(
        alarms.of_row("live", {**alarms.counted(pairs), "records": len(records), "verdicts": said}, lenient=True)
    )
