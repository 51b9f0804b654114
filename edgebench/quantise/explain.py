"""Which layer lost the accuracy: each one's share of what quantisation changes, in um, in both directions.

Alone: only this layer is quantised. Restored: only this one stays in float. Both are measured with files that the
runtime executes, not with simulated rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.quantise import look
from edgebench.quantise.answers import Cost, cost
from edgebench.quantise.labelled import Labelled
from edgebench.quantise.ranges import Range
from edgebench.quantise.recipe import Recipe
from edgebench.quantise.units import Unit, kept
from edgebench.quantise.workshop import Workshop, size

Progress = Callable[[int, int, str], None]
CALLS = 8  # of each of the two files in each round, for a look at the time
SCHEMA, DIGITS = 1, 6


@dataclass(frozen=True)
class Share:
    """One layer's part of what quantisation does."""

    unit: Unit
    alone: Cost  # of a file in which nothing else is quantised
    restored: Cost  # of a file in which everything else is
    saved_um: float  # by which the mean |difference| falls where this one is restored
    range: Range | None  # of its output; None where the quantiser keeps it to itself
    outside: float | None  # share of the probe's values that the range clips
    bytes: int  # by which the artifact grows where this one is restored
    time: tuple[float, float, float]  # of that file over the artifact's: median, smallest, largest of a quick look


@dataclass(frozen=True)
class Explanation:
    whole: Cost  # of the artifact, everything quantised that its recipe says
    shares: tuple[Share, ...]  # by what they do alone, the largest first
    bytes: int  # of the artifact


@dataclass(frozen=True)
class Proof:
    """A recipe that follows from the shares, and what its file does."""

    keep: tuple[str, ...]
    predicted_um: tuple[float, float]  # mean |difference|, between these
    measured: Cost
    bytes: int


def explain(
    shop: Workshop, recipe: Recipe, artifact: Path, given: Labelled, in_float: frozenset[str], progress: Progress
) -> Explanation:
    """Quantise each layer alone, and all but it; in_float: what the artifact's recipe keeps, which has no share."""
    asked = [unit for unit in shop.computing if unit.name not in in_float]
    every = frozenset(unit.name for unit in shop.units)
    reference = shop.reference(given.x)

    def of(how: Recipe, kept: frozenset[str], io: str) -> Cost:
        return cost(reference, shop.answers(shop.build(how, kept, io=io), given.x), given)

    plain = replace(recipe, kept_weights="float32")  # else the weights of all others would be int8 too
    whole = cost(reference, shop.answers(artifact, given.x), given)
    spans = shop.ranges(recipe) if shop.histograms else {}
    outside = _outside(shop, spans, given.x) if spans else {}
    bytes, shares = size(artifact), []
    for place, unit in enumerate(asked):
        progress(place, len(asked), unit.label)
        alone = of(plain, every - unit.names, "float32")
        file = shop.build(recipe, in_float | unit.names, "restored")
        restored = cost(reference, shop.answers(file, given.x), given)
        saved = whole.away_um - restored.away_um
        time = look.ratio(file, artifact, shop.kind.backend, given.x[: shop.batch or look.BATCH], CALLS)
        range, clipped = spans.get(unit.output), outside.get(unit.output)
        shares.append(Share(unit, alone, restored, saved, range, clipped, size(file) - bytes, time))
    progress(len(asked), len(asked), "")
    ranked = tuple(sorted(shares, key=lambda one: -one.alone.away_um))
    return Explanation(whole, ranked, bytes)


def predicted_um(found: Explanation, kept: Sequence[str]) -> tuple[float, float]:
    """Between which the mean |difference| should be with these units in float; of independent shares, squares add up.

    One end takes each unit's share from it alone, scaled to the whole: too good where a neighbour rounds the tensor
    anyway. The other takes what each restores: too bad where two of them do so together.
    """
    whole = found.whole.away_um**2
    alone = {share.unit.name: share.alone.away_um**2 for share in found.shares}
    total = sum(alone.values())
    left = whole * sum(value for name, value in alone.items() if name not in kept) / total if total > 0 else 0.0
    back = sum(max(whole - share.restored.away_um**2, 0.0) for share in found.shares if share.unit.name in kept)
    low, high = sorted((left, max(whole - back, 0.0)))
    return math.sqrt(low), math.sqrt(high)


def advised(found: Explanation, goal_um: float) -> tuple[Unit, ...]:
    """The fewest layers that must stay in float for a goal at the good end of the prediction; prove() measures it."""
    chosen: list[Unit] = []
    for share in found.shares:
        if predicted_um(found, [unit.name for unit in chosen])[0] <= goal_um:
            break
        chosen.append(share.unit)
    return tuple(chosen)


def prove(shop: Workshop, recipe: Recipe, given: Labelled, found: Explanation, chosen: Sequence[Unit]) -> Proof:
    """Build what is advised, as `convert` would from the recipe, and measure it."""
    names = tuple(dict.fromkeys([*recipe.keep, *(unit.label for unit in chosen)]))
    in_float = kept(shop.units, names)
    file = shop.build(recipe, in_float)
    measured = cost(shop.reference(given.x), shop.answers(file, given.x), given)
    predicted = predicted_um(found, sorted(in_float))
    return Proof(names, predicted, measured, size(file))


def plain(found: Explanation, proof: Proof) -> dict[str, Any]:
    """As a report reads it."""
    return {
        "schema": SCHEMA,
        "whole_um": round(found.whole.away_um, DIGITS),
        "bytes": found.bytes,
        "shares": [
            {
                "layer": one.unit.label,
                "kind": one.unit.kind,
                "alone_um": round(one.alone.away_um, DIGITS),
                "saved_um": round(one.saved_um, DIGITS),
                "bytes": one.bytes,
                "time_ratio": [round(value, DIGITS) for value in one.time],
            }
            for one in found.shares
        ],
        "proof": {
            "keep": list(proof.keep),
            "predicted_um": [round(value, DIGITS) for value in proof.predicted_um],
            "measured_um": round(proof.measured.away_um, DIGITS),
            "bytes": proof.bytes,
        },
    }


def _outside(shop: Workshop, spans: dict[str, Range], x: np.ndarray) -> dict[str, float]:
    """Share of each tensor's values, over some of the patches, that lie outside its range."""
    beyond: dict[str, int] = {}
    seen: dict[str, int] = {}
    for tensors in shop.activations(x[:64]):
        for name, values in tensors.items():
            if name in spans:
                one = spans[name]
                beyond[name] = beyond.get(name, 0) + int(((values < one.low) | (values > one.high)).sum())
                seen[name] = seen.get(name, 0) + values.size
    return {name: beyond[name] / seen[name] for name in seen}
