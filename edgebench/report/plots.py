"""The report's figures as PNG, the same bytes for the same records on one machine: no date, no version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.files import whole
from edgebench.records.evaluation_metrics import Score, score
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report import sets
from edgebench.report.evaluated import View
from edgebench.report.other_sets import DETAILED
from edgebench.report.rows import SETS
from edgebench.report.sensitivity import places, qualities, sweeps

MACS, DEFOCUS, JPEG = "error-macs.png", "error-defocus.png", "error-jpeg.png"
LINES = 6  # models in one plot over defocus
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")  # Okabe and Ito's
SHAPES = "oD^sPXv*"  # one more than colours: neither alone tells two models apart, both together do up to 56


def names(view: View) -> tuple[str, ...]:
    """Which figures the evaluations are enough for."""
    enough = {MACS: len(_known(view)) > 1, DEFOCUS: bool(_followed(view)), JPEG: bool(places(view.qualities))}
    return tuple(name for name, there in enough.items() if there)


def draw(view: View, folder: Path) -> None:
    """Write the figures into the folder; OSError where it cannot be written."""
    wanted = names(view)
    if not wanted:
        return
    import matplotlib as mpl

    drawings = {MACS: _macs, DEFOCUS: _defocus, JPEG: _jpeg}
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "figure.dpi": 120, "axes.grid": True}):
        for name in wanted:
            figure = drawings[name](view)
            with whole(folder / name) as writing:
                figure.savefig(writing, metadata={"Software": None})


def _axes(title: str, panels: Sequence[str], shown: Sequence[Evaluation], x: str) -> tuple[Any, list[Any]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2 * len(panels), 4), layout="constrained")
    FigureCanvasAgg(figure)
    simulated = " (simulated slides)" if any(one.simulated for one in shown) else ""
    figure.suptitle(title + simulated)
    axes = list(figure.subplots(1, len(panels), squeeze=False)[0])
    for axis, panel in zip(axes, panels, strict=True):
        axis.set(title=panel, xlabel=x, ylabel="mean focusing error (um)")
    return figure, axes


def _macs(view: View) -> Any:
    found = _known(view)
    figure, axes = _axes("Error and work", [title for _, title in SETS], found, "MACs a tile (millions)")
    styles = _styles(found)
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            error, macs = one.splits[split][MEDIAN].score, one.about["model"]["macs"] / 1e6
            around = np.array([_around(error)]).T
            style = {**styles[one.name], "linestyle": ""}
            axis.errorbar(macs, error.mean_um, around, **style, capsize=3, label=_label(one))
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _defocus(view: View) -> Any:
    found = _followed(view)
    styles = _styles(found)
    figure, axes = _axes("Error and defocus", [title for _, title in SETS], found, "label (um)")
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            bins = one.splits[split][MEDIAN].bins
            middles, errors = [each.lowest_um + 0.5 for each in bins], [each.mean_um for each in bins]
            axis.plot(middles, errors, **styles[one.name], markersize=4, label=_label(one))
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _jpeg(view: View) -> Any:
    """A line joins answers to the same images alone."""
    at = places(view.qualities)
    styles = _styles(view.qualities)
    figure, axes = _axes("Error and JPEG quality", [" ".join(place) for place in at], view.qualities, "JPEG quality")
    for axis, place in zip(axes, at, strict=True):
        swept = sweeps(view.qualities, place)
        asked = qualities(swept)
        for sweep in swept:
            scores = {quality: score(of[MEDIAN]) for quality, of in sweep.answers.items()}
            xs = [x for x, quality in enumerate(asked) if quality in scores]
            found = [scores[asked[x]] for x in xs]
            around = np.array([_around(one) for one in found]).T
            means = [one.mean_um for one in found]
            axis.errorbar(xs, means, around, **styles[sweep.one.name], capsize=3, label=_label(sweep.one))
        kept = sets.stored(swept[0].one.about["data"]).replace(" (", "\n(")
        axis.set_xticks(range(len(asked)), [kept if quality is None else quality for quality in asked])
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _around(error: Score) -> tuple[float, float]:
    """How far its interval goes below and above the mean; not at all where there is none."""
    ends = error.interval
    return (error.mean_um - ends.low, ends.high - error.mean_um) if ends else (0.0, 0.0)


def _styles(found: Sequence[Evaluation]) -> dict[str, dict[str, Any]]:
    """Colour and shape of each model; the same for both inputs of a network, whose single images are hollow, dashed."""
    sizes = list(dict.fromkeys(_size(one) for one in found))
    styles = {}
    for one in found:
        at, single = sizes.index(_size(one)), one.about["model"]["kind"] == "single"
        styles[one.name] = {
            "color": COLOURS[at % len(COLOURS)],
            "marker": SHAPES[at % len(SHAPES)],
            "markerfacecolor": "white" if single else None,
            "linestyle": "--" if single else "-",
        }
    return styles


def _size(one: Evaluation) -> str:
    return one.name.removesuffix("-single")


def _legend(figure: Any, axes: Sequence[Any]) -> None:
    """One for all panels, below them."""
    lines = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=min(len(lines), 4))


def _label(one: Evaluation) -> str:
    limit = one.about["stacks_limit"]
    return one.name if limit is None else f"{one.name} ({limit} stacks)"


def _known(view: View) -> list[Evaluation]:
    """The models as trained whose multiply-accumulates are known."""
    return [one for one in view.main if one.about["backend"]["target"] is None and one.about["model"]["macs"]]


def _followed(view: View) -> list[Evaluation]:
    """The models whose error is drawn over defocus: those whose stacks are listed, or the first of all."""
    return [one for one in view.main if one.name in DETAILED] or list(view.main[:LINES])
