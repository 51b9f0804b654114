"""Means and shares of answers, and what compares two lists of them; every interval draws whole stacks (rule R24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.records import evaluation_metrics as metrics
from edgebench.records import statistics as st
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.statistics import Estimate

RESAMPLES = 2000


@dataclass(frozen=True)
class Mean:
    """A mean or a share with its 95 % interval, None of fewer than two stacks."""

    value: float
    interval: Estimate | None


@dataclass(frozen=True)
class Shares:
    near: Mean  # |e| <= 0.5 um
    far: Mean  # |e| <= 1.0 um
    direction: Mean | None  # of the right side, of those more than 1 um out of focus; None: there are none
    catastrophic: Mean  # |e| > 2 um


def of(values: Mapping[str, Sequence[float]]) -> Mean:
    """Mean of all values; keys name the stacks."""
    return Mean(*st.cluster_mean(values, resamples=RESAMPLES))


def crosses(interval: Estimate | None, limit: float) -> bool:
    """Whether a limit lies inside an interval, so that the other side of it is not excluded."""
    return interval is not None and round(interval.low, metrics.DIGITS) < limit < round(interval.high, metrics.DIGITS)


def bias(answers: Answers) -> Mean:
    return of(_by_stack(answers, answers.error_um))


def shares(answers: Answers) -> Shares:
    away = np.abs(answers.error_um)
    return Shares(
        near=share(answers, away <= metrics.NEAR_UM),
        far=share(answers, away <= metrics.FAR_UM),
        direction=direction(answers),
        catastrophic=share(answers, away > metrics.CATASTROPHE_UM),
    )


def share(answers: Answers, true: np.ndarray) -> Mean:
    """Share of the answers of which something is true, (n,) bool."""
    return _share(_by_stack(answers, true))


def direction(answers: Answers) -> Mean | None:
    """Share of the right side, of the answers more than 1 um out of focus; None where there are none."""
    asked = np.abs(answers.truth_um) > metrics.SIGN_UM
    right = np.sign(answers.value_um) == np.sign(answers.truth_um)
    return _share(_by_stack(answers, right, asked)) if asked.any() else None


def _share(values: Mapping[str, Sequence[float]]) -> Mean:
    """As of(); where all answers are alike, every draw is, too, and the interval reaches as far as it would with one
    answer that is not: never narrower than that of a share which is less extreme.
    """
    found = of(values)
    if found.interval is None or found.interval.low < found.interval.high:
        return found
    name = next(iter(values))
    otherwise = {**values, name: [1 - values[name][0], *values[name][1:]]}
    with_one = st.cluster_mean(otherwise, resamples=RESAMPLES)[1]
    if with_one is None:
        return found
    low, high = min(with_one.low, found.value), max(with_one.high, found.value)
    return Mean(found.value, Estimate(found.value, max(low, 0.0), min(high, 1.0)))


def ratio(base: Answers, other: Answers, *, seed: int = 0) -> Mean | None:
    """Mean |e| of other over that of base, two data sets: the stacks of each are drawn apart. None: base errs by 0."""
    errors = [_by_stack(one, np.abs(one.error_um)) for one in (base, other)]
    below, above = (of(one) for one in errors)
    if below.value == 0:
        return None
    value = above.value / below.value
    if below.interval is None or above.interval is None:
        return Mean(value, None)
    rng = np.random.default_rng(seed)
    drawn = [st.drawn_means(*st.cluster_sums(one), RESAMPLES, rng) for one in errors]
    tail = st.expanded_tail(min(map(len, errors)))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanquantile(drawn[1] / drawn[0], [tail, 1 - tail])
    return Mean(value, Estimate(value, float(low), float(high)))


def on_images_of(answers: Answers, other: Answers) -> Answers | None:
    """The answers to the images that `other` is about; None where one of them was not asked."""
    places = {image: place for place, image in enumerate(zip(answers.stacks, answers.z_nm.tolist()))}
    images = list(zip(other.stacks, other.z_nm.tolist()))
    if not all(image in places for image in images):
        return None
    chosen = [places[image] for image in images]
    return Answers(
        tuple(answers.stacks[place] for place in chosen),
        tuple(answers.samples[place] for place in chosen),
        answers.z_nm[chosen],
        answers.value_um[chosen],
    )


def _by_stack(answers: Answers, values: np.ndarray, asked: np.ndarray | None = None) -> dict[str, list[float]]:
    names, numbers = np.unique(np.array(answers.stacks), return_inverse=True)
    chosen = np.ones(len(values), bool) if asked is None else asked
    found = {str(name): values[chosen & (numbers == k)].astype(float).tolist() for k, name in enumerate(names)}
    return {name: each for name, each in found.items() if each}
