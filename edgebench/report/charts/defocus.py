"""Focusing error against defocus distance: of measured runs by model and precision, and of evaluated models."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import defocus
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.evaluation_summary import MEDIAN
from edgebench.records.summary import Summary
from edgebench.report.charts import looks
from edgebench.report.charts.chart import Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.evaluated import View
from edgebench.report.numbers import um_interval
from edgebench.report.other_sets import DETAILED
from edgebench.report.rows import SETS, newest_first

LINES = 6  # models in one plot
X, Y = Axis("defocus of the image", "um"), Axis("mean focusing error", "um", lowest=0)
Named = dict[str, dict[str, tuple[Answers, str]]]  # name, then split: answers, and what its hover says beside them


def of_runs(runs: Sequence[Summary]) -> Drawing | None:
    """One line a model and precision: its run over most images, real before emulated, of the usual backend."""
    found: dict[looks.Key, list[Summary]] = {}
    for one in runs:
        if one.errors:
            found.setdefault(looks.variant(one.record), []).append(one)
    counts: dict[str, int] = {}
    for group in found.values():
        for name in {one.record["backend"]["name"] for one in group}:
            counts[name] = counts.get(name, 0) + 1

    def rank(one: Summary) -> tuple[object, ...]:
        images = sum(len(error.images) for error in one.errors.values())
        backend = one.record["backend"]["name"]
        return -images, one.record["device"]["emulated"], -counts[backend], backend, newest_first(one)

    chosen = [min(group, key=rank) for group in found.values()]
    named: Named = {
        " ".join(looks.variant(one.record)): {
            split: (error.images, "\n".join(looks.footnotes(one, split))) for split, error in one.errors.items()
        }
        for one in chosen
    }
    labels = looks.simulated_runs(chosen)
    if any(one.record["device"]["emulated"] for one in chosen):
        labels += ("some answers of an emulated board",)
    backends = sorted({one.record["backend"]["name"] for one in chosen})
    caption = f"Mean focusing error of each micrometre of defocus, by model and precision ({', '.join(backends)})."
    return _drawing("error-defocus-precision", "Error and defocus, by precision", caption, named, labels)


def of_evaluations(view: View) -> Drawing | None:
    """The models whose stacks are listed, or the first of all."""
    shown = [one for one in view.main if one.name in DETAILED] or list(view.main[:LINES])
    named: Named = {
        one.name: {split: (levels[MEDIAN].answers, one.name) for split, levels in one.splits.items()} for one in shown
    }
    caption = "Mean focusing error of each micrometre of defocus."
    labels = looks.simulated(one.simulated for one in shown)
    return _drawing("error-defocus", "Error and defocus", caption, named, labels)


def _drawing(name: str, title: str, caption: str, named: Named, labels: tuple[str, ...]) -> Drawing | None:
    styles = looks.models(named)
    panels = tuple(
        Panel(heading, X, Y, "lines", lines)
        for split, heading in SETS
        if (lines := tuple(_series(one, styles[one], *of[split]) for one, of in named.items() if split in of))
    )
    if not panels:
        return None
    caption += " Its interval, over whole stacks, is in the interactive picture and not drawn here."
    told = ". ".join(_told(panel) for panel in panels)
    about = "".join(f", {label}" for label in labels)
    return Drawing(name, caption, f"Lines of the error over the defocus{about}. {told}.", Chart(title, panels, labels))


def _series(name: str, style: Style, answers: Answers, about: str) -> Series:
    bins = defocus.bins(answers)
    first, *rest = about.split("\n")
    return Series(
        name,
        tuple(one.lowest_um + 0.5 for one, _ in bins),
        tuple(one.mean_um for one, _ in bins),
        style,
        hover=tuple(
            "\n".join(
                (
                    first,
                    f"{one.lowest_um} to {one.lowest_um + 1} um: {um_interval(one.mean_um, ends)} um, "
                    f"{one.count:,} images",
                    *([] if ends else ["too few stacks for an interval"]),
                    *rest,
                )
            )
            for one, ends in bins
        ),
    )


def _told(panel: Panel) -> str:
    spots = [(y, x, one.name) for one in panel.series for x, y in zip(one.x, one.y)]
    ends = [f"{name} at {x:g} um of defocus with {y:.2f} um" for y, x, name in (min(spots), max(spots))]
    names = looks.listed([one.name for one in panel.series])
    return f"{panel.title}: of {names} the least is {ends[0]}, the most {ends[1]}"
