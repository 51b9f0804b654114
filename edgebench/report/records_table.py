"""The records behind a report, by id and SHA-256."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import store
from edgebench.records.summary import Summary
from edgebench.report.document import Notes, Table
from edgebench.report.rows import slides


def records(runs: Sequence[Summary], notes: Notes) -> Table:
    """One row a run; the path is below the results folder."""
    rows = []
    for run in runs:
        record = run.record
        place = f"runs/{record['device']['name']}/{record['id']}.json"
        emulated = " (emulated)" if record["device"]["emulated"] else ""
        rows.append(
            (
                record["model"]["name"] + slides(run, notes),
                record["artifact"]["target"],
                f"{record['device']['name']}{emulated}",
                record["created"][:10],
                f"`{place}`",
                f"`{store.sha256(record)}`",
            )
        )
    return Table(("Model", "Target", "Device", "Measured", "Record", "SHA-256"), tuple(rows), left=6, key="records")
