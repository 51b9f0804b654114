"""The report's figures as PNG, the same bytes for the same records on one machine: no date, no version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgebench.files import whole
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report.evaluated import View
from edgebench.report.grid import ALPHAS, SIZES
from edgebench.report.rows import SETS
from edgebench.report.sensitivity import order, places
from edgebench.report.unseen import DETAILED

MACS, DEFOCUS, JPEG = "error-macs.png", "error-defocus.png", "error-jpeg.png"
LINES = 6  # models in one plot over defocus


def names(view: View) -> tuple[str, ...]:
    """Which figures the evaluations are enough for."""
    grid = [one for one in _grid(view) if one.about["model"]["macs"]]
    enough = {MACS: len(grid) > 1, DEFOCUS: bool(_followed(view)), JPEG: bool(view.qualities)}
    return tuple(name for name, there in enough.items() if there)


def draw(view: View, folder: Path) -> None:
    """Write the figures into the folder; OSError where it cannot be written."""
    import matplotlib as mpl

    drawings = {MACS: _macs, DEFOCUS: _defocus, JPEG: _jpeg}
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 9, "figure.dpi": 120, "axes.grid": True}):
        for name in names(view):
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
    found = [one for one in _grid(view) if one.about["model"]["macs"]]
    figure, axes = _axes("Error and work of the grid", [title for _, title in SETS], found, "MACs a tile (millions)")
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            score, macs = one.splits[split][MEDIAN].score, one.about["model"]["macs"] / 1e6
            ends = score.interval
            around = [[score.mean_um - ends.low], [ends.high - score.mean_um]] if ends else None
            axis.errorbar(macs, score.mean_um, around, fmt="o", color="C0", capsize=3)
            axis.annotate(one.name, (macs, score.mean_um), xytext=(5, 4), textcoords="offset points")
        axis.set_xscale("log")
        axis.margins(x=0.2)  # for the names
        axis.set_ylim(bottom=0)
    return figure


def _defocus(view: View) -> Any:
    found = _followed(view)
    figure, axes = _axes("Error and defocus", [title for _, title in SETS], found, "label (um)")
    for axis, (split, _) in zip(axes, SETS, strict=True):
        for one in (one for one in found if split in one.splits):
            bins = one.splits[split][MEDIAN].bins
            axis.plot([each.lowest_um + 0.5 for each in bins], [each.mean_um for each in bins], ".-", label=one.name)
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _jpeg(view: View) -> Any:
    at = places(view.qualities)
    figure, axes = _axes("Error and JPEG quality", [" ".join(place) for place in at], view.qualities, "JPEG quality")
    qualities = sorted({one.about["jpeg_quality"] for one in view.qualities}, key=order, reverse=True)
    for axis, (data, split) in zip(axes, at, strict=True):
        there = [one for one in view.qualities if one.about["set"] == data and split in one.splits]
        for name in dict.fromkeys(one.name for one in there):
            of = [one for one in there if one.name == name]
            errors = {one.about["jpeg_quality"]: one.splits[split][MEDIAN].score.mean_um for one in of}
            xs = [x for x, quality in enumerate(qualities) if quality in errors]
            axis.plot(xs, [errors[qualities[x]] for x in xs], ".-", label=name)
        axis.set_xticks(range(len(qualities)), ["stored" if quality is None else quality for quality in qualities])
        axis.set_ylim(bottom=0)
    _legend(figure, axes)
    return figure


def _legend(figure: Any, axes: Sequence[Any]) -> None:
    """One for all panels, below them."""
    lines = {label: line for axis in axes for line, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=min(len(lines), 4))


def _grid(view: View) -> list[Evaluation]:
    found = (view.named(name) for name in dict.fromkeys(row[0] for row in (*ALPHAS, *SIZES)))
    return [one for one in found if one is not None]


def _followed(view: View) -> list[Evaluation]:
    """The models whose error is drawn over defocus: those whose stacks are listed, or the first of all."""
    return [one for one in view.main if one.name in DETAILED] or list(view.main[:LINES])
