"""Is the artifact the same function? Its answers against Keras's on real patches, through the project's backend."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.convert.source import Source
from edgebench.convert.targets import FLOAT32, Target
from edgebench.data.patches import PatchSet
from edgebench.errors import ConversionError
from edgebench.focus.preprocess import model_input
from edgebench.models.batches import turn
from edgebench.quantise import answers
from edgebench.quantise.answers import BATCH
from edgebench.quantise.calibration import Calibration

PATCHES = 256  # at least
FLOAT32_MAX_UM = 1e-3  # a thousandth of the depth of field; converters differ by 1e-5 to 1e-4
INT8_MEAN_UM = 0.25  # a quarter of the depth of field
INT8_ERROR_UM = 0.10  # what the mean error against the labels may grow by
SLOPES = (0.8, 1.25)  # of int8 against float32: outside, the answers have collapsed or run away
ASK = "`edgebench explain MODEL/TARGET --by default` tells which layers do that, `quantise --search` finds a recipe"


@dataclass(frozen=True)
class Probe:
    """Patches (N, S, S, 3) float32 and labels (N,) float32 um: first those of the calibration, then unseen ones."""

    x: np.ndarray
    z_um: np.ndarray
    calibration: int  # rows
    turned: int  # rows that follow these, and are the same patches turned
    unseen: int  # the rows that are left: no calibration saw their patches
    source: str


@dataclass(frozen=True)
class More:
    """Unseen patches: model inputs (N, S, S, 3) float32 and labels (N,) um."""

    x: np.ndarray
    z_um: np.ndarray
    source: str


def more_of(patches: PatchSet, input_size: int) -> More:
    source = f"{len(patches)} patches of data set {patches.sha256[:12]}"
    return More(model_input(patches.tiles, input_size), patches.z_um, source)


def probe(calibration: Calibration | None, more: More | None) -> Probe:
    """The patches to compare on: those kept for calibration (turned, where they are few), and unseen ones."""
    x, z_um, sources = [], [], []
    if calibration is not None:
        count = len(calibration.x)
        kinds = range(min(8, -(-PATCHES // count)))  # as many of the eight as PATCHES takes
        x += [turn(calibration.x, np.full(count, kind)) for kind in kinds]
        z_um += [calibration.z_um] * len(kinds)
        sources.append(f"{count} calibration patches")
        if len(kinds) > 1:
            sources.append(f"{(len(kinds) - 1) * count} turned copies of them")
    if more is not None:
        x.append(more.x)
        z_um.append(more.z_um)
        sources.append(more.source)
    if not x:
        raise ConversionError("parity needs real patches, and the model comes with none. Give a data set with --data.")
    kept, unseen = len(calibration.x) if calibration else 0, len(more.x) if more else 0
    turned = sum(map(len, x)) - kept - unseen
    return Probe(np.concatenate(x), np.concatenate(z_um), kept, turned, unseen, " and ".join(sources))


def check(target: Target, source: Source, artifact: Path, probe: Probe, batch: int = 0) -> dict[str, Any]:
    """Compare; gives what the sidecar says of it: on all patches, on those of the calibration, and on unseen ones.

    Raises ConversionError where float32 differs by more than 1e-3 um anywhere; where another, on any of the three,
    differs by more than 0.25 um in the mean, errs by 0.10 um more, or has collapsed to another slope.
    batch: the fixed one of the artifact; 0: it takes any.
    """
    if len(probe.x) < PATCHES:
        raise ConversionError(f"parity needs {PATCHES} patches, got {len(probe.x)}. Give more data with --data.")
    reference = np.concatenate([source.predict(part) for part in answers.parts(probe.x, BATCH)])[: len(probe.x)]
    given, versions = answers.predict(target.backend, artifact, probe.x, batch or BATCH)
    few = probe.x[:BATCH]
    alone = given[:BATCH] if batch else answers.predict(target.backend, artifact, few, 1)[0]
    found = compare(reference, given, probe.z_um)
    first = probe.calibration + probe.turned
    for name, rows in (("calibration", slice(0, first)), ("unseen", slice(first, None))):
        part = (reference[rows], given[rows], probe.z_um[rows])
        found[name] = compare(*part) if len(part[0]) else None
    if found["calibration"]:
        found["calibration"] |= {"patches": probe.calibration, "turned": probe.turned}
    found |= {"patches": _different(probe), "turned": probe.turned}
    found |= {"batch_1_max_um": float(np.abs(alone - given[:BATCH]).max()), "source": probe.source}
    found |= {"backend": target.backend, "versions": versions}
    why = refusal(target.precision, found)
    if why:
        raise ConversionError(f"{target.name}: {why}. The artifact is not kept.")
    return found


def compare(reference: np.ndarray, answers: np.ndarray, z_um: np.ndarray) -> dict[str, Any]:
    """Paired differences in um of two (N,) answers, and what they do to the error against the labels."""
    off = np.abs(answers - reference)
    spread = float(np.std(reference))
    slope = float(np.mean((reference - reference.mean()) * (answers - answers.mean()))) / max(spread, 1e-9) ** 2
    error, error_keras = (float(np.mean(np.abs(one - z_um))) for one in (answers, reference))
    return {
        "patches": len(reference),
        "max_um": float(off.max()),
        "mean_um": float(off.mean()),
        "slope": slope,
        "keras_spread_um": spread,
        "error_difference_um": error - error_keras,
        "keras_error_um": error_keras,
    }


def refusal(precision: str, found: dict[str, Any]) -> str | None:
    """Why an artifact that compares so is not the same function; None where it is."""
    if not np.isfinite(found["max_um"]):
        return "it gives values that are not finite"
    if precision == FLOAT32:
        worst = max(found["max_um"], found["batch_1_max_um"])
        return f"differs from Keras by {worst:.2g} um, allowed {FLOAT32_MAX_UM}" if worst > FLOAT32_MAX_UM else None
    parts = {"all": found, "the calibration": found.get("calibration"), "the unseen": found.get("unseen")}
    for name, part in parts.items():
        why = _int8_refusal(part) if part else None
        if why:
            return f"on {name} patches, {why}"
    return None


def _int8_refusal(found: dict[str, Any]) -> str | None:
    mean, slope, more = found["mean_um"], found["slope"], found["error_difference_um"]
    if not SLOPES[0] <= slope <= SLOPES[1]:
        return f"its answers follow Keras's with slope {slope:.2g}, allowed {SLOPES[0]} to {SLOPES[1]}: collapsed"
    if mean > INT8_MEAN_UM:
        return f"it differs from Keras by {mean:.2g} um in the mean, allowed {INT8_MEAN_UM}; {ASK}"
    if more > INT8_ERROR_UM:
        return f"its mean error is {more:.2g} um above Keras's, allowed {INT8_ERROR_UM}; {ASK}"
    return None


def _different(probe: Probe) -> int:
    """How many different real patches there are; turned copies do not count."""
    rows = [*range(probe.calibration), *range(len(probe.x) - probe.unseen, len(probe.x))]
    return len({hashlib.sha256(probe.x[i].tobytes()).digest() for i in rows})
