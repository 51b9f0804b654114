"""The data that moves between the layers: frozen, with units in the names. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from edgebench.errors import DatasetError

DELTA_NM = 2000  # paper, 3.5: the second image lies 2 um above the first


@dataclass(frozen=True)
class Plane:
    """One image of a stack; z_nm is its signed distance from best focus, as its file name says."""

    path: Path
    z_nm: int

    @property
    def z_um(self) -> float:
        return self.z_nm / 1000


@dataclass(frozen=True)
class PlanePair:
    """Two planes a known step apart; the label is the defocus distance of the upper one (paper, 3.5)."""

    lower: Plane
    upper: Plane

    @property
    def z_um(self) -> float:
        return self.upper.z_um


@dataclass(frozen=True)
class FocalStack:
    """All planes of one field of view (or of one published training tile), lowest first."""

    sample: str  # slide, e.g. "s16"
    field: str  # location on it, e.g. "l2"; a training tile adds its segment: "l2_Seg7"
    planes: tuple[Plane, ...]

    def __post_init__(self) -> None:
        z_nm = [plane.z_nm for plane in self.planes]
        if any(b <= a for a, b in zip(z_nm, z_nm[1:])):
            raise DatasetError(
                f"stack {self.id}: planes must rise in z, got {z_nm} nm. Sort them by z, and remove doubles."
            )

    @property
    def id(self) -> str:
        return f"{self.sample}_{self.field}"

    def pairs(self, delta_nm: int = DELTA_NM) -> Iterator[PlanePair]:
        """Pairs exactly delta_nm apart; a plane with no partner above it makes none (paper, 3.5)."""
        at = {plane.z_nm: plane for plane in self.planes}
        for lower in self.planes:
            upper = at.get(lower.z_nm + delta_nm)
            if upper is not None:
                yield PlanePair(lower, upper)


@dataclass(frozen=True)
class StackFiles:
    """One stack as the runner gets it: file names below the data root, and z in nm, lowest first."""

    id: str
    sample: str
    planes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class RunSpec:
    """All that one fresh runner process is told (as JSON on its standard input).

    mode is "accuracy" (every image of `stacks`: focusing error and the split of the time, one code path),
    "latency" (`iterations` timed calls or `seconds` of them, whichever is more, on a rotation of real patches after a
    warm-up), "sustained" (the same for `minutes`, minute by minute), "memory" (resident memory by stages, never
    together with timing), "profile" (time by kind of operator), "count" (calls between marks, for an emulator),
    "layers" (what each operator gives) or "endure" (load and a few calls, to see if they fit into a limit of memory).
    Paths are those of the machine that it runs on.
    """

    mode: str
    artifact: str
    backend: str
    batch_size: int
    threads: int
    input_size: int  # side of the square model input, px
    data_root: str
    stacks: tuple[StackFiles, ...]
    delta_nm: int = DELTA_NM
    images: int = 0  # accuracy: at most so many images, spread evenly over the stacks; 0 means all
    iterations: int = 400  # latency: timed calls, at least
    seconds: float = 0.0  # latency: timed for at least so long
    rotation: int = 64  # latency: how many different real patches take turns
    seed: int = 0
    minutes: int = 0  # sustained: how many, at least 1
    energy: str = "off"  # latency: source of its joules, "auto" or "off"
    energy_command: str = ""  # of the source "command"


__all__ = ["DELTA_NM", "FocalStack", "Plane", "PlanePair", "RunSpec", "StackFiles"]


@dataclass(frozen=True)
class Throttled:
    """What a Raspberry Pi's firmware says of voltage and heat, in words.

    Source: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled.
    """

    now: tuple[str, ...]
    since_boot: tuple[str, ...]  # holds those of now

    @classmethod
    def of(cls, bits: Optional[int]) -> Throttled:
        """Bits 0 to 3 are of now, 16 to 19 the same four since boot; None where it was not told."""
        names = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")
        found = bits or 0
        now, since = ([name for bit, name in enumerate(names) if found >> low + bit & 1] for low in (0, 16))
        return cls(tuple(now), tuple(since))
