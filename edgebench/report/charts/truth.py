"""Predicted against true defocus, an image a point, with the line of truth and the band of 95 % of the answers."""

from __future__ import annotations

from edgebench.records import defocus
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report.charts import looks
from edgebench.report.charts.chart import COLOURS, Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.evaluated import View
from edgebench.report.numbers import um_interval
from edgebench.report.rows import MODELS, SETS

BAND, TRUTH, IMAGE = "95 % of the answers", "truth", "image"
_BAND = Style(COLOURS[3], opacity=0.25)
_IMAGE = Style(COLOURS[0], "circle", opacity=0.5, size_pt=2.5)
_TRUTH = Style("#000000", dash="dashed")


def picture(view: View) -> Drawing | None:
    """A panel for each of the paper's two models, or else of the first two, and each test set."""
    shown = [one for name in MODELS if (one := view.named(name))] or list(view.main[:2])
    panels = [(one, split, title) for one in shown for split, title in SETS if split in one.splits]
    if not panels:
        return None
    answers = [one.splits[split][MEDIAN].answers for one, split, _ in panels]
    ends = [float(end(values)) for of in answers for values in (of.truth_um, of.value_um) for end in (min, max)]
    low, high = min(ends) - 0.5, max(ends) + 0.5
    drawn = tuple(_panel(f"{one.name}, {title}", of, low, high) for (one, _, title), of in zip(panels, answers))
    labels = looks.simulated(one.simulated for one in shown)
    chart = Chart("Predicted against true defocus", drawn, labels)
    caption = (
        "The answer for each image against its label; on the dashed line it would be right. The band holds the middle "
        f"95 % of the answers to {defocus.FEWEST} or more images of like defocus: of images, no interval of a mean."
    )
    told = " ".join(_told(one, split, title) for one, split, title in panels)
    about = "".join(f", {label}" for label in labels)
    return Drawing("predicted-true", caption, f"Predicted against true defocus of every image{about}. {told}", chart)


def _panel(title: str, of: Answers, low: float, high: float) -> Panel:
    band = defocus.band(of)
    series = [
        Series(
            BAND,
            tuple(part.middle_um for part in band),
            tuple((part.low_um + part.high_um) / 2 for part in band),
            _BAND,
            y_low=tuple(part.low_um for part in band),
            y_high=tuple(part.high_um for part in band),
            kind="band",
        ),
        Series(IMAGE, tuple(of.truth_um.tolist()), tuple(of.value_um.tolist()), _IMAGE, hover=_hover(of)),
        Series(TRUTH, (low, high), (low, high), _TRUTH, kind="lines"),
    ]
    x, y = (Axis(f"{name} defocus", "um", lowest=low, highest=high) for name in ("true", "predicted"))
    return Panel(title, x, y, "points", tuple(one for one in series if one.x))


def _hover(of: Answers) -> tuple[str, ...]:
    return tuple(
        f"{stack}: true {true:.2f} um, predicted {value:.2f} um, off by {error:+.2f} um"
        for stack, true, value, error in zip(of.stacks, of.truth_um, of.value_um, of.error_um)
    )


def _told(one: Evaluation, split: str, title: str) -> str:
    found = one.splits[split][MEDIAN]
    score, slope = found.score, found.canary.slope
    sloped = "" if slope is None else f", slope {slope:.2f}"
    return (
        f"{one.name}, {title}: {score.count:,} images, mean error {um_interval(score.mean_um, score.interval)} um"
        f"{sloped}, at most {score.max_um:.2f} um off."
    )
