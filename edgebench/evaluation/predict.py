"""Several models over the same images in one pass: what each answers to every tile."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgebench.backends.base import Backend
from edgebench.errors import DatasetError, ModelError
from edgebench.evaluation import planes
from edgebench.evaluation.planes import Image, Look
from edgebench.evaluation.subjects import Subject
from edgebench.types import FocalStack

BATCH = 64  # patches of one call, for every backend; the last is padded
UM_DIGITS, CONTRAST_DIGITS = 3, 1  # of what is recorded: 1 nm, and a tenth of a grey value

Progress = Callable[[int, int], None]  # images done, images in all


@dataclass(frozen=True)
class Loaded:
    subject: Subject
    backend: Backend  # for calls of BATCH patches

    @property
    def look(self) -> Look:
        return Look(self.subject.model["kind"], self.subject.model["input_size"])


@dataclass
class _Group:
    """The models of one look: one batch is filled for all of them."""

    look: Look
    models: list[int]
    batch: np.ndarray  # (BATCH, S, S, 3) float32
    filled: int = 0
    answers: dict[int, list[np.ndarray]] = field(default_factory=dict)


def threads() -> int:
    return len(os.sched_getaffinity(0))


def run(
    models: Sequence[Loaded],
    stacks: Sequence[FocalStack],
    *,
    quality: int | None = None,
    progress: Progress = lambda done, total: None,
) -> list[list[dict[str, Any]]]:
    """For each model the images of a record: {stack, sample, z_nm, patches_um, contrast}, by stack and z.

    Each plane is decoded once for all models. Raises DatasetError where no two planes are 2 um apart, ModelError that
    names stack and z where an answer is not a finite number.
    """
    total = sum(1 for stack in stacks for _ in stack.pairs())
    if not total:
        raise DatasetError(f"{len(stacks)} stacks without two planes 2 um apart. Check the data folder.")
    groups = [
        _Group(look, [i for i, model in enumerate(models) if model.look == look], _empty(look))
        for look in dict.fromkeys(model.look for model in models)
    ]
    looks = [group.look for group in groups]
    seen: list[Image] = []  # without inputs
    for image in planes.read(stacks, looks, quality, threads()):
        seen.append(Image(image.stack, image.z_nm, {}, image.contrast))
        for group in groups:
            _add(group, image.inputs[group.look], models, seen)
        progress(len(seen), total)
    for group in groups:
        _flush(group, models, seen)
    return [_images(_of(groups, i), seen) for i in range(len(models))]


def _empty(look: Look) -> np.ndarray:
    return np.zeros((BATCH, look.input_size, look.input_size, 3), np.float32)


def _add(group: _Group, patches: np.ndarray, models: Sequence[Loaded], seen: Sequence[Image]) -> None:
    while len(patches):
        taken = patches[: BATCH - group.filled]
        group.batch[group.filled : group.filled + len(taken)] = taken
        group.filled += len(taken)
        patches = patches[len(taken) :]
        if group.filled == BATCH:
            _flush(group, models, seen)


def _flush(group: _Group, models: Sequence[Loaded], seen: Sequence[Image]) -> None:
    """Ask all models of the group; the rest of a batch that is not full is thrown away."""
    for i in group.models if group.filled else ():
        answers = np.array(models[i].backend.predict(group.batch)[: group.filled], np.float32)
        before = group.answers.setdefault(i, [])
        bad = np.flatnonzero(~np.isfinite(answers))
        if len(bad):
            _refuse(models[i], sum(map(len, before)) + int(bad[0]), float(answers[bad[0]]), seen)
        before.append(answers)
    group.filled = 0


def _refuse(model: Loaded, place: int, answer: float, seen: Sequence[Image]) -> None:
    ends = np.cumsum([len(image.contrast) for image in seen])
    image = seen[int(np.searchsorted(ends, place, "right"))]
    raise ModelError(
        f"{model.subject.label}: answers {answer} to a tile of stack {image.stack.id}, z {image.z_nm / 1000:+.2f} um. "
        "Train or convert the model again."
    )


def _of(groups: Sequence[_Group], model: int) -> np.ndarray:
    return np.concatenate(next(group.answers[model] for group in groups if model in group.answers))


def _images(answers: np.ndarray, seen: Sequence[Image]) -> list[dict[str, Any]]:
    found, start = [], 0
    for image in seen:
        of_image = answers[start : start + len(image.contrast)]
        start += len(of_image)
        found.append(
            {
                "stack": image.stack.id,
                "sample": image.stack.sample,
                "z_nm": image.z_nm,
                "patches_um": _rounded(of_image, UM_DIGITS),
                "contrast": _rounded(image.contrast, CONTRAST_DIGITS),
            }
        )
    return found


def _rounded(values: np.ndarray, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]
