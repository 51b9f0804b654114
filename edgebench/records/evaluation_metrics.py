"""Figures of a list of answers and its labels, um: errors, shares, collapse, and the difference of two models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.records import statistics as st
from edgebench.records.canary import Canary, canary
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate

NEAR_UM, FAR_UM = 0.5, 1.0  # shares of answers at most so far away
SIGN_UM = 1.0  # the direction is asked only where the defocus is larger
CATASTROPHE_UM = 2.0
DIGITS = 6  # of an error: 1.5 - 1.0 is 0.5, whatever the rounding of floats


@dataclass(frozen=True)
class Answers:
    """Answers in the order of stack and z; all of one length."""

    stacks: tuple[str, ...]
    samples: tuple[str, ...]
    z_nm: np.ndarray  # of the label
    value_um: np.ndarray

    def __len__(self) -> int:
        return len(self.value_um)

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
    canary: Canary

    @property
    def collapsed(self) -> bool:
        return self.canary.collapsed


@dataclass(frozen=True)
class GroupError:
    """Focusing error over the images of one sample."""

    name: str
    stacks: int
    images: int
    mean_um: float
    std_um: float


@dataclass(frozen=True)
class Paired:
    """How much larger the error of one model is than that of a base model, image by image, um."""

    images: int
    mean_um: float
    interval: Estimate | None


@dataclass(frozen=True)
class Bin:
    """Labels from lowest_um on, up to less than 1 um more."""

    lowest_um: int
    count: int
    mean_um: float
    std_um: float


def in_order(images: Iterable[Record]) -> list[Record]:
    """Images of a record by stack and z."""
    return sorted(images, key=lambda image: (image["stack"], image["z_nm"]))


def of_images(images: Sequence[Record], value_um: Iterable[float]) -> Answers:
    """One answer an image."""
    return Answers(
        tuple(image["stack"] for image in images),
        tuple(image["sample"] for image in images),
        np.array([image["z_nm"] for image in images], float),
        np.array(list(value_um), float),
    )


def of_tiles(images: Sequence[Record]) -> Answers:
    """One answer a tile."""
    tiles = [image for image in images for _ in image["patches_um"]]
    return of_images(tiles, (um for image in images for um in image["patches_um"]))


def follows(answers: Answers) -> Canary:
    """The collapse canary of them all."""
    return canary(answers.truth_um, answers.value_um)


def score(answers: Answers) -> Score:
    error = answers.error_um
    away = np.abs(error)
    mean, std = st.mean_std(away.tolist())
    clusters = {name: away[where].tolist() for name, where in _places(answers.stacks)}
    return Score(
        count=len(away),
        mean_um=mean,
        std_um=std,
        interval=st.cluster_mean_error(clusters)[1],
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
            canary=canary(truth[where], value[where]),
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


def differences(base: Answers, other: Answers) -> dict[str, list[float]] | None:
    """|e| of other minus that of base, um, image by image, for each stack; None where the images differ.

    Whether the pixels are the same is for the caller to know: compare the hashes of the data.
    """
    if base.stacks != other.stacks or not np.array_equal(base.z_nm, other.z_nm):
        return None
    worse = np.abs(other.error_um) - np.abs(base.error_um)
    return {name: worse[where].tolist() for name, where in _places(base.stacks)}


def paired(base: Answers, other: Answers) -> Paired | None:
    """The mean of differences(), whole stacks drawn."""
    found = differences(base, other)
    return Paired(sum(map(len, found.values())), *st.cluster_mean(found)) if found is not None else None


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
