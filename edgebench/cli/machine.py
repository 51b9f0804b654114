"""Records and sessions as `--json` prints them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.cli import screen

if TYPE_CHECKING:
    from edgebench.bench.estimate import Estimate
    from edgebench.bench.gates import Check
    from edgebench.bench.plan import Plan
    from edgebench.records.summary import Summary


def of_summary(path: Path, found: Summary) -> dict[str, Any]:
    """What a record is of, and every number derived from it; raw samples stay in the file."""
    record = found.record
    device = {key: record["device"].get(key) for key in ("name", "emulated", "mode")}
    about = {"record": str(path), "id": record["id"], "model": record["model"], "settings": record["settings"]}
    about |= {"artifact": {key: record["artifact"][key] for key in ("target", "bytes", "sha256")}}
    about |= {"backend": record["backend"]["name"], "device": device, "simulated": record["data"]["simulated"]}
    numbers = {key: value for key, value in screen.plain(found).items() if key != "record"}
    return {**about, "verdict": found.verdict, **numbers}


def of_gates(found: Sequence[Check], todo: Plan) -> list[dict[str, Any]]:
    return [
        {
            "gate": one.gate,
            "cell": todo.cells[one.other].name,
            "base": todo.cells[one.base].name if isinstance(one.base, str) else one.base["id"],
            "findings": screen.plain(one.findings),
            "again": screen.plain(one.again),
            "failed": one.confirmed,
        }
        for one in found
    ]


def of_plan(plan: Plan, estimate: Estimate) -> dict[str, Any]:
    """Cells, processes in their order, and the estimate with what it rests on."""
    cells = [
        {"id": id, "name": cell.name, "record": str(plan.paths[id]), "finished": len(plan.finished[id])}
        for id, cell in plan.cells.items()
    ]
    left = [{"cell": process.id, "phase": process.phase} for process in plan.left]
    return {"cells": cells, "left": left, "estimate": screen.plain(estimate)}
