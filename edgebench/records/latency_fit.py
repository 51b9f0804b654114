"""The time of a call by what an emulated board counts, fitted on published latencies of boards (latency_points.csv).

One thread: the work, some cycles each, and the misses of the caches, some nanoseconds each. Four threads: a fourth of
the work, a part of it that does not divide (Amdahl), and as long for misses: the memory is shared. Which counts are
work and which are misses is chosen by the errors on families of networks left out of the fit: those of ncnn, and those
of the development part of other runtimes. The held-out part chooses nothing; it is only predicted, once.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

ABOUT = (
    "Made by `edgebench devices calibrate --write` from latency_points.csv. The time of a call = the work, each times "
    "its cycles, at the clock, and the misses, each times its ns; errors are relative. fit: ncnn's networks; "
    "development: those of other runtimes; both are predicted by a fit without their family, and choose the counts. "
    "held_out: other networks and sources, which chose nothing. interval: of a board, up and down; it covers this "
    "share of fit's errors and of held_out's."
)
POINTS = Path(__file__).with_name("latency_points.csv")
USES = FIT, DEVELOPMENT, HELD_OUT = "fit", "development", "held_out"
THREADS = (1, 4)
COVERAGE = 0.9
_VECTOR = ("fp_fma", "fp_vector", "dot", "int_mul", "vector")
_SCALAR = ("load", "store", "int", "imul", "fp", "branch", "other")
COUNTS: Mapping[str, tuple[str, ...]] = {  # by the classes of emulation/edgecount.c
    "instructions": ("total",),
    "vector_work": (*_VECTOR, "vload", "vstore"),
    "vector": _VECTOR,
    "vector_loads": ("vload",),
    "vector_stores": ("vstore",),
    "scalar": _SCALAR,
    "misses": ("l1_misses", "last_misses"),
    "l1_misses": ("l1_misses",),
    "last_misses": ("last_misses",),
}
_STEPS = 6  # of reweighting; it stands still after three


@dataclass(frozen=True)
class Point:
    """One published latency, and what its network counts when it is emulated on one thread."""

    use: str
    board: str
    network: str
    threads: int
    mhz: int
    latency_ms: float
    counts: Mapping[str, float]  # by class
    source: str

    @property
    def family(self) -> str:
        """Networks that are left out together: resnet of resnet18, resnet50 and resnet50_int8."""
        return re.split(r"[_\d]", self.network)[0]

    @property
    def latency_ns(self) -> float:
        return self.latency_ms * 1e6


@dataclass(frozen=True)
class Candidate:
    """What the time may hang on; of several kinds of work a board takes that which fits it best."""

    work: tuple[tuple[str, ...], ...]
    misses: tuple[str, ...]

    @property
    def size(self) -> int:
        return 2 * max(map(len, self.work)) + len(self.misses)

    @property
    def name(self) -> str:
        return " ".join([" or ".join("+".join(kind) for kind in self.work), *self.misses])


_EITHER = (("instructions",), ("vector_work",))  # an in-order core issues a scalar instruction beside a vector one
CANDIDATES = (
    Candidate((("instructions",),), ("l1_misses", "last_misses")),
    Candidate((("instructions",),), ("misses",)),
    Candidate(_EITHER, ("misses",)),
    Candidate(_EITHER, ("l1_misses", "last_misses")),
    Candidate((("vector_work", "scalar"),), ("misses",)),
    Candidate((("vector", "vector_loads", "vector_stores", "scalar"),), ("l1_misses", "last_misses")),
)


@dataclass(frozen=True)
class Line:
    """The fit of one board."""

    board: str
    mhz: int
    cycles: Mapping[int, Mapping[str, float]]  # by threads, of one of each kind of work
    miss_ns: Mapping[str, float]
    points: int


@dataclass(frozen=True)
class Error:
    """Of one point that its fit has not seen."""

    point: Point
    relative: float


@dataclass(frozen=True)
class Calibration:
    candidate: Candidate
    lines: tuple[Line, ...]
    errors: tuple[Error, ...]

    def of(self, use: str, board: str = "") -> np.ndarray:
        """Relative errors, with their sign."""
        own = (one for one in self.errors if one.point.use == use and board in ("", one.point.board))
        return np.array([one.relative for one in own])

    @property
    def judged(self) -> float:
        """The mean error that chooses: of ncnn's networks and of the other runtimes' alike."""
        return float(np.mean([np.abs(own).mean() for use in (FIT, DEVELOPMENT) if len(own := self.of(use))]))


def calibrate(points: Sequence[Point], candidates: Sequence[Candidate] = CANDIDATES) -> Calibration:
    return chosen([left_out(points, one) for one in candidates], points)


def left_out(points: Sequence[Point], candidate: Candidate) -> Calibration:
    """Of points that are not held out: each predicted by a fit without its family."""
    seen, errors = [one for one in points if one.use != HELD_OUT], []
    for family in sorted({one.family for one in seen}):
        lines = _lines([one for one in seen if one.family != family], candidate)
        errors += [_error(lines, one) for one in seen if one.family == family]
    return Calibration(candidate, _lines(seen, candidate), tuple(errors))


def chosen(tried: Sequence[Calibration], points: Sequence[Point]) -> Calibration:
    """That with the smallest judged error, to a tenth of a percent; of equal ones the smaller. It predicts the held-out
    points, which no other does.
    """
    best = min(tried, key=lambda one: (round(one.judged, 3), one.candidate.size))
    return replace(best, errors=(*best.errors, *(_error(best.lines, one) for one in points if one.use == HELD_OUT)))


def interval(found: Calibration, board: str) -> float:
    """Relative, up and down: covers at least COVERAGE of the left-out networks of the board, and of the held-out ones.

    Split conformal: the k-th smallest of n errors, k = (n + 1) COVERAGE; the largest where there are fewer than nine.
    """
    ends = []
    for use in (FIT, HELD_OUT):
        sizes = np.sort(np.abs(np.log1p(found.of(use, board))))
        if len(sizes):
            ends.append(sizes[min(len(sizes), math.ceil((len(sizes) + 1) * COVERAGE)) - 1])
    return float(np.expm1(max(ends)))


@cache
def points(file: Path = POINTS) -> tuple[Point, ...]:
    """A column for each class of instructions, in millions."""
    known = ("use", "board", "network", "threads", "mhz", "latency_ms", "source")
    with file.open(encoding="utf-8", newline="") as opened:
        return tuple(
            Point(
                row["use"],
                row["board"],
                row["network"],
                int(row["threads"]),
                int(row["mhz"]),
                float(row["latency_ms"]),
                {name: float(value) * 1e6 for name, value in row.items() if name not in known},
                row["source"],
            )
            for row in csv.DictReader(opened)
        )


def plain(found: Calibration) -> dict[str, object]:
    """What latency_fit.json holds, which estimate.py reads."""
    boards = [line.board for line in found.lines]
    return {
        "about": ABOUT,
        "candidate": found.candidate.name,
        "coverage": COVERAGE,
        **{use: _summary(found.of(use)) for use in USES},
        "boards": {
            board: {
                "interval": round(interval(found, board), 4),
                **{use: _summary(found.of(use, board)) for use in USES},
            }
            for board in boards
        },
        "fits": [
            {
                "board": line.board,
                "threads": threads,
                "mhz": line.mhz,
                "points": line.points,
                "cycles": {name: round(value, 4) for name, value in line.cycles[threads].items()},
                "miss_ns": {name: round(value, 4) for name, value in line.miss_ns.items()},
            }
            for line in found.lines
            for threads in THREADS
        ],
    }


def _summary(relative: np.ndarray) -> dict[str, object]:
    if not len(relative):
        return {"mean": None, "worst": None, "points": 0}
    sizes = np.abs(relative)
    return {"mean": round(float(sizes.mean()), 4), "worst": round(float(sizes.max()), 4), "points": len(sizes)}


def sound(given: Sequence[Point]) -> list[Point]:
    """Without latencies that are longer on four threads than on one: the board was busy, or hot."""
    alone = {(one.use, one.board, one.network): one.latency_ms for one in given if one.threads == 1}
    return [one for one in given if one.latency_ms <= alone.get((one.use, one.board, one.network), np.inf)]


def counted(classes: Mapping[str, float], features: Sequence[str]) -> np.ndarray:
    """(F,) of one call; "last_misses" is of the last level of cache that there is."""
    levels = sorted(name for name in classes if name.endswith("_misses") and name != "last_misses")
    known = {"last_misses": classes[levels[-1]] if levels else 0.0, **classes}
    return np.array([sum(known.get(name, 0.0) for name in COUNTS[feature]) for feature in features])


def predict_ns(lines: Sequence[Line], point: Point) -> float:
    (line,) = (one for one in lines if one.board == point.board)
    return time_ns(point.counts, line.cycles[point.threads], line.miss_ns, point.mhz)


def time_ns(
    classes: Mapping[str, float], cycles: Mapping[str, float], miss_ns: Mapping[str, float], mhz: float
) -> float:
    worked, missed = (float(counted(classes, list(each)) @ np.array(list(each.values()))) for each in (cycles, miss_ns))
    return worked / mhz * 1e3 + missed


def _error(lines: Sequence[Line], point: Point) -> Error:
    return Error(point, predict_ns(lines, point) / point.latency_ns - 1)


def _lines(given: Sequence[Point], candidate: Candidate) -> tuple[Line, ...]:
    found = []
    for board in sorted({one.board for one in given}):
        own = [one for one in given if one.board == board]
        fits = [_fit(own, work, candidate.misses) for work in candidate.work]
        residuals = [fit[0] for fit in fits]
        _, cycles, miss_ns = fits[residuals.index(min(residuals))]
        found.append(Line(board, max(one.mhz for one in own), cycles, miss_ns, len(own)))
    return tuple(found)


def _fit(
    own: Sequence[Point], work: Sequence[str], misses: Sequence[str]
) -> tuple[float, dict[int, dict[str, float]], dict[str, float]]:
    """Residual, cycles by threads, ns of a miss: non-negative least squares on the log of the ratio, by reweighting."""
    from scipy.optimize import nnls

    solve: Callable[..., tuple[np.ndarray, float]] = nnls
    worked = np.array([counted(one.counts, work) / one.mhz * 1e3 for one in own])
    missed = np.array([counted(one.counts, misses) for one in own])
    divided = np.array([[1 / one.threads] for one in own])
    alone = np.array([[float(one.threads > 1)] for one in own])
    x = np.hstack([worked * divided, worked * alone, missed])
    y = scale = np.array([one.latency_ns for one in own])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        weights = solve(x / scale[:, None], y / scale)[0]
        scale = np.sqrt(y * np.maximum(x @ weights, 1.0))
    parallel, serial, each = np.split(weights, [len(work), 2 * len(work)])
    cycles = {threads: dict(zip(work, (parallel / threads + serial * (threads > 1)).tolist())) for threads in THREADS}
    residual = float((np.log(np.maximum(x @ weights, 1.0) / y) ** 2).sum())
    return residual, cycles, dict(zip(misses, each.tolist()))
