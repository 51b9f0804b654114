"""The report's figures as PNG, the same bytes for the same records on one machine: no date, no version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.files import whole
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report import sets
from edgebench.report.evaluated import View
from edgebench.report.other_sets import DETAILED
from edgebench.report.rows import SETS
from edgebench.report.sensitivity import places, qualities, sweeps

MACS, DEFOCUS, JPEG = "error-macs.png", "error-defocus.png", "error-jpeg.png"
LINES = 6  # models in one plot over defocus
MARKERS = {"difference": "o", "single": "s"}


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
    sizes = list(dict.fromkeys(one.name.removesuffix("-single") for one in found))  # one colour for both inputs
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            score, macs = one.splits[split][MEDIAN].score, one.about["model"]["macs"] / 1e6
            ends = score.interval
            style = {
                "fmt": MARKERS[one.about["model"]["kind"]],
                "color": f"C{sizes.index(one.name.removesuffix('-single'))}",
            }
            around = [[score.mean_um - ends.low], [ends.high - score.mean_um]] if ends else None
            axis.errorbar(macs, score.mean_um, around, **style, capsize=3, label=_label(one))
        axis.set_xscale("log")
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _defocus(view: View) -> Any:
    found = _followed(view)
    figure, axes = _axes("Error and defocus", [title for _, title in SETS], found, "label (um)")
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            bins = one.splits[split][MEDIAN].bins
            axis.plot([each.lowest_um + 0.5 for each in bins], [each.mean_um for each in bins], ".-", label=_label(one))
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _jpeg(view: View) -> Any:
    """A line joins answers to the same images alone."""
    at = places(view.qualities)
    figure, axes = _axes("Error and JPEG quality", [" ".join(place) for place in at], view.qualities, "JPEG quality")
    for axis, place in zip(axes, at, strict=True):
        found = sweeps(view.qualities, place)
        asked = qualities(found)
        for sweep in found:
            errors = {q: float(np.abs(of[MEDIAN].error_um).mean()) for q, of in sweep.answers.items()}
            xs = [x for x, quality in enumerate(asked) if quality in errors]
            axis.plot(xs, [errors[asked[x]] for x in xs], ".-", label=_label(sweep.one))
        kept = sets.stored(found[0].one.about["data"]).replace(" (", "\n(")
        axis.set_xticks(range(len(asked)), [kept if quality is None else quality for quality in asked])
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


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
