"""What an artifact answers to patches, and what that is worth against another's answers, in um."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgebench.backends import base as backends
from edgebench.errors import ModelError
from edgebench.models.quiet import quiet
from edgebench.quantise.labelled import Labelled
from edgebench.records.equivalence import Equivalence, equivalence

BATCH = 32


@dataclass(frozen=True)
class Cost:
    """Of one artifact against its float32 one."""

    away_um: float  # mean |difference| of the answers, patch by patch
    most_um: float
    slope: float  # of the answers against those of float32: near 0 it has collapsed
    increase: dict[str, dict[str, list[float]]]  # |e| minus |e| of float32 of each image, um, by split and stack

    @property
    def increase_um(self) -> float:
        """Of the split with the largest."""
        means = [
            np.mean([value for values in stacks.values() for value in values]) for stacks in self.increase.values()
        ]
        return float(max(means))

    def certificate(self, margin_um: float) -> Equivalence | None:
        """Of the split with the highest upper bound; None where one has too few stacks."""
        found = [equivalence(stacks, margin_um=margin_um) for stacks in self.increase.values()]
        known = [one for one in found if one is not None]
        return max(known, key=lambda one: one.interval_90.high) if len(known) == len(found) else None


def predict(backend: str, artifact: Path, x: np.ndarray, batch: int = BATCH) -> tuple[np.ndarray, dict[str, str]]:
    """(N,) um of an artifact on all cores, and the runtime's versions; ModelError for an answer that is not finite."""
    kind = backends.load(backend)
    with quiet():
        runtime = kind(artifact, batch_size=batch, threads=len(os.sched_getaffinity(0)))
        found = np.concatenate([runtime.predict(part) for part in parts(x, batch)])[: len(x)]
    return found, runtime.versions()


def finite(found: np.ndarray, what: str) -> np.ndarray:
    if not np.isfinite(found).all():
        raise ModelError(f"{what}: {int(np.sum(~np.isfinite(found)))} answers are not finite. Convert it again.")
    return found


def parts(x: np.ndarray, batch: int) -> list[np.ndarray]:
    """Batches of one size; the last is filled up with its first patch."""
    missing = -len(x) % batch
    return list(np.concatenate([x, np.repeat(x[:1], missing, axis=0)]).reshape(-1, batch, *x.shape[1:]))


def cost(reference: np.ndarray, found: np.ndarray, given: Labelled) -> Cost:
    """(N,) answers of float32 and of another artifact to the same patches."""
    away = np.abs(found - reference)
    spread = float(np.var(reference))
    both = float(np.mean((reference - reference.mean()) * (found - found.mean())))
    errors = [image_errors(answers, given) for answers in (reference, found)]
    increase: dict[str, dict[str, list[float]]] = {}
    for (split, stack, image), error in errors[1].items():
        increase.setdefault(split, {}).setdefault(stack, []).append(error - errors[0][split, stack, image])
    return Cost(float(away.mean()), float(away.max()), both / max(spread, 1e-12), increase)


def image_errors(answers: np.ndarray, given: Labelled) -> dict[tuple[str, str, str], float]:
    """|e| of each image, um, whose answer is the median of its patches (paper, 3.1), by (split, stack, image)."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for row, name in enumerate(zip(given.splits, given.stack, given.image)):
        rows.setdefault(name, []).append(row)
    return {name: abs(float(np.median(answers[at])) - float(given.y[at[0]])) for name, at in rows.items()}
