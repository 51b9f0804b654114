"""A chart as plain data: what is drawn, not how; charts/matplotlib.py and charts/plotly.py draw the same one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "points", "lines", "steps", "bars", "band"
]  # bars: horizontal, stacked; band: between its intervals' ends
Numbers = tuple[float, ...]
Point = tuple[float, float]

# Okabe and Ito's, darkest apart in grey first; yellow is too pale on white, black is kept for what is no series.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
MARKERS = ("circle", "square", "diamond", "triangle", "cross", "star", "down", "plus")
DASHES = ("solid", "dashed", "dotted", "dashdot")
HATCHES = ("", "//", "..", "xx", "--")


@dataclass(frozen=True)
class Style:
    """Never told apart by colour alone: marker, dash or hatch differ too."""

    colour: str
    marker: str = ""  # one of MARKERS; "": none
    dash: str = ""  # one of DASHES; "": no line
    hatch: str = ""  # of bars, one of HATCHES
    hollow: bool = False  # an estimate, or another kind of input
    opacity: float = 1.0
    size_pt: float = 6.0  # of the marker


@dataclass(frozen=True)
class Axis:
    """Numbers with a unit ("1" of a count or a ratio), or names at 0, 1, 2, ...; raises ValueError for neither."""

    label: str
    unit: str = ""
    log: bool = False
    names: tuple[str, ...] = ()
    lowest: float | None = None  # None, here and below: as the points ask for
    highest: float | None = None

    def __post_init__(self) -> None:
        if not (self.unit or self.names):
            raise ValueError(f"axis {self.label!r} has no unit and no names")

    @property
    def title(self) -> str:
        return self.label if self.unit in ("", "1") else f"{self.label} ({self.unit})"


@dataclass(frozen=True)
class Series:
    """Points with the ends of their intervals; raises ValueError where lengths differ or a number is not finite."""

    name: str  # in the legend; "" for none
    x: Numbers
    y: Numbers
    style: Style
    x_low: Numbers = ()  # ends of the intervals; empty: none. A point without one has its own value at both
    x_high: Numbers = ()
    y_low: Numbers = ()
    y_high: Numbers = ()
    hover: tuple[str, ...] = ()  # of each point, lines parted by \n
    labels: tuple[str, ...] = ()  # beside each point, where there is room
    kind: Kind | None = None  # None: the panel's

    def __post_init__(self) -> None:
        parts = (self.y, self.x_low, self.x_high, self.y_low, self.y_high, self.hover, self.labels)
        if len(self.x) != len(self.y) or any(part and len(part) != len(self.x) for part in parts):
            raise ValueError(f"series {self.name!r}: {len(self.x)} points, parts of {[len(part) for part in parts]}")
        numbers = (self.x, self.y, self.x_low, self.x_high, self.y_low, self.y_high)
        if not all(math.isfinite(number) for part in numbers for number in part):
            raise ValueError(f"series {self.name!r}: a number that is not finite")


@dataclass(frozen=True)
class Panel:
    title: str
    x: Axis
    y: Axis
    kind: Kind
    series: tuple[Series, ...]
    front: tuple[Point, ...] = ()  # the best of both axes, lowest is best, by x; drawn as steps to the panel's edges


@dataclass(frozen=True)
class Chart:
    """Panels row by row; `labels` stands in the picture itself: "simulated slides", "emulated", "est."."""

    title: str
    panels: tuple[Panel, ...]
    labels: tuple[str, ...] = ()
    columns: int = 2
    height_in: float = 3.0  # of a panel's axes


@dataclass(frozen=True)
class Drawing:
    """A chart with its words; `alternative` says what it shows, with the figures, for those who cannot see it."""

    name: str  # of the file, without a suffix
    caption: str
    alternative: str
    chart: Chart


def words(text: str, longest: int = 80) -> str:
    """One line of a text from a record: what cannot be printed is '?', and what is too long is cut."""
    line = " ".join(text.split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def front(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """Those that no other beats on both axes, lowest is best, by x; equal ones are one."""
    best: list[Point] = []
    for point in sorted(set(points)):
        if not best or point[1] < best[-1][1]:
            best.append(point)
    return tuple(best)
