"""A chart as plotly's JSON, made as plain data: the picture of charts/matplotlib.py, with a text at each point.

The page shows it with Plotly.newPlot(element, figure.data, figure.layout, figure.config), in the dark with
Plotly.relayout(element, DARK) and in the light with LIGHT; where it is narrow, annotations named "label" can go.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import Any

from edgebench.report.charts import layout
from edgebench.report.charts.chart import COLOURS, Chart, Panel, Series, words
from edgebench.report.charts.labels import Label, place
from edgebench.report.charts.layout import FONT_PT, FRONT, HEADING_PT, SMALL_PT, Frame, Span

PX = 96.0  # an inch
_FONTS = "DejaVu Sans, Verdana, sans-serif"
_GREY = "#767676"  # contrast 4.5 on white and on the dark page
_GRID = "rgba(128, 128, 128, 0.25)"
_WIDEST = 56  # characters of a line of a hover text
_MARKERS = {
    "": "circle", "circle": "circle", "square": "square", "diamond": "diamond", "triangle": "triangle-up",
    "cross": "x", "star": "star", "down": "triangle-down", "plus": "cross",
}  # fmt: skip
_DASHES = {"": "solid", "solid": "solid", "dashed": "dash", "dotted": "dot", "dashdot": "dashdot"}
_HATCHES = {"": "", "//": "/", "..": ".", "xx": "x", "--": "-"}
CONFIG = {  # no button that sends the chart to a server, which plotly shows unless told
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "typesetMath": False,
    "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
}
LIGHT = {"font.color": "#1a1a1a"}
DARK = {"font.color": "#e6e6e6"}
Json = dict[str, Any]


def figure(chart: Chart) -> Json:
    """{"data", "layout", "config"}; every text of it is escaped, and holds no markup but line ends."""
    height, frames, spans = layout.height_in(chart), layout.frames(chart), layout.spans(chart)
    edges = _edges(chart, frames, height)
    about: Json = {
        "height": round(height * PX),
        "margin": {"l": edges[0], "r": edges[1], "t": edges[2], "b": edges[3], "pad": 0},
        "font": {"family": _FONTS, "size": _px(FONT_PT), **_coloured(LIGHT)},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "barmode": "stack",
        "hovermode": "closest",
        "hoverlabel": {
            "align": "left",
            "namelength": 0,
            "bgcolor": "white",
            "bordercolor": _GREY,
            "font": {"family": _FONTS, "size": _px(SMALL_PT), **_coloured(LIGHT)},
        },
        "showlegend": len(layout.legend(chart)) > 1,
        "legend": {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom", "xanchor": "left"},
        "modebar": {"bgcolor": "rgba(0, 0, 0, 0)", "color": _GREY, "activecolor": COLOURS[0]},
        "annotations": _title(chart, edges[0], edges[2]),
    }
    data: list[Json] = []
    told: set[str] = set()
    for number, (panel, frame, span) in enumerate(zip(chart.panels, frames, spans, strict=True), start=1):
        ref = "" if number == 1 else str(number)
        about |= _axes(panel, frame, span, ref, edges, height)
        data += _traces(panel, span, ref, told)
        about["annotations"] += _annotations(panel, frame, span, ref)
    return {"data": data, "layout": about, "config": CONFIG}


def _coloured(theme: Json) -> Json:
    return {"color": theme["font.color"]}


def _px(points: float) -> float:
    return points * PX / layout.PT


def text(value: str, longest: int = 80) -> str:
    """One line of a record's text, without markup."""
    return escape(words(value, longest), quote=False)


def hover(value: str) -> str:
    """Lines of a record's text, wrapped, without markup but for their ends."""
    lines = [part for line in value.split("\n") for part in textwrap.wrap(words(line, 400), _WIDEST) or [""]]
    return "<br>".join(escape(line, quote=False) for line in lines)


