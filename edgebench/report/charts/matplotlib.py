"""A chart drawn by matplotlib as SVG or PNG: equal charts give equal bytes, without a date, a version or a path."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from typing import Any, cast

from edgebench.report.charts import layout
from edgebench.report.charts.chart import Chart, Panel, Series, words
from edgebench.report.charts.labels import Label, place
from edgebench.report.charts.layout import FONT_PT, FRONT, HEADING_PT, SMALL_PT, Frame, Span

DPI = 150
_GREY, _PALE = "#555555", "#d9d9d9"
_MARKERS = {
    "": "", "circle": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "X", "star": "*", "down": "v",
    "plus": "P",
}  # fmt: skip
_DASHES: dict[str, Any] = {"": "", "solid": "-", "dashed": (0, (5, 2)), "dotted": (0, (1, 1.5)), "dashdot": "-."}
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": FONT_PT,
    "text.parse_math": False,  # a name with two dollars is a name
    "axes.titlesize": FONT_PT,
    "axes.edgecolor": _GREY,
    "axes.axisbelow": True,
    "grid.color": _PALE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.7,
    "svg.hashsalt": "edgebench",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
}


def svg(chart: Chart) -> str:
    return _saved(chart, "svg", {"Date": None, "Creator": None}).decode()


def png(chart: Chart) -> bytes:
    return _saved(chart, "png", {"Software": None})


def _saved(chart: Chart, form: str, metadata: dict[str, None]) -> bytes:
    with styled():
        writing = io.BytesIO()
        figure(chart).savefig(writing, format=form, dpi=DPI, metadata=metadata)
        return writing.getvalue()


def styled() -> AbstractContextManager[None]:
    """The look of all charts, whatever the user's own settings are."""
    from matplotlib import style

    return cast("AbstractContextManager[None]", style.context(["default", _STYLE]))


