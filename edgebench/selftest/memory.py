"""Known memory: mebibytes programmed at each stage, and what the memory process says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from edgebench.backends.programmable import MIB, Programme
from edgebench.runner.memory import STEADY_CALLS
from edgebench.selftest import live
from edgebench.selftest.finding import Finding
from edgebench.selftest.live import Bench

ASKED = "Does the memory process find the mebibytes that were taken, at the stage where they were taken?"
NOTE = (
    "N MiB are taken and written at loading, N more at the first call, and a third N MiB are given back before that "
    "call ends: only the peak may show those. In the last case every call keeps 1 MiB more."
)
LIMIT_MIB = 1.0
SIZES_MIB = (16, 64, 256)


def measure(bench: Bench) -> dict[str, Any]:
    programmes = {f"{n} MiB": Programme(load_mib=n, first_mib=n, scratch_mib=n) for n in SIZES_MIB}
    programmes["1 MiB a call"] = Programme(call_mib=1)
    cells = {name: live.cell(bench, name.replace(" ", "-"), one) for name, one in programmes.items()}
    raw = live.processes(bench, cells, "memory")
    return {
        "cases": [{"case": name, "programme": asdict(programmes[name]), "memory": raw[name][0]} for name in programmes]
    }


def findings(raw: dict[str, Any], quick: bool) -> tuple[Finding, ...]:
    found = []
    for case in raw["cases"]:
        for what, expected, measured in differences_mib(Programme(**case["programme"]), case["memory"]):
            away = measured - expected
            text = f"{measured:.2f} MiB, {away:+.2f} MiB off"
            goal = f"{expected} MiB within {LIMIT_MIB:g} MiB"
            found.append(Finding(f"{case['case']}: {what}", text, goal, abs(away) <= LIMIT_MIB))
    return tuple(found)


def differences_mib(programme: Programme, memory: dict[str, Any]) -> Iterator[tuple[str, int, float]]:
    """What is added where: in words, programmed, measured."""
    rss = {stage: of["rss_bytes"] / MIB for stage, of in memory["stages"].items()}
    yield "load", programme.load_mib, rss["load"] - rss["imports"]
    yield "first call", programme.first_mib + programme.call_mib, rss["first"] - rss["load"]
    yield f"{STEADY_CALLS} more calls", STEADY_CALLS * programme.call_mib, rss["steady"] - rss["first"]
    yield "peak over steady state", programme.scratch_mib, memory["peak_rss_bytes"] / MIB - rss["steady"]
