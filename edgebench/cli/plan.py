"""edgebench run --plan: what would be measured, in which order, and about how long; nothing is."""

from __future__ import annotations

from collections import Counter
from string import ascii_uppercase
from typing import TYPE_CHECKING

import typer

from edgebench.cli.progress import duration

if TYPE_CHECKING:
    from edgebench.bench.estimate import Estimate
    from edgebench.bench.plan import Plan


def show(plan: Plan, estimate: Estimate) -> None:
    letters = {id: _letter(number) for number, id in enumerate(plan.cells)}
    for id, cell in plan.cells.items():
        own = [process.phase for process in plan.order if process.id == id]
        said = f"{len(plan.finished[id])} of {len(own)} processes done: {_kinds(own)}" if own else "its record is there"
        typer.echo(f"{letters[id]}  {cell.name}: {said} ({plan.paths[id]})")
    left = plan.left
    if not left:
        typer.echo("Nothing is left to measure.")
        return
    typer.echo(f"Order of the {len(left)} processes to run: " + ", ".join(f"{letters[p.id]} {p.phase}" for p in left))
    typer.echo(_basis(estimate))


def _basis(estimate: Estimate) -> str:
    """The estimate and what it rests on."""
    more = estimate.asked or estimate.unknown
    parts = [
        f"{count} {what}"
        for count, what in (
            (estimate.measured, "by what like processes of the same artifact and backend took"),
            (estimate.asked, "by the seconds that they are timed, start and warm-up not counted"),
            (estimate.unknown, "unknown, counted as nothing"),
        )
        if count
    ]
    if not (estimate.measured or estimate.asked):
        return "Estimate: none; no like process has a record, and the settings name no time."
    return f"Estimate: {'at least' if more else 'about'} {duration(estimate.seconds)}. Processes: {'; '.join(parts)}."


def _kinds(phases: list[str]) -> str:
    from edgebench.bench.estimate import without_number

    counts = Counter(map(without_number, sorted(phases)))
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in counts.items())


def _letter(number: int) -> str:
    """A to Z, then A1 to Z1, and so on."""
    again, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(again) if again else "")
