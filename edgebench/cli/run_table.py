"""What a session has measured, as a table on the screen: from the records alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgebench.cli import screen
from edgebench.energy.choose import OFF

if TYPE_CHECKING:
    from edgebench.bench.session import Outcome
    from edgebench.records.schema import Record
    from edgebench.records.summary import Energy, Errors, Latency, Limit, Summary


def summaries(outcomes: Sequence[Outcome]) -> list[tuple[Path, Summary]]:
    from edgebench.records import store, summary

    return [(outcome.path, summary.summarise(store.load(outcome.path))) for outcome in outcomes]


def table(outcomes: Sequence[Outcome], splits: Sequence[str]) -> None:
    """Mean focusing error +- standard deviation by split, times, and what else was asked for."""
    found = [one for _, one in summaries(outcomes)]
    records = [one.record for one in found]
    names = [outcome.cell.name.replace("/", "/\n", 1).replace(" on ", "\non ") for outcome in outcomes]
    columns = {"cell": names, **{f"{split}, um": [_error(one.errors[split]) for one in found] for split in splits}}
    columns |= {heading: [of(one) for one in found] for heading, of in _ALWAYS.items()}
    asked = {heading: [of(one) for one in found] for heading, of in _IF_ASKED.items()}
    columns |= {heading: cells for heading, cells in asked.items() if any(cells)}
    columns["verdict"] = [one.verdict.replace(", ", ",\n") for one in found]
    screen.table(tuple(columns), zip(*columns.values(), strict=True), right=range(1, len(columns) - 1), whole=())
    for outcome in outcomes:
        typer.echo(str(outcome.path))
    for source in dict.fromkeys(one.energy.source for one in found if one.energy):
        typer.echo(f"Energy by {source}, what the machine draws at rest included.")
    for reason in dict.fromkeys(reason for record in records if (reason := _no_energy(record))):
        typer.echo(f"No energy was measured: {reason}.")
    for one in found:
        for verdict in one.verdicts:
            typer.echo(f"{one.record['id']}: {verdict.name} ({verdict.about}): {verdict.reason}.")
    for reason in dict.fromkeys(one.limit.reason for one in found if one.limit and one.limit.reason):
        typer.echo(f"The limit of memory was skipped: {reason}.")
    if any(record["data"]["simulated"] for record in records):
        typer.echo("Measured on simulated images: the errors are no result for real tissue.")


def _error(error: Errors) -> str:
    return f"{error.mean_um:.2f}\n+- {error.std_um:.2f}"


def _wall(found: Summary) -> str:
    """Of an emulator it says nothing of the board."""
    if found.record["device"]["emulated"]:
        return "emulated"
    return f"{sum(times.wall_s for times in found.times.values()):.1f}"


def _patch(latency: Latency) -> str:
    interval = f"\n[{latency.patch.low:.2f}, {latency.patch.high:.2f}]" if latency.patch else ""
    return f"{latency.patch_ms:.2f}{interval}"


def _no_energy(record: Record) -> str | None:
    """Why; None where it was measured, not asked for, or no latency process ran."""
    if record["settings"]["energy"] == OFF:
        return None
    return next((process.get("no_energy") for process in record["latency"]), None)


def _limit(limit: Limit) -> str:
    return f"{limit.mib:.0f}" if limit.mib is not None else "none"


def _energy(energy: Energy) -> str:
    interval = f"\n[{energy.patch.low:.2f}, {energy.patch.high:.2f}]" if energy.patch else ""
    return f"{energy.patch_mj:.2f}{interval}"


_ALWAYS: dict[str, Callable[[Summary], str]] = {
    "wall, s": _wall,
    "ms/patch": lambda one: _patch(one.latency) if one.latency else "",
    "peak MiB": lambda one: f"{one.memory.peak_mib:.0f}" if one.memory else "",
}
_IF_ASKED: dict[str, Callable[[Summary], str]] = {
    "mJ per\npatch": lambda one: _energy(one.energy) if one.energy else "",
    "idle\nW": lambda one: f"{one.energy.idle_w:.2f}" if one.energy else "",
    "limit\nMiB": lambda one: _limit(one.limit) if one.limit else "",
    "last/\nfirst": lambda one: f"{one.sustained.ratio:.2f}" if one.sustained else "",
}
