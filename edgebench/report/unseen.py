"""Data sets other than that of Tables 1 to 6, each stack by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation
from edgebench.report.evaluated import error_interval, name, part, percent
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import um

DETAILED = ("original-single", "original", "reduced")  # their stacks are listed; others' only without these


def places(others: Sequence[Evaluation]) -> list[tuple[str, str]]:
    """Data set and split, sorted, of all that was evaluated there."""
    return sorted({(one.about["set"], split) for one in others for split in one.splits})


def overview(others: Sequence[Evaluation], place: tuple[str, str], notes: Notes) -> Table:
    """One row a model: errors in um, shares by the median."""
    headers = ("Model", "Median [95 %]", "Weighted [95 %]", "Within 0.5 um", "Right direction", "Off by > 2 um")
    rows = []
    for one in _at(others, place):
        found = one.splits[place[1]][MEDIAN]
        fallen = sum(stack.collapsed for stack in found.stacks)
        rows.append(
            (
                name(one, notes),
                error_interval(one, place[1], notes),
                error_interval(one, place[1], notes, WEIGHTED),
                *(percent(share) for share in (found.score.near, found.score.direction, found.score.catastrophic)),
                f"{fallen} of {len(found.stacks)} stacks",
            )
        )
    return Table((*headers, "Collapsed"), tuple(rows))


def stacks(others: Sequence[Evaluation], place: tuple[str, str], notes: Notes) -> Iterator[tuple[str, Table]]:
    """Model and its table, one row a stack, um."""
    there = _at(others, place)
    chosen = [one for one in there if one.name in DETAILED] or there
    headers = ("Stack", "Images", "Median", "Weighted", "Right direction", "Collapsed")
    for one in chosen:
        levels = one.splits[place[1]]
        rows = tuple(
            (
                by_median.name,
                f"{by_median.count}",
                um(by_median.mean_um),
                um(by_weight.mean_um),
                percent(by_median.direction),
                "**yes**" if by_median.collapsed else "no",
            )
            for by_median, by_weight in zip(levels[MEDIAN].stacks, levels[WEIGHTED].stacks, strict=True)
        )
        first = f"{headers[0]}{name(one, notes).removeprefix(one.name)}{part(one, place[1], notes)}"
        yield one.name, Table((first, *headers[1:]), rows)


def _at(others: Sequence[Evaluation], place: tuple[str, str]) -> list[Evaluation]:
    return [one for one in others if one.about["set"] == place[0] and place[1] in one.splits]
