"""Every column that a run can have, a file a question."""

from __future__ import annotations

from edgebench.report.columns.boards import BOARDS
from edgebench.report.columns.column import Column, Context, key
from edgebench.report.columns.end_to_end import END_TO_END
from edgebench.report.columns.error import ERROR
from edgebench.report.columns.identity import PROVENANCE, RUN, SIZE
from edgebench.report.columns.latency import CALL, ENERGY, PATCH, START
from edgebench.report.columns.memory import MODEL, PROCESS
from edgebench.report.columns.quantised import BASE, COST, SAVED

COLUMNS: tuple[Column, ...] = (
    *RUN,
    *SIZE,
    *ERROR,
    *CALL,
    *PATCH,
    *END_TO_END,
    *START,
    *PROCESS,
    *MODEL,
    *BASE,
    *COST,
    *SAVED,
    *BOARDS,
    *ENERGY,
    *PROVENANCE,
)
BY_KEY: dict[str, Column] = {column.key: column for column in COLUMNS}

__all__ = ["BY_KEY", "COLUMNS", "Column", "Context", "key"]
