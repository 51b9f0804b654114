"""From a record of classical autofocus to the figures that are printed, and to what the two figures show.

Every search starts once from every plane of a stack, as a regressor is asked at every plane. What starts in one stack
find is not independent: intervals draw whole stacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebench.focus import search as rules
from edgebench.focus.search import Found
from edgebench.records import clusters
from edgebench.records import statistics as st
from edgebench.records.clusters import Mean
from edgebench.records.schema import Record

STEPS_UM = {"uniform": rules.UNIFORM_UM, "adaptive": rules.COARSE_UM, "fit": rules.FIT_UM}
FLAT, PROMINENCE = rules.FLAT, rules.PROMINENCE
SUCCESS_UM = 1.0  # about the depth of field (paper, 3.5); a peak further away than that is false
P95 = 0.95
SHOWN_UM = (-8.0, -3.0, 0.0, 3.0, 8.0)  # planes of Figure 1


@dataclass(frozen=True)
class Row:
    """A measure with a search over the stacks of one split; errors are distances from best focus, um."""

    measure: str
    search: str
    stacks: int
    starts: int
    error_um: Mean
    std_um: float  # over the starts
    p95_um: float | None  # None: too few stacks
    max_um: float
    bias_um: Mean  # signed: + where the search ends above z = 0
    success: Mean  # fraction within SUCCESS_UM
    captures: float  # mean over the starts, as the next but one
    median_captures: float
    most_captures: int
    moves: float
    direction_changes: float


@dataclass(frozen=True)
class Scene:
    """What a figure shows: the curves of one stack, and a few of its planes, by index."""

    stack: Record
    planes: tuple[int, ...]
    measure: str | None = None  # whose peaks the planes are
    false_peaks: dict[str, int] = field(default_factory=dict)  # by measure


def rows(record: Record, split: str) -> Iterator[Row]:
    """One for each measure with each search, in the order of the record."""
    stacks = [stack for stack in record["stacks"] if stack["split"] == split]
    for measure in record["settings"]["measures"]:
        for search in record["settings"]["searches"]:
            found = {one["stack"]: rules.everywhere(search, one["z_um"], one["curves"][measure]) for one in stacks}
            yield _row(measure, search, found)


def peaks(record: Record, split: str) -> dict[str, list[int]]:
    """The number of false peaks of each stack, by measure."""
    stacks = [stack for stack in record["stacks"] if stack["split"] == split]
    return {name: [len(_false(stack, name)) for stack in stacks] for name in record["settings"]["measures"]}


def typical(record: Record) -> Scene:
    """The stack whose first figure rises by a factor that is the median of all stacks, and five of its planes."""
    first = record["settings"]["measures"][0]
    by_rise = sorted(
        record["stacks"], key=lambda stack: max(stack["curves"][first]) / (min(stack["curves"][first]) or 1)
    )
    stack = by_rise[len(by_rise) // 2]
    return Scene(stack, tuple(dict.fromkeys(_nearest(stack, um) for um in SHOWN_UM)))


def misleading(record: Record) -> Scene:
    """The stack with most false peaks over all measures: of its worst measure the two highest, and best focus.

    Where no stack has a false peak, the one that has most at a fifth of the prominence, or at none.
    """
    measures = record["settings"]["measures"]
    levels = (PROMINENCE, PROMINENCE / 5, 0.0)

    def worth(stack: Record, names: Sequence[str]) -> list[int]:
        return [sum(len(_false(stack, name, level)) for name in names) for level in levels]

    stack = max(record["stacks"], key=lambda one: worth(one, measures))
    measure = max(measures, key=lambda name: worth(stack, [name]))
    highest = next((found for level in levels if (found := _false(stack, measure, level))), ())
    planes = sorted({*highest[:2], _nearest(stack, 0.0)})
    return Scene(stack, tuple(planes), measure, {name: len(_false(stack, name)) for name in measures})


def _row(measure: str, search: str, found: dict[str, tuple[Found, ...]]) -> Row:
    every = [one for starts in found.values() for one in starts]
    away = [abs(one.z_um) for one in every]  # z = 0 is best focus, by the names of the files
    captures = [one.captures for one in every]
    return Row(
        measure,
        search,
        stacks=len(found),
        starts=len(every),
        error_um=clusters.of({name: [abs(one.z_um) for one in starts] for name, starts in found.items()}),
        std_um=st.mean_std(away)[1],
        p95_um=float(np.quantile(away, P95)) if st.ranks(len(away), P95) else None,
        max_um=max(away),
        bias_um=clusters.of({name: [one.z_um for one in starts] for name, starts in found.items()}),
        success=clusters.of({name: [abs(one.z_um) <= SUCCESS_UM for one in starts] for name, starts in found.items()}),
        captures=float(np.mean(captures)),
        median_captures=float(np.median(captures)),
        most_captures=max(captures),
        moves=float(np.mean([one.moves for one in every])),
        direction_changes=float(np.mean([one.direction_changes for one in every])),
    )


def _false(stack: Record, measure: str, prominence: float = PROMINENCE) -> tuple[int, ...]:
    return rules.false_peaks(stack["z_um"], stack["curves"][measure], SUCCESS_UM, prominence)


def _nearest(stack: Record, um: float) -> int:
    return int(np.abs(np.asarray(stack["z_um"]) - um).argmin())