def _title(chart: Chart, left: float, top: float) -> list[Json]:
    """Title and labels in the margin, where plotly's own title of two lines is cut."""
    lines = [(f"<b>{text(chart.title, 100)}</b>", HEADING_PT, 6.0)]
    lines += [(f"<i>{text('; '.join(chart.labels), 160)}</i>", FONT_PT, 28.0)] if chart.labels else []
    return [
        {
            "text": line, "showarrow": False, "x": 0, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "left",
            "yanchor": "top", "xshift": 8 - left, "yshift": top - down, "font": {"size": _px(size)},
        }
        for line, size, down in lines
    ]  # fmt: skip


def _edges(chart: Chart, frames: tuple[Frame, ...], height: float) -> tuple[float, float, float, float]:
    """Pixels to the left, right, top and bottom of all panels together."""
    left, right = min(one.left for one in frames), max(one.left + one.width for one in frames)
    top, bottom = max(one.bottom + one.height for one in frames), min(one.bottom for one in frames)
    return left * PX, (layout.WIDTH_IN - right) * PX, (height - top) * PX, bottom * PX


def _axes(
    panel: Panel, frame: Frame, span: tuple[Span, Span], ref: str, edges: tuple[float, ...], height: float
) -> Json:
    width = layout.WIDTH_IN * PX - edges[0] - edges[1]
    tall = height * PX - edges[2] - edges[3]
    left, bottom = (frame.left * PX - edges[0]) / width, (frame.bottom * PX - edges[3]) / tall
    domains = (left, left + frame.width * PX / width), (bottom, bottom + frame.height * PX / tall)
    found = {}
    for name, other, axis, ends, domain in zip("xy", "yx", (panel.x, panel.y), span, domains):
        ticks = layout.ticks(axis, ends)
        found[f"{name}axis{ref}"] = {
            "domain": [min(max(end, 0.0), 1.0) for end in domain],
            "anchor": f"{other}{ref}",
            "type": "log" if axis.log else "linear",
            "range": [layout.logarithm(end) for end in ends] if axis.log else list(ends),
            "tickvals": [at for at, _ in ticks],
            "ticktext": [escape(name, quote=False) for _, name in ticks],
            "title": {
                "text": "" if axis.names and name == "y" else text(axis.title),
                "standoff": 6,
                "font": {"size": _px(FONT_PT)},
            },
            "showticklabels": name == "x" or frame.named,
            "gridcolor": _GRID,
            "showgrid": not axis.names,
            "zeroline": False,
            "showline": True,
            "linecolor": _GREY,
            "ticks": "outside",
        }
    return found


def _traces(panel: Panel, span: tuple[Span, Span], ref: str, told: set[str]) -> list[Json]:
    found = []
    for one in panel.series:
        kind = one.kind or panel.kind
        first = bool(one.name) and one.name not in told
        told.add(one.name)
        named = {"xaxis": f"x{ref}", "yaxis": f"y{ref}", "name": text(one.name), "legendgroup": text(one.name)}
        found += [{**named, "showlegend": first, **part} for part in _drawn(one, kind)]
    if panel.front:
        xs, ys = zip(*panel.front)
        line = {"x": [xs[0], *xs, span[0][1]], "y": [span[1][1], *ys, ys[-1]], "mode": "lines", "hoverinfo": "skip"}
        look = {"line": {"shape": "hv", "dash": "dot", "color": _GREY, "width": 1.6}}
        named = {"xaxis": f"x{ref}", "yaxis": f"y{ref}", "name": FRONT, "legendgroup": FRONT, "type": "scatter"}
        found.insert(0, {**named, "showlegend": FRONT not in told, "legendrank": 2000, **line, **look})
        told.add(FRONT)
    return found


