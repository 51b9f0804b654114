"""Data sets other than that of Tables 1 to 6: what they are, and every stack by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgebench.records import clusters
from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation
from edgebench.report import sets
from edgebench.report.evaluated import error_interval, name, part, percent, seen
from edgebench.report.markdown import Notes, Table
from edgebench.report.metrics import share_cells
from edgebench.report.numbers import NONE, um

DETAILED = (  # their stacks are listed; others' only without these
    "original-single",
    "reduced-single",
    "original",
    "reduced",
    "small",
    "student",
)
SHARES = ("Within 0.5 um", "Right direction", "Off by > 2 um")


def places(others: Sequence[Evaluation]) -> list[tuple[str, str]]:
    """Data set and split, sorted, of all that was evaluated there."""
    return sorted({(one.about["set"], split) for one in others for split in one.splits})


def what(others: Sequence[Evaluation]) -> Table:
    """One row a data set and split: how it was simulated, and how many stacks it has."""
    rows = []
    for place in places(others):
        data = _at(others, place)[0].about["data"]
        stacks = data["splits"].get(place[1], {}).get("stacks", NONE)
        rows.append((*place, *sets.made(data), sets.stored(data), f"{stacks}"))
    return Table(("Data set", "Split", "Optics", "Objects", "Microscope", "Planes", "Stacks"), tuple(rows), left=6)


def overview(others: Sequence[Evaluation], place: tuple[str, str], notes: Notes) -> Table:
    """One row a model: errors in um, shares by the median."""
    headers = ("Model", "Median [95 %]", "Weighted [95 %]", *SHARES, "Collapsed")
    rows = []
    for one in _at(others, place):
        found = one.splits[place[1]][MEDIAN]
        fallen = sum(stack.collapsed for stack in found.stacks)
        by = clusters.shares(found.answers)
        rows.append(
            (
                name(one, notes),
                error_interval(one, place[1], notes),
                error_interval(one, place[1], notes, WEIGHTED),
                *share_cells(by.near, by.direction, by.catastrophic),
                f"{fallen} of {len(found.stacks)} stacks",
            )
        )
    return Table(headers, tuple(rows))


def stacks(others: Sequence[Evaluation], place: tuple[str, str], notes: Notes) -> Iterator[tuple[str, Table]]:
    """Model and its table, one row a stack, um."""
    there = _at(others, place)
    headers = ("Stack", "In training", "Images", "Median", "Weighted", "Right direction", "Slope", "Collapsed")
    for one in [one for one in there if one.name in DETAILED] or there:
        levels, known = one.splits[place[1]], seen(one, place[1])
        unknown = "no" if "seen_stacks" in one.about else NONE
        rows = tuple(
            (
                by_median.name,
                "**its object**" if by_median.name in known else unknown,
                f"{by_median.count}",
                um(by_median.mean_um),
                um(by_weight.mean_um),
                percent(by_median.direction),
                NONE if by_median.canary.slope is None else um(by_median.canary.slope),
                "**yes**" if by_median.collapsed else "no",
            )
            for by_median, by_weight in zip(levels[MEDIAN].stacks, levels[WEIGHTED].stacks, strict=True)
        )
        first = f"{headers[0]}{name(one, notes).removeprefix(one.name)}{part(one, place[1], notes)}"
        yield one.name, Table((first, *headers[1:]), rows, left=2)


def _at(others: Sequence[Evaluation], place: tuple[str, str]) -> list[Evaluation]:
    return [one for one in others if one.about["set"] == place[0] and place[1] in one.splits]
