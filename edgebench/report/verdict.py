"""Verdicts in a table: names with their numbers in a cell, marks at the numbers they concern, a footnote a kind."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import comparison
from edgebench.records.checks import FASTER
from edgebench.records.summary import Summary
from edgebench.records.trend import CHANGE
from edgebench.records.verdicts import CALLS, SECONDS, VARIATION, Verdict
from edgebench.report.markdown import Notes, mark

OK = "OK"
APART = (
    "Not measured side by side: the processes of the two did not take turns, so that what the machine did in between "
    "is in this ratio."
)
KINDS = {  # of the verdicts that one number says
    "NOISY": f"the process medians vary by more than {VARIATION:.0%}; the coefficient of variation",
    "SHORT": f"fewer than {CALLS:,} timed calls, or less than {SECONDS:.0f} s of them",
    "UNSTEADY": "a warm-up ended at its cap; in so many processes",
    "CACHE": f"calls that repeat one patch are faster by more than {FASTER:.0%}; by how much",
    "DRIFT": f"in a process the median drifts by {CHANGE:.0%} or more from the first to the last third; the largest",
    "STEP": f"in a process the median steps by {CHANGE:.0%} or more; the largest step",
}


def marks(summary: Summary, about: str, notes: Notes) -> str:
    """Of the verdicts that concern one thing: the backend, the device, the latency, or a split."""
    return marks_of((summary,), about, notes)


def marks_of(summaries: Sequence[Summary], about: str, notes: Notes) -> str:
    """Of a number that several runs have part in; each mark once."""
    found = (_note(one) for summary in summaries for one in summary.verdicts if one.about == about)
    return "".join(mark(notes, text) for text in dict.fromkeys(found))


def apart(base: Summary, one: Summary, notes: Notes) -> str:
    """Of a ratio of times that were not measured in turns."""
    return "" if comparison.side_by_side(base.record, one.record) else mark(notes, APART)


def told(summary: Summary, notes: Notes) -> str:
    """All of a run, `NOISY[^1] 8.6%, STEP[^2] -29.9%`."""
    found = [f"{one.name}{mark(notes, _note(one))} {one.figure}".strip() for one in summary.verdicts]
    return ", ".join(dict.fromkeys(found)) or OK


def _note(verdict: Verdict) -> str:
    """Once a kind where the cell tells the number, else with its reason."""
    if verdict.figure and verdict.name in KINDS:
        return f"{verdict.name}: {KINDS[verdict.name]}."
    return f"{verdict.name}: {verdict.reason}."
