"""The paper's Tables 1 to 6 in its layout, ours in the last columns."""

from __future__ import annotations

from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation
from edgebench.records.published import Published
from edgebench.report.evaluated import NOT_EVALUATED, View, error, error_interval, name, part
from edgebench.report.markdown import Notes, Table, mark
from edgebench.report.numbers import NONE, mean_std, published

SINGLE, DIFFERENCE = "original-single", "original"  # our models of the paper's two inputs
SPLITS = ("test-1", "test-2")  # in the order of the rows of Tables 1 and 2
BY_SET = {"table-1": SINGLE, "table-2": DIFFERENCE}
BY_SAMPLE = {"table-3": "test-1", "table-4": "test-2", "table-5": "test-1", "table-6": "test-2"}
COLUMNS = {  # the paper's columns of figures
    "table-1": ("rgb", "jiang_single", "jiang_best"),
    "table-2": ("difference", "jiang_single", "jiang_best"),
    "table-3": ("rgb", "jiang_single"),
    "table-4": ("rgb", "jiang_single"),
    "table-5": ("difference", "jiang_best"),
    "table-6": ("difference", "jiang_best"),
}
TITLES = {
    "rgb": "Paper (RGB only)",
    "difference": "Paper (difference image)",
    "jiang_single": "Jiang et al. (single domain)",
    "jiang_best": "Jiang et al. (best overall)",
}
CAPTIONS = {
    "table-1": "Single RGB images as input: error over the images of each test set. Ours sees the upper plane of each "
    "pair, so that both inputs are asked about the same images.",
    "table-2": "Difference images as input: error over the images of each test set.",
    "table-3": "Single RGB images, sample by sample, same protocol.",
    "table-4": "Single RGB images, sample by sample, different protocol.",
    "table-5": "Difference images, sample by sample, same protocol.",
    "table-6": "Difference images, sample by sample, different protocol.",
}
OTHER_SAMPLES = "The stacks of this data set are not counted as the paper's samples: see 'Sample by sample'."


def table(paper: Published, id: str, view: View, notes: Notes) -> Table:
    """One of Tables 1 to 6, um; "not evaluated" where no record is about our model of it."""
    ours = view.named(model(id))
    return _by_set(paper, id, ours, notes) if id in BY_SET else _by_sample(paper, id, ours, notes)


def model(id: str) -> str:
    """Our model in this table."""
    return SINGLE if "rgb" in COLUMNS[id] else DIFFERENCE


def _ours(id: str, one: Evaluation | None, notes: Notes) -> str:
    return f"Ours: {name(one, notes) if one else model(id)}"


def _by_set(paper: Published, id: str, one: Evaluation | None, notes: Notes) -> Table:
    headers = ("Test set", *(TITLES[key] for key in COLUMNS[id]), _ours(id, one, notes), "Mean [95 %]", "Weighted")
    rows = tuple(
        (
            row["set"].capitalize(),
            *(published(row[key]) for key in COLUMNS[id]),
            error(one, split, notes),
            error_interval(one, split, notes),
            error(one, split, notes, WEIGHTED),
        )
        for row, split in zip(paper.tables[id], SPLITS, strict=True)
    )
    return Table(headers, rows)


def _by_sample(paper: Published, id: str, one: Evaluation | None, notes: Notes) -> Table:
    split = BY_SAMPLE[id]
    there = one is not None and split in one.splits
    marked = part(one, split, notes) if one is not None and there else ""
    names = {paper: ours for ours, paper in one.about["sample_name"].get(split, {}).items()} if one and there else {}
    if there and not names:
        marked += mark(notes, OTHER_SAMPLES)
    figures = (*(TITLES[key] for key in COLUMNS[id]), "Our images", _ours(id, one, notes) + marked, "Weighted")
    rows = tuple(
        (
            f"{row['sample']} ({names[row['sample']]})" if row["sample"] in names else row["sample"],
            f"{row['images']}",
            *(published(row[key]) for key in COLUMNS[id]),
            *(_sample(one, split, names.get(row["sample"])) if one and there else (NOT_EVALUATED,) * 3),
        )
        for row in paper.tables[id]
    )
    return Table(("Tissue sample", "Num. images", *figures), rows)


def _sample(one: Evaluation, split: str, sample: str | None) -> tuple[str, str, str]:
    """Images, and the error by both aggregates."""
    found = [
        next((group for group in one.splits[split][level].samples if group.name == sample), None)
        for level in (MEDIAN, WEIGHTED)
    ]
    count = f"{found[0].images}" if found[0] else NONE
    median, weighted = (mean_std(group.mean_um, group.std_um) if group else NONE for group in found)
    return count, median, weighted