def figure(chart: Chart) -> Any:
    """A matplotlib figure, to be drawn while styled; placed labels have the gid "label"."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = layout.height_in(chart)
    drawn = Figure(figsize=(layout.WIDTH_IN, height))
    FigureCanvasAgg(drawn)
    drawn.text(
        0.1 / layout.WIDTH_IN, 1 - 0.1 / height, words(chart.title, 100), va="top", size=HEADING_PT, weight="bold"
    )
    if chart.labels:
        told = words("; ".join(chart.labels), 160)
        drawn.text(0.1 / layout.WIDTH_IN, 1 - 0.32 / height, told, va="top", size=FONT_PT, style="italic")
    for panel, frame, spans in zip(chart.panels, layout.frames(chart), layout.spans(chart), strict=True):
        where = frame.left / layout.WIDTH_IN, frame.bottom / height
        axes = drawn.add_axes((*where, frame.width / layout.WIDTH_IN, frame.height / height))
        _panel(axes, panel, frame, *spans)
    _legend(drawn, chart)
    return drawn


def _panel(axes: Any, panel: Panel, frame: Frame, x_span: Span, y_span: Span) -> None:
    axes.set(xlim=x_span, ylim=y_span)
    axes.set_title(words(panel.title), loc="left")
    axes.grid(True, axis="x" if panel.y.names else "y" if panel.x.names else "both")
    axes.spines[["top", "right"]].set_visible(False)
    for axis, about, span in ((axes.xaxis, panel.x, x_span), (axes.yaxis, panel.y, y_span)):
        axis.set_label_text(words(about.title) if not (about.names and axis is axes.yaxis) else "")
        if about.log:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_ticks(*zip(*layout.ticks(about, span)))
        axis.set_ticks([], minor=True)
    if not frame.named:
        axes.tick_params(labelleft=False)
    starts: dict[float, float] = {}
    for one in panel.series:
        _series(axes, one, one.kind or panel.kind, starts)
    if panel.front:
        xs, ys = zip(*panel.front)
        axes.plot((xs[0], *xs, x_span[1]), (y_span[1], *ys, ys[-1]), drawstyle="steps-post", **_FRONT, zorder=1.5)
    if panel.kind == "bars":
        for y, x in starts.items():
            told = next((one.labels[one.y.index(y)] for one in panel.series if one.labels and y in one.y), "")
            axes.annotate(words(told), (x, y), (4, 0), textcoords="offset points", va="center", size=SMALL_PT)
        return
    for label in place(panel, frame, x_span, y_span):
        _label(axes, label)


_FRONT: dict[str, Any] = {"color": _GREY, "linewidth": 1.2, "linestyle": (0, (1, 1))}


def _label(axes: Any, label: Label) -> None:
    arrow = {"arrowstyle": "-", "color": _GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 2} if label.led else None
    offset = label.dx_pt, label.dy_pt
    axes.annotate(
        label.text, (label.x, label.y), offset, textcoords="offset points", ha="center", va="center", size=SMALL_PT,
        arrowprops=arrow, gid="label",
    )  # fmt: skip


def _series(axes: Any, one: Series, kind: str, starts: dict[float, float]) -> None:
    look = one.style
    if kind == "band":
        axes.fill_between(one.x, one.y_low, one.y_high, color=look.colour, alpha=look.opacity, linewidth=0, zorder=1.2)
        for edge in (one.y_low, one.y_high):
            axes.plot(one.x, edge, color=look.colour, linewidth=1.2, zorder=3)
        return
    if kind == "bars":
        lefts = [starts.get(y, 0.0) for y in one.y]
        axes.barh(one.y, one.x, 0.7, lefts, color=look.colour, hatch=look.hatch, edgecolor="black", linewidth=0.7)
        starts.update({y: left + x for y, left, x in zip(one.y, lefts, one.x)})
        return
    around = {
        name: [[max(v - a, 0) for v, a in zip(at, low)], [max(b - v, 0) for v, b in zip(at, high)]]
        for name, at, low, high in (("xerr", one.x, one.x_low, one.x_high), ("yerr", one.y, one.y_low, one.y_high))
        if low
    }
    drawn = axes.errorbar(
        one.x,
        one.y,
        **around,
        **_look(one, kind),
        alpha=look.opacity,
        elinewidth=0.7 if look.hollow else 1,
        capsize=2.5,
        zorder=2,
    )
    if len(one.x) > layout.MANY and drawn.lines[0] is not None:
        drawn.lines[0].set_rasterized(True)  # thousands of points would be thousands of elements


def _look(one: Series, kind: str) -> dict[str, Any]:
    look = one.style
    return {
        "color": look.colour,
        "marker": _MARKERS[look.marker] or None,
        "markersize": look.size_pt,
        "markerfacecolor": "white" if look.hollow else look.colour,
        "markeredgecolor": look.colour if look.hollow or len(one.x) > layout.MANY else "black",
        "markeredgewidth": 1.2 if look.hollow else 0.6,
        "linestyle": _DASHES[look.dash] if kind != "points" else "",
        "linewidth": 1.6,
        "drawstyle": "steps-post" if kind == "steps" else "default",
    }


def _legend(drawn: Any, chart: Chart) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    entries = layout.legend(chart)
    if len(entries) < 2:
        return
    kinds = {one.name: one.kind or panel.kind for panel in chart.panels for one in panel.series}
    handles: list[Any] = []
    for one in entries:
        if isinstance(one, str):
            handles.append(Line2D([], [], label=FRONT, **_FRONT))
        elif kinds[one.name] in ("bars", "band"):
            look = one.style
            edge: dict[str, Any] = {
                "edgecolor": "black" if kinds[one.name] == "bars" else look.colour,
                "linewidth": 0.9,
            }
            handles.append(
                Patch(facecolor=(look.colour, look.opacity), hatch=look.hatch, label=words(one.name), **edge)
            )
        else:
            look_of = {**_look(one, kinds[one.name]), "markersize": max(one.style.size_pt, 5)}
            handles.append(Line2D([], [], label=words(one.name), **look_of))
    drawn.legend(
        handles=handles, loc="lower center", ncols=layout.legend_columns(chart), frameon=False, fontsize=FONT_PT,
        handlelength=2.4, columnspacing=1.4, bbox_to_anchor=(0.5, 0), borderpad=0.2, labelspacing=0.35,
    )  # fmt: skip
