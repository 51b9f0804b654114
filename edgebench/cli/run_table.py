"""What a session has measured, as a table on the screen: from the records alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edgebench.bench.session import Outcome


def table(outcomes: Sequence[Outcome], splits: Sequence[str]) -> None:
    """Mean focusing error +- standard deviation by split, and times."""
    from rich.console import Console
    from rich.table import Table

    from edgebench.records import store, summary

    printed = Table(box=None, pad_edge=False)
    for heading in ("cell", *(f"{split}, um" for split in splits), "wall, s", "ms/patch", "peak MiB", "verdict"):
        printed.add_column(heading, overflow="fold")
    records = [store.load(outcome.path) for outcome in outcomes]
    for outcome, record in zip(outcomes, records, strict=True):
        found = summary.summarise(record)
        errors = [found.errors[split] for split in splits]
        printed.add_row(
            outcome.cell.name.replace("/", "/\n", 1).replace(" on ", "\non "),
            *(f"{error.mean_um:.2f}\n+- {error.std_um:.2f}" for error in errors),
            f"{sum(times.wall_s for times in found.times.values()):.1f}",
            f"{found.latency.patch_ms:.2f}" if found.latency else "",
            f"{found.memory.peak_mib:.0f}" if found.memory else "",
            found.verdict.replace(", ", "\n"),
        )
    Console().print(printed)
    for outcome in outcomes:
        typer.echo(str(outcome.path))
    if any(record["data"]["simulated"] for record in records):
        typer.echo("Measured on simulated images: the errors are no result for real tissue.")
