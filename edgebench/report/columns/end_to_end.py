"""The whole of Table 7's job over set 2, and where its time goes; one process, so that there are no intervals."""

from __future__ import annotations

from collections.abc import Callable

from edgebench.records.summary import Summary, Times
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED, count, emulated, fixed
from edgebench.report.columns.column import Column, Context
from edgebench.report.document import Value

TIMED = "test-2"  # the set whose patches Table 7 times


def _seconds(of: Callable[[Times], float]) -> Callable[[Summary, Context], Value]:
    def cell(run: Summary, _: Context) -> Value:
        if emulated(run):
            return NO_TIME
        found = run.times.get(TIMED)
        return fixed(of(found), 1) if found else UNMEASURED

    return cell


def _patches(run: Summary, _: Context) -> Value:
    """Of the time beside it, so that an emulated run has none."""
    found = run.times.get(TIMED)
    if emulated(run):
        return ABSENT
    return count(found.patches) if found else UNMEASURED


END_TO_END = (
    Column("patches", "Patches", "", _patches),
    Column("wall_s", "Wall", "s", _seconds(lambda found: found.wall_s)),
    Column("cpu_s", "CPU", "s", _seconds(lambda found: found.cpu_s)),
    Column("read_s", "Read + decode", "s", _seconds(lambda found: found.read_s)),
    Column("preprocess_s", "Preprocess", "s", _seconds(lambda found: found.preprocess_s)),
    Column("predict_s", "Predict", "s", _seconds(lambda found: found.predict_s)),
    Column("rest_s", "Rest", "s", _seconds(lambda found: found.other_s)),
)
