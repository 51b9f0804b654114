"""The gates of a suite on the screen: each number with its interval, and whether a second measurement agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edgebench.bench.gates import Check
    from edgebench.bench.plan import Plan
    from edgebench.records.gates import Finding
    from edgebench.records.schema import Record


def show(found: Sequence[Check], todo: Plan) -> None:
    """Ratios are other / base, differences of errors other - base, with their 95 % intervals."""
    for check in found:
        typer.echo(f"{check.gate}: {todo.cells[check.other].name} against {_name(check.base, todo)}")
        for number, one in enumerate(check.findings):
            again = check.again[number] if check.again else None
            typer.echo(f"  {one.what:8} {_value(one):32} {one.verdict:20} {_said(one, again)}")
            if again:
                typer.echo(f"  {'again':8} {_value(again):32} {again.verdict}")
    failed = sum(check.confirmed for check in found)
    typer.echo(f"Gates: {failed} of {len(found)} failed twice." if failed else f"Gates: all {len(found)} passed.")


def _name(base: str | Record, todo: Plan) -> str:
    return todo.cells[base].name if isinstance(base, str) else f"baseline of {base['created'][:10]}"


def _said(one: Finding, again: Finding | None) -> str:
    if not one.failed:
        return "passed" if one.verdict != "no difference shown" else "passed, but nothing is shown"
    return "FAILED, confirmed" if again and again.failed else "passed: the failure was not confirmed"


def _value(finding: Finding) -> str:
    found, sign = finding.found, "+" if finding.unit else ""
    numbers = f"{found.value:{sign}.3f} [{found.low:{sign}.3f}, {found.high:{sign}.3f}]"
    return f"{numbers} {finding.unit}".strip()
