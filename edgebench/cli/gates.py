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
    from rich.console import Console
    from rich.table import Table

    table = Table("gate", "cell", "against", "", "other / base,\nother - base [95 %]", "verdict", "measured again", "")
    table.box = None
    for check in found:
        cell = todo.cells[check.other].name
        base = (
            todo.cells[check.base].name if isinstance(check.base, str) else f"baseline of {check.base['created'][:10]}"
        )
        for number, one in enumerate(check.findings):
            again = check.again[number] if check.again else None
            names = (check.gate, cell, base) if number == 0 else ("", "", "")
            second = f"{_value(again)} {again.verdict}" if again else ""
            table.add_row(*names, one.what, _value(one), one.verdict, second, _said(one, again))
    Console().print(table)
    failed = sum(check.confirmed for check in found)
    typer.echo(f"Gates: {failed} failed twice." if failed else "Gates: passed.")


def _name(base: str | Record, todo: Plan) -> str:
    return todo.cells[base].name if isinstance(base, str) else f"baseline of {base['created'][:10]}"


def _said(one: Finding, again: Finding | None) -> str:
    if not one.failed:
        return "passed" if one.verdict != "no difference shown" else "passed: neither worse nor the same is shown"
    return "FAILED, confirmed" if again and again.failed else "passed: the failure was not confirmed"


def _value(finding: Finding) -> str:
    found, sign = finding.found, "+" if finding.unit else ""
    numbers = f"{found.value:{sign}.3f} [{found.low:{sign}.3f}, {found.high:{sign}.3f}]"
    return f"{numbers} {finding.unit}".strip()
