"""How far the answers of two devices are apart, patch by patch, and in which operator they part, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgebench.records.schema import Record

HALF = 2.0**-12  # relative: half of float16's last place or more; float32's own is 2^-24
SATURATED = 4  # steps of int8 that a rounding cannot explain


@dataclass(frozen=True)
class Agreement:
    """Of one artifact on one backend, over the patches that both devices saw."""

    name: str
    backend: str
    patches: int
    mean_um: float
    max_um: float
    differing: float  # share of the patches, to the 0.1 nm that a record keeps
    worst: str  # where the largest difference is


@dataclass(frozen=True)
class Parting:
    """The first operator whose output differs."""

    name: str
    number: int  # from 1
    of: int
    away: float  # largest |difference| of the kept values, in the tensor's unit: steps where it is an integer
    cause: str


def identity(record: Record) -> tuple[object, ...]:
    """What two records have in common whose answers should be the same."""
    return record["artifact"]["sha256"], record["backend"]["name"], record["data"]["sha256"]


def agreement(base: Record, other: Record) -> Agreement | None:
    """None where no patch was seen by both."""
    off: list[np.ndarray] = []
    places: list[str] = []
    for split, part in other["accuracy"].items():
        images = {(i["stack"], i["z_nm"]): i for i in base["accuracy"].get(split, {}).get("images", ())}
        for image in part["images"]:
            one = images.get((image["stack"], image["z_nm"]))
            if one is not None and len(one["patches_um"]) == len(image["patches_um"]):
                off.append(np.abs(np.subtract(one["patches_um"], image["patches_um"])))
                places.append(f"{split}, {image['stack']}, z {image['z_nm']} nm, tile")
    if not off:
        return None
    every = np.concatenate(off)
    at = int(np.argmax([one.max() for one in off]))
    return Agreement(
        f"{other['model']['name']}/{other['artifact']['target']}",
        other["backend"]["name"],
        len(every),
        float(every.mean()),
        float(every.max()),
        float(np.mean(every > 0)),
        f"{places[at]} {int(off[at].argmax())}",
    )


def parting(base: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> Parting | None:
    """Of the layer events of two devices for the same file and patches; None where all are alike, bit for bit."""
    for number, (a, b) in enumerate(zip(base, other), start=1):
        if a["sha256"] != b["sha256"]:
            one, two = np.asarray(a["values"]), np.asarray(b["values"])
            return Parting(a["name"], number, len(base), float(np.abs(one - two).max()), _cause(a, b))
    return None


def _cause(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    one, two = np.asarray(a["values"]), np.asarray(b["values"])
    away = float(np.abs(one - two).max())
    if a["dtype"] != b["dtype"]:
        return f"another type: {a['dtype']} and {b['dtype']}"
    if a["dtype"].startswith("int"):
        ends = np.iinfo(a["dtype"])
        clipped = np.isin(one, (ends.min, ends.max)) != np.isin(two, (ends.min, ends.max))
        if away > SATURATED and clipped[np.abs(one - two) > SATURATED].any():
            return f"saturation: up to {away:.0f} steps, at the ends of {a['dtype']}"
        return f"another kernel, which rounds otherwise: {max(away, 1):.0f} step{'s' if away > 1 else ''}"
    scale = float(np.abs(one).max()) or 1.0
    if away / scale >= HALF:
        return f"arithmetic of fewer bits (float16 or bfloat16): {away / scale:.1e} of the largest value"
    return f"another kernel, which adds in another order: {away / scale:.1e} of the largest value"
