"""Where a chart's parts lie, in inches and points, so that matplotlib and plotly draw the same picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgebench.report.charts.chart import Axis, Chart, Panel, Series, words

WIDTH_IN = 8.6  # 826 px: shown whole by a forge, so that 9 pt stay 9
FONT_PT, SMALL_PT, HEADING_PT = 9.0, 8.5, 11.0
EM = 0.6  # of a letter: wider than the mean of DejaVu Sans, so that no text is longer than thought
PT = 72.0
LINE_IN = 0.2  # of a line of text
_GAP_IN, _RIGHT_IN, _TOP_IN, _TICKS_IN = 0.14, 0.15, 0.3, 0.5
_PAD = 0.06  # of the span of the points, free at each end
_TICKS = 9
MANY = 300  # points of a series; more are drawn as one image, and without edges
FRONT = "Pareto front, by value"


@dataclass(frozen=True)
class Frame:
    """A panel's axes in the figure, inches from the left and from the bottom."""

    left: float
    bottom: float
    width: float
    height: float
    named: bool  # whether the names or numbers of the y axis stand beside it


Span = tuple[float, float]


def legend(chart: Chart) -> tuple[Series | str, ...]:
    """One series of each name, in the order of their coming; the front's name last."""
    found = {one.name: one for panel in chart.panels for one in panel.series if one.name}
    return (*found.values(), *([FRONT] if any(panel.front for panel in chart.panels) else []))


def legend_columns(chart: Chart) -> int:
    names = [one if isinstance(one, str) else one.name for one in legend(chart)]
    widest = max((text_in(name) for name in names), default=1.0) + 0.6
    return max(1, min(len(names), int((WIDTH_IN - 0.4) / widest)))


def legend_in(chart: Chart) -> float:
    """Height of the legend; none where all that it says is one name."""
    entries = len(legend(chart))
    return LINE_IN * math.ceil(entries / legend_columns(chart)) + 0.16 if entries > 1 else 0.05


def text_in(text: str, size_pt: float = FONT_PT) -> float:
    return len(text) * EM * size_pt / PT


def heading_in(chart: Chart) -> float:
    return 0.32 + (LINE_IN if chart.labels else 0.0)


def height_in(chart: Chart) -> float:
    return heading_in(chart) + _rows(chart) * (chart.height_in + _TOP_IN + _TICKS_IN) + legend_in(chart)


def frames(chart: Chart) -> tuple[Frame, ...]:
    """One a panel; a panel whose names are those of its left neighbour does not repeat them."""
    columns = min(chart.columns, len(chart.panels))
    found = []
    for row in range(_rows(chart)):
        panels = chart.panels[row * columns : (row + 1) * columns]
        named = [at == 0 or not panel.y.names or panel.y != panels[at - 1].y for at, panel in enumerate(panels)]
        margins = [
            _margin(panel, y) if told else _GAP_IN
            for panel, told, (_, y) in zip(panels, named, spans(chart)[row * columns :], strict=False)
        ]
        width = (WIDTH_IN - sum(margins) - _RIGHT_IN * columns) / columns
        bottom = height_in(chart) - heading_in(chart) - (row + 1) * (chart.height_in + _TOP_IN + _TICKS_IN) + _TICKS_IN
        left = 0.0
        for margin, told in zip(margins, named):
            found.append(Frame(left + margin, bottom, width, chart.height_in, told))
            left += margin + width + _RIGHT_IN
    return tuple(found)


def _margin(panel: Panel, span: Span) -> float:
    """Of the names, or of the numbers with the axis' title."""
    title = 0.0 if panel.y.names else LINE_IN + 0.1
    return max((text_in(told) for _, told in ticks(panel.y, span)), default=0.0) + title + _GAP_IN


def _rows(chart: Chart) -> int:
    return math.ceil(len(chart.panels) / min(chart.columns, len(chart.panels)))


def spans(chart: Chart) -> tuple[tuple[Span, Span], ...]:
    """What the x and the y axis of each panel show; the same axis shows the same, and names are read downwards."""
    xs: dict[Axis, list[float]] = {}
    ys: dict[Axis, list[float]] = {}
    for panel in chart.panels:
        x, y = _values(panel)
        xs.setdefault(panel.x, []).extend(x)
        ys.setdefault(panel.y, []).extend(y)
    bars = any(panel.kind == "bars" for panel in chart.panels)
    x_spans = {axis: _span(axis, values, bars) for axis, values in xs.items()}
    y_spans = {axis: _downwards(axis, _span(axis, values, False)) for axis, values in ys.items()}
    return tuple((x_spans[panel.x], y_spans[panel.y]) for panel in chart.panels)


def _downwards(axis: Axis, span: Span) -> Span:
    return (span[1], span[0]) if axis.names else span


def _values(panel: Panel) -> tuple[list[float], list[float]]:
    """All points with their intervals; of bars their ends, and 0."""
    xs: list[float] = []
    ys: list[float] = []
    for one in panel.series:
        xs += [*one.x, *one.x_low, *one.x_high]
        ys += [*one.y, *one.y_low, *one.y_high]
    if panel.kind == "bars":
        sums: dict[float, float] = {}
        for one in panel.series:
            for x, y in zip(one.x, one.y):
                sums[y] = sums.get(y, 0.0) + x
        xs = [0.0, *xs, *sums.values()]
    return xs, ys


def _span(axis: Axis, values: list[float], bars: bool) -> Span:
    if axis.names:
        return (-0.5, len(axis.names) - 0.5)
    low, high = min(values, default=0.0), max(values, default=1.0)
    if axis.log:
        low, high = math.log10(low), math.log10(high)
        pad = max(_PAD * (high - low), (0.5 - (high - low)) / 2)  # half a decade, so that a tick is in it
        return (axis.lowest or 10 ** (low - pad), axis.highest or 10 ** (high + pad))
    pad = _PAD * (high - low) or 0.5
    start = 0.0 if bars and low == 0 else low - pad
    return (
        axis.lowest if axis.lowest is not None else start,
        axis.highest if axis.highest is not None else high + pad * (2 if bars else 1),  # totals stand beside bars
    )


def ticks(axis: Axis, span: Span) -> tuple[tuple[float, str], ...]:
    """Where an axis has marks, and what stands there: names, or numbers that are 1, 2 or 5 apart."""
    if axis.names:
        return tuple((float(at), words(name)) for at, name in enumerate(axis.names))
    if axis.log:
        powers = range(math.floor(math.log10(span[0])), math.ceil(math.log10(span[1])) + 1)
        fine = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        inside = [tick for tick in fine if span[0] <= tick <= span[1]]
        few = [tick for tick in inside if math.log10(tick).is_integer()] if len(inside) > _TICKS else inside
        return tuple((tick, f"{tick:,.10g}") for tick in few)
    raw = (span[1] - span[0]) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * (1 - 1e-9))
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(span[0] / step - 1e-9), math.floor(span[1] / step + 1e-9)
    return tuple((at * step, f"{at * step:,.{decimals}f}") for at in range(first, last + 1))


def fraction(axis: Axis, span: Span, value: float) -> float:
    """Where a value lies between the ends of an axis, 0 to 1."""
    if axis.log:
        low, high = map(math.log10, span)
        return (math.log10(value) - low) / (high - low)
    return (value - span[0]) / (span[1] - span[0])


def logarithm(value: float) -> float:
    return math.log10(value)
