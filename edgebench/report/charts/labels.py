"""Labels beside points: each in the nearest free place, with a line to its point where that is not at once clear."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgebench.report.charts.chart import Panel, words
from edgebench.report.charts.layout import EM, PT, SMALL_PT, Frame, Span, fraction

_DISTANCES_PT = (7.0, 13.0, 20.0, 28.0, 38.0, 50.0, 64.0)
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_HEIGHT_PT = 1.25 * SMALL_PT
_NEAR_PT = 10.0  # further off, or with another point as near, a line says which point is meant
_CLEAR_PT = 9.0
Box = tuple[float, float, float, float]  # left, bottom, right, top, pt
Place = tuple[float, float]  # x, y, pt


@dataclass(frozen=True)
class Label:
    """The middle of the text lies (dx_pt, dy_pt) from its point."""

    text: str
    x: float
    y: float
    dx_pt: float
    dy_pt: float
    led: bool


def place(panel: Panel, frame: Frame, x_span: Span, y_span: Span) -> tuple[Label, ...]:
    """Every label for which there is room: off all points, intervals and other labels; else off points and labels."""
    size = frame.width * PT, frame.height * PT

    def at(x: float, y: float) -> tuple[float, float]:
        return fraction(panel.x, x_span, x) * size[0], fraction(panel.y, y_span, y) * size[1]

    points: list[Box] = []
    bars: list[Box] = []
    asked: list[tuple[str, float, float]] = []
    for one in panel.series:
        for i, (x, y) in enumerate(zip(one.x, one.y)):
            points.append(_around(*at(x, y), one.style.size_pt / 2 + 1))
            bars += [_hull(at(one.x_low[i], y), at(one.x_high[i], y))] if one.x_low else []
            bars += [_hull(at(x, one.y_low[i]), at(x, one.y_high[i]))] if one.y_low else []
            if one.labels and one.labels[i]:
                asked.append((words(one.labels[i], 40), x, y))
    bars += _steps(panel, at, size)
    placed: list[Box] = []
    leaders: list[tuple[Place, Place]] = []
    found = []
    for text, x, y in sorted(asked, key=lambda one: (one[1], one[2])):
        own = at(x, y)
        others = [point for point in points if _away(point, own) > 0]
        for taken in ((*points, *bars), points):
            candidates = (one for one in _places(text, own) if not any(_crosses(*line, one.box) for line in leaders))
            free = next((one for one in candidates if _free(one, own, taken, others, placed, size)), None)
            if free is not None:
                placed.append(free.box)
                led = free.distance_pt > _NEAR_PT or any(_gap(free.box, point) < _CLEAR_PT for point in others)
                leaders += [(own, (own[0] + free.dx_pt, own[1] + free.dy_pt))] if led else []
                found.append(Label(text, x, y, free.dx_pt, free.dy_pt, led))
                break
    return tuple(found)


@dataclass(frozen=True)
class _Candidate:
    box: Box
    dx_pt: float
    dy_pt: float
    distance_pt: float  # of its edge from the point


def _free(
    one: _Candidate, own: Place, taken: Sequence[Box], others: Sequence[Box], placed: Sequence[Box], size: Place
) -> bool:
    """Whether it lies in the panel, on nothing, and the line to it crosses no other point and no label."""
    box = one.box
    if box[0] < 0 or box[1] < 0 or box[2] > size[0] or box[3] > size[1]:
        return False
    if any(_overlap(box, other) for other in (*taken, *placed)):
        return False
    end = own[0] + one.dx_pt, own[1] + one.dy_pt
    return not any(_crosses(own, end, other) for other in (*others, *placed))


def _places(text: str, point: Place) -> Iterator[_Candidate]:
    """Boxes of the text, nearest first."""
    half = len(text) * EM * SMALL_PT / 2
    for distance in _DISTANCES_PT:
        for right, up in _SIDES:
            dx = right * ((distance if not up else 0.7 * distance) + half)
            dy = up * ((distance if not right else 0.7 * distance) + _HEIGHT_PT / 2)
            x, y = point[0] + dx, point[1] + dy
            yield _Candidate((x - half, y - _HEIGHT_PT / 2, x + half, y + _HEIGHT_PT / 2), dx, dy, distance)


def _steps(panel: Panel, at: Callable[[float, float], Place], size: Place) -> Iterator[Box]:
    """Boxes of the front's lines."""
    corners = [at(x, y) for x, y in panel.front]
    ends = [*(x for x, _ in corners[1:]), size[0]]
    tops = [size[1], *(y for _, y in corners[:-1])]
    for (x, y), end, top in zip(corners, ends, tops):
        yield _hull((x, y), (end, y))
        yield _hull((x, y), (x, top))


def _around(x: float, y: float, far: float) -> Box:
    return x - far, y - far, x + far, y + far


def _hull(one: tuple[float, float], other: tuple[float, float]) -> Box:
    (a, b), (c, d) = one, other
    return min(a, c) - 1, min(b, d) - 1, max(a, c) + 1, max(b, d) + 1


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _gap(one: Box, other: Box) -> float:
    """Between the edges of two boxes."""
    return math.hypot(max(one[0] - other[2], other[0] - one[2], 0.0), max(one[1] - other[3], other[1] - one[3], 0.0))


def _away(box: Box, point: Place) -> float:
    """From the middle of a box."""
    return math.hypot((box[0] + box[2]) / 2 - point[0], (box[1] + box[3]) / 2 - point[1])


def _crosses(start: Place, end: Place, box: Box) -> bool:
    """Whether a line passes through a box that its start lies outside of (Liang and Barsky 1984)."""
    if box[0] <= start[0] <= box[2] and box[1] <= start[1] <= box[3]:
        return False
    first, last = 0.0, 1.0
    for at, to, low, high in ((start[0], end[0], box[0], box[2]), (start[1], end[1], box[1], box[3])):
        step = to - at
        if step == 0:
            if not low <= at <= high:
                return False
            continue
        enter, leave = sorted(((low - at) / step, (high - at) / step))
        first, last = max(first, enter), min(last, leave)
    return first <= last
