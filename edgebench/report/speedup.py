"""What the reduced model gains in each runtime and precision, against 14.1 in arithmetic and 2.7 in the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgebench.records.published import Published
from edgebench.records.reproduction import stand_ins
from edgebench.records.speedup import MODELS, OfPaper, Speedup, of_paper, speedup, speedups
from edgebench.records.summary import Summary
from edgebench.report import verdict
from edgebench.report.columns.cell import ABSENT, NO_TIME, UNMEASURED, digits3, fixed
from edgebench.report.columns.end_to_end import TIMED
from edgebench.report.document import Cell, Notes, Table, Value, marked
from edgebench.report.markdown import mark
from edgebench.report.names import device, names

HEADERS = (
    "Original / reduced",
    "Arithmetic",
    "Instructions",
    "Call, p50 [95 %]",
    "Predict",
    "End to end",
    "Not predict, original (s)",
    "Not predict, reduced (s)",
)
TEXT = (
    "How many times less the reduced model takes. Arithmetic: multiply-accumulates of a patch. Instructions: executed "
    "on an emulated board, which has no time. Call: p50 in steady state, with its interval over processes. Predict: "
    "that part of the end-to-end time of Set 2; not predict: the rest of it. End to end is of one process each, so "
    "without an interval."
)
INFERRED = (
    "Inferred, not measured: what both runs would share if the time of a prediction were proportional to "
    "multiply-accumulates."
)


def table(paper: Published, runs: Sequence[Summary], notes: Notes) -> Table:
    """The paper's row first, then one for each runtime, precision, device, threads and batch that has both models."""
    found = tuple(speedups(runs, TIMED))
    called = names([one.reduced for one in found], notes)
    rows = [_of_paper(of_paper(paper), notes)]
    for one, name in zip(found, called):
        rows.append((name.removeprefix(one.reduced.record["model"]["name"] + " "), *_cells(one, notes)))
    return Table(HEADERS, tuple(rows), key="speed-up")


def where_it_goes(runs: Sequence[Summary]) -> str | None:
    """One sentence: what lies between the ratio of arithmetic and that of time; None where no times are there."""
    ours = stand_ins(runs)
    if not all(name in ours for name in MODELS):
        return None
    found = speedup(ours["original"], ours["reduced"], TIMED)
    split, arithmetic = found.split, found.arithmetic
    if split is None or arithmetic is None:
        return None
    kept, rest = split.kept(arithmetic), split.rest_s
    record = found.original.record
    return (
        f"Of {arithmetic:.1f} times less arithmetic, {split.whole:.1f} times less time is left end to end "
        f"({record['artifact']['target']}, {record['backend']['name']}, {device(found.original)}): prediction is "
        f"{split.predict:.1f} times faster ({split.original.predict_s:.1f} to {split.reduced.predict_s:.1f} s), "
        f"{kept:.2f} of the arithmetic's ratio, and {rest[0]:.1f} s of the original's time and {rest[1]:.1f} s of the "
        f"reduced model's are no prediction (reading, preprocessing, the rest), which leaves {split.left:.2f} of that: "
        f"{arithmetic:.1f} x {kept:.2f} x {split.left:.2f} = {split.whole:.1f}."
    )


def _of_paper(found: OfPaper, notes: Notes) -> tuple[Cell, ...]:
    rest = Value(f"about {found.rest_s:.0f}{mark(notes, INFERRED)}", found.rest_s)
    return ("paper", fixed(found.arithmetic, 1), ABSENT, ABSENT, ABSENT, fixed(found.whole, 1), rest, rest)


def _cells(one: Speedup, notes: Notes) -> tuple[Cell, ...]:
    first = (fixed(one.arithmetic, 1), fixed(one.instructions, 1))
    if one.emulated:
        return (*first, *[NO_TIME] * 5)
    call = digits3(one.call.value, one.call.found) if one.call else UNMEASURED
    apart = verdict.apart(one.original, one.reduced, notes)
    call = replace(call, text=call.text + verdict.marks_of((one.original, one.reduced), "latency", notes) + apart)
    if one.split is None:
        return (*first, call, *[UNMEASURED] * 4)
    ratios = (marked(fixed(value, 1), apart) for value in (one.split.predict, one.split.whole))
    return (*first, call, *ratios, *(fixed(value, 1) for value in one.split.rest_s))
