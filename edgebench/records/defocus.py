"""Answers by how far out of focus the image is: the error of each micrometre, and where 95 % of them lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgebench.records import evaluation_metrics as metrics
from edgebench.records import statistics as st
from edgebench.records.evaluation_metrics import Answers, Bin
from edgebench.records.statistics import Estimate

FEWEST = 40  # answers of a part of the band: one lies beyond each end of it


@dataclass(frozen=True)
class Part:
    """Answers to labels that lie next to each other, um."""

    middle_um: float  # mean of the labels
    count: int
    low_um: float
    high_um: float


def bins(answers: Answers) -> tuple[tuple[Bin, Estimate | None], ...]:
    """Each micrometre that has labels, with the interval of its mean; whole stacks are drawn."""
    away, floor, stacks = np.abs(answers.error_um), answers.z_nm // 1000, np.array(answers.stacks)
    found = []
    for one in metrics.by_defocus(answers):
        there = floor == one.lowest_um
        clusters = {str(name): away[there & (stacks == name)].tolist() for name in np.unique(stacks[there])}
        found.append((one, st.cluster_mean_error(clusters)[1]))
    return tuple(found)


def band(answers: Answers) -> tuple[Part, ...]:
    """Between which answers lie 95 % of those to like labels, by their errors; parts of 40 or more, none below 40."""
    order = np.argsort(answers.truth_um, kind="stable")
    parts = np.array_split(order, max(len(order) // FEWEST, 1)) if len(order) >= FEWEST else []
    return tuple(
        Part(
            float(answers.truth_um[part].mean()),
            len(part),
            *(answers.truth_um[part].mean() + np.quantile(answers.error_um[part], [st.TAIL, 1 - st.TAIL])).tolist(),
        )
        for part in parts
    )
