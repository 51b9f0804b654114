"""One cell over time: its records in the order of their making, each against the one before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.errors import UsageError
from edgebench.records import cells, comparison
from edgebench.records.comparison import WORSE, Comparison
from edgebench.records.equivalence import MARGIN_UM
from edgebench.records.schema import Record
from edgebench.records.summary import Summary

BETTER = ("faster", "better")
LISTED = 8
_HASH = re.compile(r"_[0-9a-f]{8}$")  # at the end of an id: of what defines the cell, artifact and data included


@dataclass(frozen=True)
class Point:
    summary: Summary
    folder: str  # where the record was found first
    change: Comparison | None  # against the one before; None for the first, and where they do not compare
    reason: str = ""  # why not

    @property
    def marks(self) -> tuple[str, ...]:
        """What is shown to have changed beyond the floor: the latency, or the error of a split."""
        if self.change is None:
            return ()
        told = [("latency", self.change.latency.verdict)] if self.change.latency else []
        told += [(f"error, {split}", found.verdict) for split, found in self.change.errors.items() if found]
        return tuple(f"{what} {verdict}" for what, verdict in told if verdict in (*WORSE, *BETTER))


def name(record: Record) -> str:
    """DEVICE/ID without the hash: what a cell is called here."""
    return f"{record['device']['name']}/{_HASH.sub('', record['id'])}"


def find(sets: Sequence[tuple[str, Sequence[Summary]]], asked: str) -> tuple[str, tuple[Point, ...]]:
    """Name of the cell and its records, oldest first; a record that is in several folders counts once.

    asked: [DEVICE/]ID, with or without its hash, or the start of one. UsageError where it is none, or several.
    """
    seen: dict[tuple[str, str, str], tuple[str, Summary]] = {}
    for folder, summaries in sets:
        for one in summaries:
            record = one.record
            seen.setdefault((record["device"]["name"], record["id"], record["created"]), (folder, one))
    named: dict[str, list[tuple[str, Summary]]] = {}
    for folder, one in seen.values():
        named.setdefault(name(one.record), []).append((folder, one))
    chosen = _one(named, asked)
    ordered = sorted(named[chosen], key=lambda of: (cells.created(of[1].record), of[1].record["id"]))
    points = [Point(ordered[0][1], ordered[0][0], None)]
    for (_, before), (folder, one) in zip(ordered, ordered[1:]):
        points.append(_against(before, one, folder))
    return chosen, tuple(points)


def _one(named: dict[str, list[tuple[str, Summary]]], asked: str) -> str:
    wanted = _HASH.sub("", asked)
    exact = [one for one in named if wanted in (one, one.partition("/")[2])]
    near = exact or [one for one in named if one.startswith(wanted) or one.partition("/")[2].startswith(wanted)]
    if len(near) == 1:
        return near[0]
    shown = ", ".join(sorted(near or named)[:LISTED]) + (", ..." if len(near or named) > LISTED else "")
    if near:
        raise UsageError(f"{asked!r} is the name of {len(near)} cells: {shown}. Name one of them.")
    raise UsageError(f"no cell {asked!r} in those records. Cells there: {shown or 'none'}.")


def _against(before: Summary, one: Summary, folder: str) -> Point:
    try:
        return Point(one, folder, comparison.compare(before.record, one.record, MARGIN_UM))
    except UsageError as error:
        return Point(one, folder, None, comparison.difference(str(error)))
