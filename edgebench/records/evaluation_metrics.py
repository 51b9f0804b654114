"""Figures of a list of answers and its labels, um: errors, shares, collapse, and the difference of two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.records import statistics as st
from edgebench.records.statistics import Estimate
from edgebench.records.summary import GroupError, Paired

NEAR_UM, FAR_UM = 0.5, 1.0  # shares of answers at most so far away
SIGN_UM = 1.0  # the direction is asked only where the defocus is larger
CATASTROPHE_UM = 2.0
COLLAPSED_R, COLLAPSED_SPREAD = 0.5, 0.2  # of the answers of one stack: correlation, and deviation over that of z
DIGITS = 6  # of an error: 1.5 - 1.0 is 0.5, whatever the rounding of floats


@dataclass(frozen=True)
class Answers:
    """Answers in the order of stack and z; arrays of one length."""

    stacks: tuple[str, ...]
    samples: tuple[str, ...]
    z_nm: np.ndarray  # of the label, int
    value_um: np.ndarray

    @property
    def truth_um(self) -> np.ndarray:
        truth: np.ndarray = self.z_nm / 1000
        return truth

    @property
    def error_um(self) -> np.ndarray:
        """Predicted minus true."""
        error: np.ndarray = np.round(self.value_um - self.truth_um, DIGITS)
        return error


@dataclass(frozen=True)
class Score:
    count: int
    mean_um: float  # of |e|, as all that is not called bias
    std_um: float
    interval: Estimate | None  # of the mean; whole stacks are drawn
    bias_um: float
    median_um: float
    p90_um: float | None  # None: too few answers
    p95_um: float | None
    p98_um: float | None
    max_um: float
    near: float  # share with |e| <= 0.5 um
    far: float  # share with |e| <= 1.0 um
    direction: float | None  # share of the right side, of those more than 1 um out of focus
    catastrophic: float  # share with |e| > 2 um


@dataclass(frozen=True)
class StackScore:
    name: str
    sample: str
    count: int
    mean_um: float
    direction: float | None
    collapsed: bool


@dataclass(frozen=True)
class Bin:
    """Labels from lowest_um on, up to less than 1 um more."""

    lowest_um: int
    count: int
    mean_um: float
    std_um: float


def score(answers: Answers) -> Score:
    error = answers.error_um
    away = np.abs(error)
    mean, std = st.mean_std(away.tolist())
    clusters = {name: away[where].tolist() for name, where in _places(answers.stacks)}
    return Score(
        count=len(away),
        mean_um=mean,
        std_um=std,
        interval=st.cluster_mean(clusters)[1],
        bias_um=float(error.mean()),
        median_um=float(np.median(away)),
        p90_um=_quantile(away, 0.9),
        p95_um=_quantile(away, 0.95),
        p98_um=_quantile(away, 0.98),
        max_um=float(away.max()),
        near=float(np.mean(away <= NEAR_UM)),
        far=float(np.mean(away <= FAR_UM)),
        direction=_direction(answers.truth_um, answers.value_um),
        catastrophic=float(np.mean(away > CATASTROPHE_UM)),
    )


def by_stack(answers: Answers) -> tuple[StackScore, ...]:
    away, truth, value = np.abs(answers.error_um), answers.truth_um, answers.value_um
    return tuple(
        StackScore(
            name=name,
            sample=answers.samples[where[0]],
            count=len(where),
            mean_um=float(away[where].mean()),
            direction=_direction(truth[where], value[where]),
            collapsed=collapsed(truth[where], value[where]),
        )
        for name, where in _places(answers.stacks)
    )


def by_sample(answers: Answers) -> tuple[GroupError, ...]:
    away = np.abs(answers.error_um)
    return tuple(
        GroupError(
            name, len({answers.stacks[place] for place in where}), len(where), *st.mean_std(away[where].tolist())
        )
        for name, where in _places(answers.samples)
    )


def by_defocus(answers: Answers) -> tuple[Bin, ...]:
    """One bin for each micrometre that has labels, lowest first."""
    away, floor = np.abs(answers.error_um), answers.z_nm // 1000
    return tuple(
        Bin(int(lowest), int(np.sum(floor == lowest)), *st.mean_std(away[floor == lowest].tolist()))
        for lowest in np.unique(floor)
    )


def collapsed(truth_um: np.ndarray, value_um: np.ndarray) -> bool:
    """Whether the answers of one stack do not follow its labels; a stack of one label cannot tell."""
    spread, answered = float(np.std(truth_um)), float(np.std(value_um))
    if spread == 0:
        return False
    if answered < COLLAPSED_SPREAD * spread:
        return True
    return float(np.corrcoef(truth_um, value_um)[0, 1]) < COLLAPSED_R


def paired(base: Answers, other: Answers) -> Paired | None:
    """|e| of other minus that of base, image by image, whole stacks drawn; None where the images differ.

    Whether the pixels are the same is for the caller to know: compare the hashes of the data.
    """
    if base.stacks != other.stacks or not np.array_equal(base.z_nm, other.z_nm):
        return None
    worse = np.abs(other.error_um) - np.abs(base.error_um)
    mean, interval = st.cluster_mean({name: worse[where].tolist() for name, where in _places(base.stacks)})
    return Paired(len(worse), mean, interval)


def _places(names: Sequence[str]) -> list[tuple[str, np.ndarray]]:
    """Each name, sorted, with where it stands."""
    array = np.array(names)
    return [(str(name), np.flatnonzero(array == name)) for name in np.unique(array)]


def _quantile(away: np.ndarray, p: float) -> float | None:
    """None where fewer than enough values lie beyond it for an interval (as statistics.ranks has it)."""
    return float(np.quantile(away, p)) if p ** len(away) <= st.TAIL else None


def _direction(truth_um: np.ndarray, value_um: np.ndarray) -> float | None:
    asked = np.abs(truth_um) > SIGN_UM
    return float(np.mean(np.sign(value_um[asked]) == np.sign(truth_um[asked]))) if asked.any() else None