def _drawn(one: Series, kind: str) -> list[Json]:
    """The parts of a series, the one that stands in the legend last."""
    look = one.style
    points: Json = {"x": list(one.x), "y": list(one.y), "hoverinfo": "text" if one.hover else "skip"}
    points |= {"hovertext": [hover(line) for line in one.hover]} if one.hover else {}
    if kind == "bars":
        pattern = {
            "shape": _HATCHES[look.hatch],
            "fgcolor": "black",
            "bgcolor": look.colour,
            "size": 7,
            "solidity": 0.2,
        }
        marker = {"color": look.colour, "line": {"color": "black", "width": 0.8}, "pattern": pattern}
        return [{"type": "bar", "orientation": "h", "width": 0.7, "marker": marker, **points}]
    if kind == "band":
        edge = {"type": "scatter", "mode": "lines", "x": list(one.x), "line": {"color": look.colour, "width": 1.4}}
        fill = {"fill": "tonexty", "fillcolor": _faded(look.colour, look.opacity), "hoverinfo": "skip"}
        return [
            {**edge, "y": list(one.y_low), "hoverinfo": "skip", "showlegend": False},
            {**edge, "y": list(one.y_high), **fill},
        ]
    colour = _GREY if look.colour == "#000000" else look.colour  # black is lost on a dark page
    modes = [*(["lines"] if look.dash and kind != "points" else []), *(["markers"] if look.marker else [])]
    edge_colour = colour if look.hollow or len(one.x) > layout.MANY else "black"
    drawn: Json = {
        "type": "scatter",
        "mode": "+".join(modes),
        "opacity": look.opacity,
        "zorder": 1 if one.kind == "lines" else 0,
        "marker": {
            "symbol": _MARKERS[look.marker] + ("-open" if look.hollow else ""),
            "color": colour,
            "size": round(_px(look.size_pt) * 1.1, 2),
            "line": {"color": edge_colour, "width": 1.6 if look.hollow else 0.6},
        },
        "line": {
            "color": colour,
            "dash": _DASHES[look.dash],
            "width": 2,
            "shape": "hv" if kind == "steps" else "linear",
        },
        **points,
    }
    for name, at, low, high in (("error_x", one.x, one.x_low, one.x_high), ("error_y", one.y, one.y_low, one.y_high)):
        if low:
            drawn[name] = {
                "type": "data",
                "symmetric": False,
                "array": [max(end - value, 0.0) for value, end in zip(at, high)],
                "arrayminus": [max(value - end, 0.0) for value, end in zip(at, low)],
                "color": colour,
                "thickness": 1 if look.hollow else 1.4,
                "width": 3,
            }
    return [drawn]


def _faded(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def _annotations(panel: Panel, frame: Frame, span: tuple[Span, Span], ref: str) -> list[Json]:
    small = {"size": _px(SMALL_PT)}
    found: list[Json] = [
        {
            "text": text(panel.title), "showarrow": False, "x": 0, "y": 1, "xref": f"x{ref} domain",
            "yref": f"y{ref} domain", "xanchor": "left", "yanchor": "bottom", "yshift": 4,
        }
    ]  # fmt: skip
    if panel.kind == "bars":
        return found + _totals(panel, ref, small)
    return found + [_label(panel, one, ref, small) for one in place(panel, frame, *span)]


def _on(log: bool, value: float) -> float:
    """A value as plotly's annotations have it, which are placed by logarithm."""
    return layout.logarithm(value) if log else value


def _label(panel: Panel, one: Label, ref: str, small: Json) -> Json:
    return {
        "name": "label", "text": escape(one.text, quote=False),
        "x": _on(panel.x.log, one.x), "y": _on(panel.y.log, one.y),
        "xref": f"x{ref}", "yref": f"y{ref}", "font": small, "ax": _px(one.dx_pt), "ay": -_px(one.dy_pt),
        "showarrow": True, "arrowhead": 0, "arrowwidth": 0.8, "arrowcolor": _GREY if one.led else "rgba(0, 0, 0, 0)",
        "standoff": 3, "borderpad": 0, "captureevents": False,
    }  # fmt: skip


def _totals(panel: Panel, ref: str, small: Json) -> list[Json]:
    ends: dict[float, tuple[float, str]] = {}
    for one in panel.series:
        for at, (x, y) in enumerate(zip(one.x, one.y)):
            ends[y] = ends.get(y, (0.0, ""))[0] + x, one.labels[at] if one.labels else ""
    return [
        {
            "name": "label", "text": text(told), "x": x, "y": y, "xref": f"x{ref}", "yref": f"y{ref}",
            "xanchor": "left", "showarrow": False, "xshift": 3, "font": small,
        }
        for y, (x, told) in ends.items()
        if told
    ]  # fmt: skip
