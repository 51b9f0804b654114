"""Error against what a model costs, and against JPEG quality: of evaluated models, each panel a test set."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.evaluation_metrics import Score, score
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report import sets
from edgebench.report.charts import looks
from edgebench.report.charts.chart import Axis, Chart, Drawing, Numbers, Panel, Series, Style
from edgebench.report.evaluated import View
from edgebench.report.numbers import um_interval
from edgebench.report.rows import SETS
from edgebench.report.sensitivity import Place, Sweep, places, qualities, sweeps

Y = Axis("mean focusing error", "um", lowest=0)


def macs(view: View) -> Drawing | None:
    """The models as trained whose multiply-accumulates are known; None for fewer than two."""
    known = [one for one in view.main if one.about["backend"]["target"] is None and one.about["model"]["macs"]]
    if len(known) < 2:
        return None
    styles = looks.models([one.name for one in known])
    x = Axis("multiply-accumulates of a tile", "millions", log=True)
    panels = tuple(
        Panel(title, x, Y, "points", tuple(_point(one, split, styles[one.name]) for one in there))
        for split, title in SETS
        if (there := [one for one in known if split in one.splits])
    )
    labels = (*looks.simulated(one.simulated for one in known), looks.INTERVALS)
    told = ". ".join(
        f"{panel.title}: {looks.spread([one.y[0] for one in panel.series], 2)} um at "
        f"{looks.spread([one.x[0] for one in panel.series], 0)} million, the least error is of "
        f"{min(panel.series, key=lambda one: one.y[0]).labels[0]}"
        for panel in panels
    )
    chart = Chart("Error and work", panels, labels, columns=1)
    caption = "Mean focusing error against multiply-accumulates of a tile; bars are 95 % intervals over whole stacks."
    return Drawing("error-macs", caption, f"Points of {len(known)} models, {labels[0]}. {told}.", chart)


def jpeg(view: View) -> Drawing | None:
    """A line joins answers to the same images alone; None where nothing was compressed."""
    at = places(view.qualities)
    if not at:
        return None
    styles = looks.models(list(dict.fromkeys(one.name for one in view.qualities)))
    panels = tuple(_quality(place, view.qualities, styles) for place in at)
    labels = (*looks.simulated(one.simulated for one in view.qualities), looks.INTERVALS)
    told = ". ".join(
        f"{panel.title}: "
        + "; ".join(f"{one.name} {one.y[0]:.2f} um first, {one.y[-1]:.2f} um at the lowest" for one in panel.series)
        for panel in panels
    )
    caption = (
        "Mean focusing error of planes as stored and compressed by JPEG; bars are 95 % intervals over whole stacks. "
        "The differences, image by image, are in the table."
    )
    chart = Chart("Error and JPEG quality", panels, labels)
    return Drawing("error-jpeg", caption, f"Lines over JPEG quality, {labels[0]}. {told}.", chart)


def _point(one: Evaluation, split: str, style: Style) -> Series:
    found, model = one.splits[split][MEDIAN].score, one.about["model"]
    hover = f"{_label(one)}\nerror {um_interval(found.mean_um, found.interval)} um, {found.count:,} images"
    about = f"{model['macs'] / 1e6:,.1f} million multiply-accumulates, {model['kind']} images, {_slides(one)}"
    return _series("", [(model["macs"] / 1e6, found)], style, [f"{hover}\n{about}"], labels=(_label(one),))


def _quality(place: Place, found: Sequence[Evaluation], styles: dict[str, Style]) -> Panel:
    swept = sweeps(found, place)
    asked = qualities(swept)
    names = tuple("stored" if quality is None else str(quality) for quality in asked)
    lines = tuple(_line(sweep, asked, styles[sweep.one.name]) for sweep in swept)
    title = f"{sets.heading(swept[0].one.about['data'], *place)}"
    return Panel(title, Axis("JPEG quality", names=names), Y, "lines", lines)


def _line(sweep: Sweep, asked: Sequence[int | None], style: Style) -> Series:
    there = [(float(at), score(sweep.answers[q][MEDIAN])) for at, q in enumerate(asked) if q in sweep.answers]
    kept = sets.stored(sweep.one.about["data"])
    hover = [
        f"{_label(sweep.one)}, {kept if (q := asked[int(at)]) is None else f'JPEG quality {q}'}\n"
        f"error {um_interval(of.mean_um, of.interval)} um, {of.count:,} images, {_slides(sweep.one)}"
        for at, of in there
    ]
    return _series(_label(sweep.one), there, style, hover)


def _series(
    name: str, found: Sequence[tuple[float, Score]], style: Style, hover: list[str], labels: tuple[str, ...] = ()
) -> Series:
    def of(get: str) -> Numbers:
        return tuple(float(getattr(one.interval, get)) if one.interval else one.mean_um for _, one in found)

    return Series(
        name, tuple(x for x, _ in found), tuple(one.mean_um for _, one in found), style,
        y_low=of("low"), y_high=of("high"), hover=tuple(hover), labels=labels,
    )  # fmt: skip


def _label(one: Evaluation) -> str:
    limit = one.about["stacks_limit"]
    return one.name if limit is None else f"{one.name} ({limit} stacks)"


def _slides(one: Evaluation) -> str:
    return "simulated slides" if one.simulated else "real slides"
