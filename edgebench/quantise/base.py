"""What a quantiser is, and the table of them: a float32 file of a format to a quantised one, without its model."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from edgebench.errors import UsageError
from edgebench.quantise.ranges import Range, Tensors
from edgebench.quantise.recipe import Recipe
from edgebench.quantise.units import Unit


@dataclass(frozen=True)
class Plan:
    """What a quantiser is told."""

    precision: str  # float16, dynamic, int8, int16x8
    recipe: Recipe
    in_float: frozenset[str] = frozenset()  # names of units
    ranges: Mapping[str, Range] | None = None  # of the tensors, where the quantiser takes them
    io: str = "float32"  # of input and output, or int8


class Quantiser(Protocol):
    """A module with these functions; each imports its one library itself."""

    OWN_RANGES: bool  # it calibrates by itself: its methods are those of its library

    def prepare(self, file: Path, out: Path) -> Path:
        """The float file that the other functions take: `file` as it is, or `out`."""

    def units(self, file: Path, layers: Sequence[str]) -> tuple[Unit, ...]: ...

    def activations(self, file: Path, x: np.ndarray, batch: int) -> Iterator[Tensors]:
        """(N, S, S, 3) float32 through the float file, some at a time: every float tensor by its name.

        batch: the fixed one of the file; 0: it takes any.
        """

    def quantise(self, file: Path, out: Path, plan: Plan, x: np.ndarray | None) -> dict[str, Any]:
        """Write `out` from a prepared file; gives what the sidecar says of it ("versions" among it)."""


_MODULES = {
    "tflite": "edgebench.quantise.tflite",
    "onnx": "edgebench.quantise.onnx",
    "openvino": "edgebench.quantise.openvino",
}


def load(format: str) -> Quantiser:
    if format not in _MODULES:
        raise UsageError(f"no quantiser for {format!r}. There is one for: {', '.join(_MODULES)}.")
    return cast(Quantiser, importlib.import_module(_MODULES[format]))


CALIBRATION_BATCH = 8


def batches(x: np.ndarray, batch: int) -> list[np.ndarray]:
    """Calibration patches some at a time; for a fixed batch the last is filled up with patches from the beginning."""
    if not batch:
        return [part for part in np.array_split(x, -(-len(x) // CALIBRATION_BATCH)) if len(part)]
    rows = np.arange(-(-len(x) // batch) * batch) % len(x)
    return list(x[rows].reshape(-1, batch, *x.shape[1:]))


def whole(units: Sequence[Unit], kept: frozenset[str]) -> frozenset[str]:
    """Operators in float; all of them, also those that only move numbers, where none that computes is quantised."""
    return kept if any(unit.computes and unit.name not in kept for unit in units) else frozenset(u.name for u in units)
