"""Peak searches over a stack's planes, with what they cost: images captured, moves and changes of direction.

A search sees the figure of merit of a plane only by capturing it. The stage comes to rest exactly where it is sent:
backlash is not simulated, but every change of direction is counted, which is where a real stage has it (paper,
section 2). The last move, to the answer, counts as a move; the image then taken there is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Measure = Callable[[int], float]  # index of a plane to its figure of merit, not negative
UNIFORM_UM = 1.0  # about the depth of field (paper, 3.5)
COARSE_UM = 4.0
FIT_UM = 2.0  # about the half width of a figure's peak at NA 0.75
FLAT = 0.05  # a figure that is less than so far below the highest one may be noise: no reason to turn back
NOTHING = 1e-6  # of the highest figure; no image of an object falls so low
PROMINENCE = 0.05  # of the curve's range


@dataclass(frozen=True)
class Found:
    """Where a search says best focus is, and what it cost; direction changes include that of the last move."""

    z_um: float
    captures: int
    moves: int
    direction_changes: int


class _Stage:
    """Where the stage has been, and the figures captured there; a second visit captures nothing."""

    def __init__(self, z_um: Sequence[float], measure: Measure) -> None:
        self.z_um, self._measure = z_um, measure
        self.figures: dict[int, float] = {}
        self.path: list[int] = []

    def look(self, plane: int) -> float:
        self.path.append(plane)
        if plane not in self.figures:
            self.figures[plane] = self._measure(plane)
        return self.figures[plane]

    def best(self) -> int:
        return max(self.figures, key=lambda plane: (self.figures[plane], -plane))

    def steps(self, step_um: float) -> int:
        """So many planes, 1 at least, are the step."""
        return max(1, round(step_um / float(np.median(np.diff(self.z_um))))) if len(self.z_um) > 1 else 1

    def found(self, z_um: float) -> Found:
        moved = np.diff([*(self.z_um[plane] for plane in self.path), z_um])
        moved = moved[moved != 0]
        turns = int(np.count_nonzero(moved[1:] * moved[:-1] < 0))
        return Found(float(z_um), len(self.figures), len(moved), turns)


def uniform(z_um: Sequence[float], measure: Measure, *, start: int = 0, step_um: float = UNIFORM_UM) -> Found:
    """Capture at a fixed step from the lowest plane to the highest, and go back to the best (paper, section 2).

    z_um: rising, um. start is ignored: a sweep begins at the bottom.
    """
    stage = _Stage(z_um, measure)
    for plane in range(0, len(z_um), stage.steps(step_um)):
        stage.look(plane)
    return stage.found(z_um[stage.best()])


def adaptive(z_um: Sequence[float], measure: Measure, *, start: int = 0, coarse_um: float = COARSE_UM) -> Found:
    """Coarse steps while the figure is low or rises; after the peak was jumped over, back, with ever half the step.

    z_um: rising, um; start: index of the first plane. Ends where both neighbours are lower (paper, section 2).
    """
    stage = _Stage(z_um, measure)
    step = stage.steps(coarse_um)
    _bracket(stage, start, step)
    while step > 1:
        step //= 2
        _climb(stage, step)
    return stage.found(z_um[stage.best()])


def fit(z_um: Sequence[float], measure: Measure, *, start: int = 0, step_um: float = FIT_UM) -> Found:
    """Few captures around the peak, then straight to the vertex of a parabola through 1 / figure, between planes.

    That is exact for a Lorentzian figure, A / (w^2 + (z - z0)^2). Yazdanfar et al. 2008 capture three images near
    focus; from a start further off, the captures go on with the same step until the highest has lower neighbours on
    both sides. z_um: rising, um; start: index of the first plane. A best plane at an end of the stack is the answer.
    """
    stage = _Stage(z_um, measure)
    _bracket(stage, start, stage.steps(step_um))
    best, seen = stage.best(), sorted(stage.figures)
    at = seen.index(best)
    if not 0 < at < len(seen) - 1 or stage.figures[best] <= 0:
        return stage.found(z_um[best])
    around = seen[at - 1 : at + 2]
    return stage.found(_vertex([z_um[p] for p in around], [stage.figures[p] for p in around]))


def _bracket(stage: _Stage, start: int, step: int) -> None:
    """Step up from `start` until the figure falls clearly; where that does not show that it rose, down as well."""
    last = len(stage.z_um) - 1
    stage.look(start)
    for direction in (1, -1):
        at = start
        while 0 <= at + direction <= last:
            at = min(max(at + direction * step, 0), last)
            if stage.look(at) < (1 - FLAT) * stage.figures[stage.best()]:
                break
        if stage.figures[start] < (1 - FLAT) * stage.figures[stage.best()]:
            return  # the peak lies on this side


def _climb(stage: _Stage, step: int) -> None:
    """From the best plane by `step` to where both sides are lower; first to the side on which the stage is."""
    towards = 1 if stage.path[-1] > stage.best() else -1
    for direction in (towards, -towards):
        best = start = stage.best()
        while 0 <= best + direction * step < len(stage.z_um):
            highest = stage.figures[best]
            if stage.look(best + direction * step) <= highest:
                break
            best += direction * step
        if best != start:
            return


def _vertex(z_um: Sequence[float], figures: Sequence[float]) -> float:
    """Of the parabola through three points (z, 1 / figure), the middle figure the highest: between the outer z, um.

    Where an outer figure is next to nothing its reciprocal says no more: the middle one is the answer.
    """
    low, mid, high = z_um
    if min(figures) <= NOTHING * figures[1]:
        return mid
    rise, fall = figures[1] / figures[0] - 1, figures[1] / figures[2] - 1  # of the reciprocal, over figures[1]
    rise, fall = -rise / (mid - low), fall / (high - mid)  # slopes: at most 0, at least 0
    if fall == rise:
        return mid
    curvature = (fall - rise) / (high - low)
    return mid - (rise + curvature * (mid - low)) / (2 * curvature)


def false_peaks(
    z_um: Sequence[float], curve: Sequence[float], away_um: float, prominence: float = PROMINENCE
) -> tuple[int, ...]:
    """Indices of the peaks that stand out and lie further than away_um from best focus, z = 0; highest first.

    A peak's prominence is how far one must come down from it to reach a higher one (or an end); it counts from
    `prominence` times the curve's range (highest minus lowest value) on. The highest value of the curve counts always,
    at an end, too: there a search of all planes goes. Other ends are no peaks, nor is anything of an even curve.
    """
    values = np.asarray(curve, float)
    span, highest = float(np.ptp(values)), int(values.argmax())
    if span == 0:
        return ()
    peaks = {i for i in _maxima(values) if _prominence(values, i) >= prominence * span} | {highest}
    return tuple(sorted((i for i in peaks if abs(z_um[i]) > away_um), key=lambda i: (-values[i], i)))


def _maxima(values: np.ndarray) -> list[int]:
    """First index of every value, or run of equal values, that is higher than what is before and after it."""
    starts = np.flatnonzero(np.r_[True, np.diff(values) != 0])
    runs = values[starts]
    return [int(starts[k]) for k in range(1, len(runs) - 1) if runs[k - 1] < runs[k] > runs[k + 1]]


def _prominence(values: np.ndarray, peak: int) -> float:
    """Height over the higher of the two lowest points on the ways to something higher, left and right."""
    valleys = []
    for side in (values[:peak][::-1], values[peak + 1 :]):
        higher = np.flatnonzero(side > values[peak])
        valleys.append(side[: higher[0]].min(initial=values[peak]) if len(higher) else side.min(initial=values[peak]))
    return float(values[peak] - max(valleys))


SEARCHES: dict[str, Callable[..., Found]] = {"uniform": uniform, "adaptive": adaptive, "fit": fit}


def everywhere(search: str, z_um: Sequence[float], curve: Sequence[float]) -> tuple[Found, ...]:
    """What a search finds on a known curve from each of its planes; a sweep has one start, so one answer."""
    starts = (0,) if search == "uniform" else range(len(z_um))
    return tuple(SEARCHES[search](z_um, curve.__getitem__, start=start) for start in starts)
