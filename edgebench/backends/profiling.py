"""Time by operator, as a runtime tells it of itself: a session of its own, whose calls are never those of a record.

Profiling costs time: shares are to be read, not sums.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.backends import base

if TYPE_CHECKING:
    import numpy as np

CALLS = 20
_MODULES = {
    "onnxruntime": "edgebench.backends.profile_onnxruntime",
    "openvino": "edgebench.backends.profile_openvino",
}


@dataclass(frozen=True)
class Timed:
    """One operator of the network that ran."""

    name: str
    kind: str  # type of operator
    kernel: str  # with its precision, where the runtime tells it; else ""
    ns: int  # mean of a call


def tells(backend: str) -> bool:
    """Whether the runtime tells the time of its operators; LiteRT does not, from Python."""
    return backend in _MODULES


def profile(backend: str, model: Path, x: np.ndarray, threads: int, calls: int = CALLS) -> list[dict[str, Any]]:
    """Operators by kind and kernel, as a record has them, the longest first; empty where the runtime tells nothing."""
    base.entry(backend)
    if not tells(backend):
        return []
    measure: Callable[..., list[Timed]] = importlib.import_module(_MODULES[backend]).measure
    groups: dict[tuple[str, str], list[int]] = {}
    for one in measure(model, x, threads, calls):
        groups.setdefault((one.kind, one.kernel), []).append(one.ns)
    found = [{"kind": k, "kernel": kernel, "count": len(ns), "ns": sum(ns)} for (k, kernel), ns in groups.items()]
    return sorted(found, key=lambda one: (-one["ns"], one["kind"], one["kernel"]))
