"""From an evaluation to the figures that are printed, at three levels: two ways to one answer an image, and tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgebench.focus.aggregate import image_value, weighted_value
from edgebench.records import evaluation_metrics as metrics
from edgebench.records.canary import Canary
from edgebench.records.evaluation_metrics import Answers, Bin, GroupError, Paired, Score, StackScore
from edgebench.records.schema import Record

MEDIAN, WEIGHTED, PATCH = "median", "weighted", "patch"  # the paper's way first
LEVELS = (MEDIAN, WEIGHTED, PATCH)


@dataclass(frozen=True)
class Level:
    answers: Answers
    score: Score
    canary: Canary  # of the whole split; StackScore has that of each stack
    stacks: tuple[StackScore, ...]
    samples: tuple[GroupError, ...]
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Evaluation:
    """One record: what is known of it without its images, and each split at each level."""

    about: Record
    splits: dict[str, dict[str, Level]]

    @property
    def name(self) -> str:
        """Model, and the artifact's target where it is not the model as trained."""
        target = self.about["backend"]["target"]
        return str(self.about["model"]["name"]) + (f" {target}" if target else "")

    @property
    def simulated(self) -> bool:
        return bool(self.about["data"]["simulated"])


def summarise(record: Record) -> Evaluation:
    about = {key: value for key, value in record.items() if key != "splits"}
    splits = {split: _levels(images) for split, images in sorted(record["splits"].items())}
    return Evaluation(about, splits)


def paired(base: Evaluation, other: Evaluation, split: str, level: str = MEDIAN) -> Paired | None:
    """How much larger the error of `other` is; None where the two did not see the same images, or not this split."""

    def seen(one: Evaluation) -> tuple[object, object]:
        return one.about["data"]["sha256"], one.about["jpeg_quality"]

    if seen(base) != seen(other) or split not in base.splits or split not in other.splits:
        return None
    return metrics.paired(base.splits[split][level].answers, other.splits[split][level].answers)


def _levels(raw: Sequence[Record]) -> dict[str, Level]:
    ordered = metrics.in_order(raw)
    medians = [image_value(np.asarray(image["patches_um"])) for image in ordered]
    weighted = [weighted_value(np.asarray(image["patches_um"]), np.asarray(image["contrast"])) for image in ordered]
    return {
        MEDIAN: _level(metrics.of_images(ordered, medians)),
        WEIGHTED: _level(metrics.of_images(ordered, weighted)),
        PATCH: _level(metrics.of_tiles(ordered)),
    }


def _level(answers: Answers) -> Level:
    return Level(
        answers,
        metrics.score(answers),
        metrics.follows(answers),
        metrics.by_stack(answers),
        metrics.by_sample(answers),
        metrics.by_defocus(answers),
    )
