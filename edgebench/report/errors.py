"""The tables of focusing error."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.published import Published
from edgebench.records.summary import Errors, GroupError, Paired, Summary, paired
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NONE, NOT_RUN, mean_std, published, um, um_interval
from edgebench.report.rows import SETS, run, simulated, verdicts

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
            cells[1] += verdicts(summary, split, notes)
            rows.append((run(summary, notes), *cells))
    return Table(headers, tuple(rows))


def _cells(found: Errors) -> list[str]:
    return [
        f"{len(found.images):,}",
        um_interval(found.mean_um, found.interval),
        um(found.median_um),
        NONE if found.p90_um is None else um(found.p90_um),
        f"{found.bias_um:+.2f}",
        NONE if found.slope is None else um(found.slope),
        um(found.constant_um),
        um(found.patch_mean_um),
        f"{found.worst_stack.name}: {um(found.worst_stack.mean_um)}",
    ]


def quantised(summaries: Sequence[Summary], notes: Notes) -> Table:
    """Quantised minus float32 of the same model, format and device, image by image, um."""
    rows = []
    for summary in summaries:
        pairs = ((other, _differences(other, summary)) for other in summaries if _is_base(other, summary))
        base, found = next(((other, found) for other, found in pairs if found), (None, {}))
        if base is None:
            continue
        cells = [
            um_interval(found[split].mean_um, found[split].interval, 3, "+") if split in found else NOT_RUN
            for split, _ in SETS
        ]
        rows.append((run(summary, notes), base.record["artifact"]["target"], *cells))
    headers = ("Run", "Minus", *(f"{title} (um) [95 %]" for _, title in SETS))
    return Table(headers, tuple(rows), left=2)


def _differences(base: Summary, summary: Summary) -> dict[str, Paired]:
    """Split to difference, for the splits that both measured on the same images."""
    both = summary.errors.keys() & base.errors.keys()
    found = {split: paired(base.errors[split], summary.errors[split]) for split in both}
    return {split: difference for split, difference in found.items() if difference}


def _is_base(other: Summary, summary: Summary) -> bool:
    def same(summary: Summary) -> tuple[object, ...]:
        record = summary.record
        return (
            record["model"]["sha256"],
            record["artifact"]["format"],
            record["device"]["name"],
            record["data"]["sha256"],
        )

    precisions = (other.record["artifact"]["precision"], summary.record["artifact"]["precision"])
    return precisions[0] == "float32" != precisions[1] and same(other) == same(summary)


def samples(summaries: Sequence[Summary], split: str, paper: Published, notes: Notes) -> Table:
    """Mean error of each slide, um, for the first run of each model and target."""
    first: dict[tuple[str, str], Summary] = {}
    for summary in summaries:
        if split in summary.errors:
            record = summary.record
            first.setdefault((record["model"]["name"], record["artifact"]["target"]), summary)
    if not first:
        return Table(("Sample",), ())
    groups = sorted(next(iter(first.values())).errors[split].samples, key=_number)
    rows_of_paper = paper.tables[BY_SAMPLE[split]].rows
    counts = [row["images"] // PLANES for row in rows_of_paper]
    known = counts == [group.stacks for group in groups]  # only then are they the paper's samples, in its order
    headers = [f"{model} {target}{simulated(summary, notes)}" for (model, target), summary in first.items()]
    if known:
        headers.append(f"Paper{mark(notes, PAPER)}")
    rows = []
    for place, group in enumerate(groups):
        name = f"{rows_of_paper[place]['sample']} ({group.name})" if known else group.name
        cells = [_sample(summary.errors[split], group.name) for summary in first.values()]
        if known:
            cells.append(published(rows_of_paper[place]["difference"]))
        rows.append((name, f"{group.stacks}", f"{group.images}", *cells))
    return Table(("Sample", "Stacks", "Images", *headers), tuple(rows))


def _sample(errors: Errors, name: str) -> str:
    found = next((group for group in errors.samples if group.name == name), None)
    return mean_std(found.mean_um, found.std_um) if found else NOT_RUN


def _number(group: GroupError) -> tuple[int, str]:
    digits = group.name.lstrip("s")
    return (int(digits) if digits.isdigit() else 0, group.name)
