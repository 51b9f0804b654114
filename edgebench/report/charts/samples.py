"""The error of each tissue sample beside the paper's Tables 5 and 6 (difference images)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.records.evaluation_metrics import GroupError
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.records.published import Published
from edgebench.report.charts import looks
from edgebench.report.charts.chart import COLOURS, Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.evaluated import View
from edgebench.report.numbers import mean_std
from edgebench.report.paper_tables import BY_SAMPLE, DIFFERENCE
from edgebench.report.rows import SETS

TABLES = ("table-5", "table-6")
PAPER, JIANG = "paper (real slides)", "Jiang et al., best overall (real slides)"
_LOOKS = {
    PAPER: Style("#000000", "circle"),
    JIANG: Style(COLOURS[4], "square", hollow=True),
    "ours": Style(COLOURS[3], "triangle"),
}
_APART = 0.22  # of the distance between two samples
Y = Axis("focusing error, mean ± std", "um", lowest=0)


def picture(paper: Published, view: View) -> Drawing | None:
    """None where our model of these tables was not evaluated on stacks that are counted as the paper's samples."""
    one = view.named(DIFFERENCE)
    if one is None or not all(
        one.about["sample_name"].get(BY_SAMPLE[id]) for id in TABLES if BY_SAMPLE[id] in one.splits
    ):
        return None
    ids = [id for id in TABLES if BY_SAMPLE[id] in one.splits]
    if not ids:
        return None
    ours = f"ours, {one.name} ({'simulated' if one.simulated else 'real'} slides)"
    panels = tuple(_panel(id, paper.tables[id], one, ours) for id in ids)
    labels = (*(["ours: simulated slides"] if one.simulated else []), "bars: standard deviation over images")
    caption = "Focusing error of each tissue sample beside the paper's Tables 5 and 6; bars are standard deviations."
    if one.simulated:
        caption += " Our slides are simulated: they have the samples' numbers of images, not their tissue."
    told = ". ".join(map(_told, panels))
    about = "ours of simulated slides" if one.simulated else "all of real slides"
    chart = Chart("Error of each sample, beside the paper's Tables 5 and 6", panels, labels)
    return Drawing("error-samples", caption, f"Points with bars for each sample, {about}. {told}.", chart)


def _panel(id: str, rows: tuple[dict[str, Any], ...], one: Evaluation, ours: str) -> Panel:
    split = BY_SAMPLE[id]
    names = {name: sample for sample, name in one.about["sample_name"][split].items()}
    groups = {group.name: group for group in one.splits[split][MEDIAN].samples}
    samples = [str(row["sample"]) for row in rows]
    series = [
        _published(PAPER, rows, "difference", -_APART),
        _published(JIANG, rows, "jiang_best", 0.0),
        _ours(ours, samples, {name: groups[names[name]] for name in samples if names.get(name) in groups}),
    ]
    axis = Axis("tissue sample", names=tuple(name.removeprefix("Sample ") for name in samples))
    title = f"{dict(SETS)[split]} (Table {id.removeprefix('table-')})"
    return Panel(title, axis, Y, "points", tuple(one for one in series if one.x))


def _published(name: str, rows: tuple[dict[str, Any], ...], key: str, shift: float) -> Series:
    there = [(at, row) for at, row in enumerate(rows) if row[key]]
    hover = [f"{row['sample']}, {name}\n{mean_std(**row[key])} um, {row['images']} images, printed" for _, row in there]
    found = [(at + shift, row[key]["mean"], row[key]["std"]) for at, row in there]
    return _series(name, _LOOKS[name], found, hover)


def _ours(name: str, samples: list[str], groups: Mapping[str, GroupError]) -> Series:
    there = [(samples.index(sample) + _APART, group.mean_um, group.std_um) for sample, group in groups.items()]
    hover = [
        f"{sample}, {name}\n{mean_std(group.mean_um, group.std_um)} um, {group.images:,} images"
        for sample, group in groups.items()
    ]
    return _series(name, _LOOKS["ours"], there, hover)


def _series(name: str, style: Style, found: list[tuple[float, float, float]], hover: list[str]) -> Series:
    return Series(
        name,
        tuple(x for x, _, _ in found),
        tuple(mean for _, mean, _ in found),
        style,
        y_low=tuple(max(mean - std, 0.0) for _, mean, std in found),
        y_high=tuple(mean + std for _, mean, std in found),
        hover=tuple(hover),
    )


def _told(panel: Panel) -> str:
    return f"{panel.title}: " + "; ".join(
        f"{one.name} {looks.spread(one.y, 2)} um over {len(one.y)} samples" for one in panel.series
    )
