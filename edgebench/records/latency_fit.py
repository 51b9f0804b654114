"""Cycles of a call by what an emulated board counts: fitted on published latencies of real boards (latency_points.csv).

Which counts a model of the time has is chosen by its error on networks left out of the fit, over all boards and
thread counts together. The external points, of another runtime and other networks, choose nothing: they are only
predicted, once, by the chosen one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

ABOUT = (
    "Made by `edgebench devices calibrate --write` from latency_points.csv. Cycles of a call = the sum of the counts, "
    "each times its cycles; errors are relative. left_out: of networks that the fit did not see; external: published "
    "latencies of another runtime and other networks, which chose neither the fit nor its counts."
)
POINTS = Path(__file__).with_name("latency_points.csv")
_VECTOR = ("fp_fma", "fp_vector", "dot", "int_mul", "vector")
_SCALAR = ("load", "store", "int", "imul", "fp", "branch", "other")
COUNTS: Mapping[str, tuple[str, ...]] = {  # by the classes of emulation/edgecount.c
    "instructions": ("total",),
    "vector": _VECTOR,
    "vector_loads": ("vload",),
    "vector_stores": ("vstore",),
    "scalar": _SCALAR,
    "l1_misses": ("l1_misses",),
    "last_misses": ("last_misses",),
}
MISSES = ("l1_misses", "last_misses")
CANDIDATES = (
    ("instructions", *MISSES),
    ("instructions", "vector_stores", *MISSES),
    ("vector", "scalar", *MISSES),
    ("vector", "vector_loads", "vector_stores", "scalar", *MISSES),
)


@dataclass(frozen=True)
class Point:
    """One published latency, and what its network counts when it is emulated on one thread."""

    external: bool
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
    def cycles(self) -> float:
        return self.latency_ms * self.mhz * 1e3


@dataclass(frozen=True)
class Line:
    """The fit for one board and thread count, with its relative errors."""

    board: str
    threads: int
    mhz: int
    cycles: Mapping[str, float]  # of one of each count
    left_out: tuple[float, ...]  # of each network, by the fit without its family
    external: Mapping[str, float]  # by network


@dataclass(frozen=True)
class Calibration:
    features: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def left_out(self) -> np.ndarray:
        return np.abs([error for line in self.lines for error in line.left_out])

    def outside(self, board: str) -> np.ndarray:
        """Of the external networks on one board."""
        return np.abs([error for line in self.lines if line.board == board for error in line.external.values()])

    @property
    def external(self) -> np.ndarray:
        return np.abs([error for line in self.lines for error in line.external.values()])


def calibrate(points: Sequence[Point], candidates: Iterable[tuple[str, ...]] = CANDIDATES) -> Calibration:
    """Of the candidates, from the fewest counts on, the first whose mean error on networks left out is within one
    standard error of the smallest (Hastie et al., The Elements of Statistical Learning, 7.10): more counts must pay.
    """
    tried = sorted((_calibration(points, features) for features in candidates), key=lambda one: len(one.features))
    best = min(tried, key=lambda one: one.left_out.mean())
    enough = best.left_out.mean() + best.left_out.std(ddof=1) / np.sqrt(len(best.left_out))
    return next(one for one in tried if one.left_out.mean() <= enough)


@cache
def points(file: Path = POINTS) -> tuple[Point, ...]:
    """A column for each class of instructions, in millions."""
    known = ("use", "board", "network", "threads", "mhz", "latency_ms", "source")
    with file.open(encoding="utf-8", newline="") as opened:
        return tuple(
            Point(
                row["use"] == "external",
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
    return {
        "about": ABOUT,
        "features": list(found.features),
        "left_out": _errors(found.left_out),
        "external": _errors(found.external),
        "boards": {board: _errors(found.outside(board)) for board in sorted({line.board for line in found.lines})},
        "fits": [
            {
                "board": line.board,
                "threads": line.threads,
                "mhz": line.mhz,
                "networks": len(line.left_out),
                "left_out": round(float(np.abs(line.left_out).mean()), 4),
                "cycles": {name: round(value, 4) for name, value in line.cycles.items()},
            }
            for line in found.lines
        ],
    }


def _errors(relative: np.ndarray) -> dict[str, object]:
    """Absolute ones, of which there is at least one."""
    mean, worst = (round(float(value), 4) for value in (relative.mean(), relative.max()))
    return {"mean": mean, "worst": worst, "points": len(relative)}


def sound(given: Sequence[Point]) -> list[Point]:
    """Without latencies that are longer on four threads than on one: the board was busy, or hot."""
    alone = {(one.external, one.board, one.network): one.latency_ms for one in given if one.threads == 1}
    return [one for one in given if one.latency_ms <= alone.get((one.external, one.board, one.network), np.inf)]


def counted(classes: Mapping[str, float], features: Sequence[str]) -> np.ndarray:
    """(F,) of one call; "last_misses" is of the last level of cache that there is."""
    levels = sorted(name for name in classes if name.endswith("_misses") and name != "last_misses")
    known = {"last_misses": classes[levels[-1]] if levels else 0.0, **classes}
    return np.array([sum(known.get(name, 0.0) for name in COUNTS[feature]) for feature in features])


def _calibration(given: Sequence[Point], features: tuple[str, ...]) -> Calibration:
    cells = sorted({(one.board, one.threads) for one in given if not one.external})
    lines = []
    for board, threads in cells:
        own = [one for one in given if (one.board, one.threads) == (board, threads)]
        train, test = ([one for one in own if one.external is external] for external in (False, True))
        x, y = _design(train, features)
        weights = _fit(x, y)
        families = np.array([one.family for one in train])
        left_out = tuple(
            float(x[i] @ _fit(x[families != family], y[families != family]) / y[i] - 1)
            for i, family in enumerate(families)
        )
        outside = {one.network: float(counted(one.counts, features) @ weights / one.cycles - 1) for one in test}
        mhz = train[0].mhz
        lines.append(Line(board, threads, mhz, dict(zip(features, weights.tolist())), left_out, outside))
    return Calibration(features, tuple(lines))


def _design(train: Sequence[Point], features: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([counted(one.counts, features) for one in train]), np.array([one.cycles for one in train])


def _fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Non-negative least squares on the relative error."""
    from scipy.optimize import nnls

    solve: Callable[..., tuple[np.ndarray, float]] = nnls
    return solve(x / y[:, None], np.ones(len(y)))[0]
