"""The tables of focusing error."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.published import Published
from edgebench.records.summary import Errors, GroupError, Summary
from edgebench.report.document import Cell, Notes, Table, Value, marked
from edgebench.report.markdown import mark
from edgebench.report.numbers import NONE, NOT_RUN, mean_std, published, ranged, um, um_interval
from edgebench.report.rows import fullest, run, slides, subset, verdicts

PLANES = 41  # of a published stack; the paper's Tables 3 to 6 count images so
PAPER = (
    "The paper's Tables 5 and 6: original model, difference images, real slides. Ours are other slides, matched by the "
    "number of stacks alone."
)
BY_SAMPLE = {"test-1": "table-5", "test-2": "table-6"}


def details(summaries: Sequence[Summary], split: str, notes: Notes) -> Table:
    """One set in detail, um; only runs that measured it."""
    headers = ("Run", "Images", "Mean [95 %]", "Median", "p90", "Bias", "Slope", "Constant", "Per patch", "Worst stack")
    rows = []
    for summary in summaries:
        if split in summary.errors:
            cells = _cells(summary.errors[split])
            cells[0] = marked(cells[0], subset(summary, split, notes))
            cells[1] = marked(cells[1], verdicts(summary, split, notes))
            rows.append((run(summary, notes), *cells))
    return Table(headers, tuple(rows))


def _cells(found: Errors) -> list[Cell]:
    return [
        Value(f"{len(found.images):,}", len(found.images)),
        ranged(um_interval(found.mean_um, found.interval), found.mean_um, found.interval),
        Value(um(found.median_um), found.median_um),
        NONE if found.p90_um is None else Value(um(found.p90_um), found.p90_um),
        Value(f"{found.bias_um:+.2f}", found.bias_um),
        NONE if found.slope is None else Value(um(found.slope), found.slope),
        Value(um(found.constant_um), found.constant_um),
        Value(um(found.patch_mean_um), found.patch_mean_um),
        Value(f"{found.worst_stack.name}: {um(found.worst_stack.mean_um)}", found.worst_stack.mean_um),
    ]


def samples(summaries: Sequence[Summary], split: str, paper: Published, notes: Notes) -> Table:
    """Mean error of each slide, um: of each model and target the run that `rows.fullest` chooses."""
    first = {_name(summary): summary for summary in fullest(summaries, split)}
    if not first:
        return Table(("Sample",), ())
    whole: dict[str, GroupError] = {}  # of each sample the group with the most images: some runs measured a subset
    for summary in first.values():
        for group in summary.errors[split].samples:
            whole[group.name] = max(whole.get(group.name, group), group, key=lambda one: one.images)
    groups = sorted(whole.values(), key=_number)
    rows_of_paper = paper.tables[BY_SAMPLE[split]]
    counts = [row["images"] // PLANES for row in rows_of_paper]
    known = counts == [group.stacks for group in groups]  # only then are they the paper's samples, in its order
    headers = [
        f"{model} {target}{slides(summary, notes)}{subset(summary, split, notes)}"
        for (model, target), summary in first.items()
    ]
    if known:
        headers.append(f"Paper{mark(notes, PAPER)}")
    rows = []
    for place, group in enumerate(groups):
        name = f"{rows_of_paper[place]['sample']} ({group.name})" if known else group.name
        cells: list[Cell] = [_sample(summary.errors[split], group.name) for summary in first.values()]
        if known:
            cells.append(published(rows_of_paper[place]["difference"]))
        rows.append((name, f"{group.stacks}", f"{group.images}", *cells))
    return Table(("Sample", "Stacks", "Images", *headers), tuple(rows))


def _name(summary: Summary) -> tuple[str, str]:
    return summary.record["model"]["name"], summary.record["artifact"]["target"]


def _sample(errors: Errors, name: str) -> Cell:
    found = next((group for group in errors.samples if group.name == name), None)
    return Value(mean_std(found.mean_um, found.std_um), found.mean_um) if found else NOT_RUN


def _number(group: GroupError) -> tuple[int, str]:
    digits = group.name.lstrip("s")
    return (int(digits) if digits.isdecimal() else 0, group.name)
