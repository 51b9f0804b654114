"""From a record of classical autofocus to the figures that are printed, and to what the two figures show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgebench.focus.search import false_peaks
from edgebench.records import statistics as st
from edgebench.records.schema import Record

SHOWN_UM = (-8.0, -3.0, 0.0, 3.0, 8.0)  # planes of Figure 1


@dataclass(frozen=True)
class Row:
    """A measure with a search over the stacks of one split; errors are distances from best focus, um."""

    measure: str
    search: str
    stacks: int
    mean_um: float
    std_um: float
    p95_um: float  # linear between order statistics; close to the maximum for few stacks
    max_um: float
    bias_um: float  # signed mean: + where the search ends above z = 0
    success: float  # fraction within settings.success_um
    captures: float  # means over the stacks
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
    names = dict.fromkeys((one["measure"], one["search"]) for one in _searches(record, split))
    for measure, search in names:
        found = [one for one in _searches(record, split) if (one["measure"], one["search"]) == (measure, search)]
        away = [abs(one["z_um"]) for one in found]  # z = 0 is best focus, by the names of the files
        captures = [one["captures"] for one in found]
        yield Row(
            measure,
            search,
            len(found),
            *st.mean_std(away),
            p95_um=float(np.quantile(away, 0.95)),
            max_um=max(away),
            bias_um=float(np.mean([one["z_um"] for one in found])),
            success=float(np.mean([um <= record["settings"]["success_um"] for um in away])),
            captures=float(np.mean(captures)),
            most_captures=max(captures),
            moves=float(np.mean([one["moves"] for one in found])),
            direction_changes=float(np.mean([one["direction_changes"] for one in found])),
        )


def peaks(record: Record, split: str) -> dict[str, list[int]]:
    """The number of false peaks of each stack, by measure."""
    found: dict[str, list[int]] = {}
    for stack in record["stacks"]:
        if stack["split"] == split:
            for measure, curve in stack["curves"].items():
                found.setdefault(measure, []).append(len(false_peaks(curve, record["settings"]["prominence"])))
    return found


def typical(record: Record) -> Scene:
    """The stack whose first figure rises by a factor that is the median of all stacks, and five of its planes."""
    first = next(iter(record["stacks"][0]["curves"]))
    by_rise = sorted(
        record["stacks"], key=lambda stack: max(stack["curves"][first]) / (min(stack["curves"][first]) or 1)
    )
    stack = by_rise[len(by_rise) // 2]
    z_um = np.asarray(stack["z_um"])
    return Scene(stack, tuple(dict.fromkeys(int(np.abs(z_um - um).argmin()) for um in SHOWN_UM)))


def misleading(record: Record) -> Scene:
    """The stack with most false peaks over all measures, and the two highest peaks of its worst measure.

    Where no stack has a false peak, the one that has most at a fifth of the prominence, or at none; where there is no
    second peak at all, one plane.
    """
    prominence = record["settings"]["prominence"]
    levels = (prominence, prominence / 5, 0.0)

    def worth(curves: Iterable[Sequence[float]]) -> list[int]:
        return [sum(len(false_peaks(curve, level)) for curve in curves) for level in levels]

    stack = max(record["stacks"], key=lambda one: worth(one["curves"].values()))
    curves = stack["curves"]
    measure = max(curves, key=lambda name: worth([curves[name]]))
    others = next((found for level in levels if (found := false_peaks(curves[measure], level))), ())
    planes = sorted({int(np.argmax(curves[measure])), *others[:1]})
    counts = {name: len(false_peaks(curve, prominence)) for name, curve in curves.items()}
    return Scene(stack, tuple(planes), measure, counts)


def _searches(record: Record, split: str) -> list[Record]:
    return [one for stack in record["stacks"] if stack["split"] == split for one in stack["searches"]]
