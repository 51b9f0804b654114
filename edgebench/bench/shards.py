"""The accuracy process of a cell in parts of one stack each, put together again as if one process had done it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgebench.bench.journal import Finished
from edgebench.types import RunSpec

_SUMS = ("wall_ns", "cpu_ns", "images", "patches", "padded")


@dataclass(frozen=True)
class Shard:
    """One stack of one split of a cell."""

    id: str  # of the cell
    phase: str  # of the whole process
    stack: str
    spec: RunSpec

    @property
    def name(self) -> str:
        return f"{self.phase}: {self.stack}"


@dataclass(frozen=True)
class Checked:
    """A shard that a second device has measured, too."""

    name: str
    devices: tuple[str, str]
    away_um: float  # largest |difference| of a patch


def split(id: str, phase: str, spec: RunSpec) -> list[Shard]:
    """Of each stack that has a pair."""
    return [
        Shard(id, phase, stack.id, replace(spec, stacks=(stack,)))
        for stack in spec.stacks
        if {z for _, z in stack.planes} & {z + spec.delta_nm for _, z in stack.planes}
    ]


def checked(shard: Shard, one: Finished, other: Finished) -> Checked:
    """Both have the same images, as the runner gives them for one stack."""
    there = {image["z_nm"]: image["patches_um"] for image in other.events["image"]}
    pairs = (pair for image in one.events["image"] for pair in zip(image["patches_um"], there[image["z_nm"]]))
    away = max(abs(a - b) for a, b in pairs)
    return Checked(shard.name, (_device(one), _device(other)), away)


def whole(shards: Sequence[Shard], done: Mapping[str, Finished], checks: Sequence[Checked], place: int) -> Finished:
    """The process of all shards of one phase, at its place in the session.

    Its times are sums: those of one device after the other. The accuracy event gets "fleet": which device had which
    stack, how that device was before and after it, and what was measured twice. Before and after of the whole are of
    the device that began.
    """
    parts = [done[shard.name] for shard in shards]
    results = [part.events["accuracy"][0] for part in parts]
    fleet = {
        "stacks": {shard.stack: _device(part) for shard, part in zip(shards, parts)},
        "states": [
            {"stack": shard.stack, "device": _device(part), "before": part.before, "after": part.after}
            for shard, part in zip(shards, parts)
        ],
        "checked": [
            {"stack": one.name.rpartition(": ")[2], "devices": list(one.devices), "max_um": one.away_um}
            for one in checks
        ],
    }
    sums = {key: sum(result[key] for result in results) for key in _SUMS}
    peaks = {"peak_rss_bytes": max(result["peak_rss_bytes"] for result in results)}
    total: dict[str, Any] = {**results[0], **sums, **peaks, "fleet": fleet}
    events = {**parts[0].events, "image": [image for part in parts for image in part.events["image"]]}
    first = min(parts, key=lambda part: part.started)
    last = max((part for part in parts if _device(part) == _device(first)), key=lambda part: part.started)
    seconds = sum(part.seconds for part in parts)
    return Finished(
        shards[0].phase,
        place,
        first.started,
        round(seconds, 3),
        first.before,
        last.after,
        {**events, "accuracy": [total]},
    )


def _device(finished: Finished) -> str:
    return str(finished.events["device"][0]["name"])
