"""Tables of all that is derived of an evaluation: by model, by micrometre of defocus, and by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgebench.records import clusters
from edgebench.records.clusters import Mean
from edgebench.records.evaluation_summary import LEVELS, MEDIAN, PATCH, WEIGHTED, Evaluation
from edgebench.records.published import Published
from edgebench.report.evaluated import name, part
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, mean_std, percent_interval, published, um, um_interval

COLUMNS = 6  # models beside one another
CALLED = {MEDIAN: "median", WEIGHTED: "weighted", PATCH: "tiles"}
OF_PAPER = {"test-1": 0, "test-2": 1}  # rows of the paper's section 4.4


def errors(evaluations: Sequence[Evaluation], split: str, paper: Published, notes: Notes) -> Table:
    """|e| and bias, um: three rows a model, after the paper's percentiles."""
    headers = ("Model", "Answer", "n", "Mean [95 %]", "SD", "Bias", "Median", "p90", "p95", "p98", "Max")
    row = paper.tables["section-4.4"][OF_PAPER[split]]
    mean = paper.tables["table-2"][OF_PAPER[split]]["difference"]
    tail = (published(row[key]) for key in ("p90", "p95", "p98", "max"))
    first = ("Paper, difference image", CALLED[MEDIAN], NONE, um(mean["mean"]), um(mean["std"]), NONE, NONE, *tail)
    rows: list[tuple[str, ...]] = [first]
    for one in evaluations:
        for level in LEVELS if split in one.splits else ():
            found = one.splits[split][level].score
            cells = [f"{found.count:,}", um_interval(found.mean_um, found.interval), um(found.std_um)]
            cells += [f"{found.bias_um:+.2f}", um(found.median_um)]
            cells += [NONE if p is None else um(p) for p in (found.p90_um, found.p95_um, found.p98_um)]
            rows.append((*_start(one, split, level, notes), *cells, um(found.max_um)))
    return Table(headers, tuple(rows) if len(rows) > 1 else (), left=2)


def shares(evaluations: Sequence[Evaluation], split: str, notes: Notes) -> Table:
    """Shares of images (or tiles), slope, and how many stacks have collapsed: three rows a model."""
    headers = ("Within 0.5 um", "Within 1.0 um", "Right direction", "Off by > 2 um", "Slope", "Constant", "Collapsed")
    rows = []
    for one in evaluations:
        for level in LEVELS if split in one.splits else ():
            found = one.splits[split][level]
            by, canary = clusters.shares(found.answers), found.canary
            fallen = sum(stack.collapsed for stack in found.stacks)
            cells = [NONE if canary.slope is None else um(canary.slope), um(canary.constant_um)]
            cells += [f"{fallen} of {len(found.stacks)} stacks"]
            shown = share_cells(by.near, by.far, by.direction, by.catastrophic)
            rows.append((*_start(one, split, level, notes), *shown, *cells))
    return Table(("Model", "Answer", *headers), tuple(rows), left=2)


def share_cells(*shares: Mean | None) -> tuple[str, ...]:
    """`98.2 % [97.1, 99.0]` of each."""
    return tuple(NONE if share is None else percent_interval(share.value, share.interval) for share in shares)


def collapsed(evaluations: Sequence[Evaluation], split: str) -> list[str]:
    """One line a model whose answer by the median does not follow the focus in some stacks, with their names."""
    lines = []
    for one in evaluations:
        stacks = one.splits[split][MEDIAN].stacks if split in one.splits else ()
        fallen = [stack.name for stack in stacks if stack.collapsed]
        if fallen:
            lines.append(f"`{one.name}` collapses on {', '.join(fallen)}.")
    return lines


def by_defocus(evaluations: Sequence[Evaluation], split: str, notes: Notes) -> list[Table]:
    """Mean |e| of the median in um: a row for each micrometre of the label, a column a model."""

    def row(one: Evaluation) -> dict[tuple[int, str], tuple[int, str]]:
        found = one.splits[split][MEDIAN].bins
        return {
            (each.lowest_um, f"{each.lowest_um:+d} to {each.lowest_um + 1:+d}"): (each.count, um(each.mean_um))
            for each in found
        }

    return _columns("Defocus (um)", evaluations, split, row, notes)


def by_sample(evaluations: Sequence[Evaluation], split: str, notes: Notes) -> list[Table]:
    """Mean |e| ± standard deviation of the median in um: a row a sample, a column a model."""

    def row(one: Evaluation) -> dict[tuple[int, str], tuple[int, str]]:
        names = one.about["sample_name"].get(split, {})
        return {
            (_number(group.name), f"{names[group.name]} ({group.name})" if group.name in names else group.name): (
                group.images,
                mean_std(group.mean_um, group.std_um),
            )
            for group in one.splits[split][MEDIAN].samples
        }

    return _columns("Sample", evaluations, split, row, notes)


def _columns(
    first: str,
    evaluations: Sequence[Evaluation],
    split: str,
    row: Callable[[Evaluation], dict[tuple[int, str], tuple[int, str]]],
    notes: Notes,
) -> list[Table]:
    """Tables of at most COLUMNS models; row gives {(place, title): (images, cell)} of one model."""
    there = [one for one in evaluations if split in one.splits]
    tables = []
    for start in range(0, len(there), COLUMNS):
        chosen = there[start : start + COLUMNS]
        found = [row(one) for one in chosen]
        titles = sorted({title for each in found for title in each})
        rows = tuple(
            (
                title[1],
                f"{max(each[title][0] for each in found if title in each)}",
                *(each[title][1] if title in each else NONE for each in found),
            )
            for title in titles
        )
        headers = (name(one, notes) + part(one, split, notes) for one in chosen)
        tables.append(Table((first, "Images", *headers), rows))
    return tables


def _start(one: Evaluation, split: str, level: str, notes: Notes) -> tuple[str, str]:
    return name(one, notes) + part(one, split, notes), CALLED[level]


def _number(sample: str) -> int:
    digits = sample.lstrip("s")
    return int(digits) if digits.isdecimal() else 0
