"""Time by operator, as a runtime tells it of itself: a session of its own, whose calls are never those of a record.

Profiling costs time: shares are to be read, not sums.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from edgebench.backends import base

_MODULES = {
    "onnxruntime": "edgebench.backends.profile_onnxruntime",
    "openvino": "edgebench.backends.profile_openvino",
}
_BORDERS = ("quantize", "dequantize", "reorder", "transpose", "convert", "cast", "fakequantize")
_REFERENCE = ("ref", "_any")  # in the name of a kernel: no vector code


@dataclass(frozen=True)
class Timed:
    """One operator of the network that ran."""

    name: str
    kind: str  # type of operator
    kernel: str  # with its precision, where the runtime tells it; else ""
    ns: int  # mean of a call


def profile(backend: str, model: Path, x: np.ndarray, threads: int, calls: int = 20) -> Optional[tuple[Timed, ...]]:
    """Operators by time, the longest first; None for a runtime that tells nothing (LiteRT, from Python)."""
    base.entry(backend)
    if backend not in _MODULES:
        return None
    measure = importlib.import_module(_MODULES[backend]).measure
    found: list[Timed] = measure(model, x, threads, calls)
    return tuple(sorted(found, key=lambda one: (-one.ns, one.name)))


def kinds(found: tuple[Timed, ...]) -> dict[str, float]:
    """Share of the time of each type of operator, the largest first."""
    whole = sum(one.ns for one in found) or 1
    shares: dict[str, float] = {}
    for one in found:
        shares[one.kind] = shares.get(one.kind, 0.0) + one.ns / whole
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def reasons(found: tuple[Timed, ...], cpu_flags: Any) -> Iterator[str]:
    """What keeps an int8 artifact from being fast, in words."""
    whole = sum(one.ns for one in found) or 1
    borders = [one for one in found if one.kind.lower().startswith(_BORDERS)]
    if borders:
        yield f"{len(borders)} conversions between types and layouts take {sum(o.ns for o in borders) / whole:.0%}"
    slow = [one for one in found if one.kernel.lower().startswith(_REFERENCE)]
    if slow:
        yield f"{len(slow)} operators run on reference kernels, {sum(one.ns for one in slow) / whole:.0%} of the time"
    floats = [one for one in found if "conv" in one.kind.lower() and one.kernel.lower().endswith(("f32", "float"))]
    if floats:
        yield f"{len(floats)} convolutions run in float, {sum(one.ns for one in floats) / whole:.0%} of the time"
    flags = set(cpu_flags or ())
    if flags and "avx2" in flags and not flags & {"avx512_vnni", "avx_vnni"}:
        yield "the CPU has no VNNI: products of 8 bits are summed by three instructions in place of one"
