"""One float32 file and what is needed to quantise it again and again, with other layers kept in float each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgebench.errors import ConversionError
from edgebench.models.quiet import told
from edgebench.quantise import answers, base, ranges
from edgebench.quantise.ranges import Histogram, Range, Tensors
from edgebench.quantise.recipe import Recipe
from edgebench.quantise.units import Unit, kept


@dataclass(frozen=True)
class Kind:
    """What is made: format and precision, and how a file of it becomes what runs."""

    format: str  # that is quantised
    precision: str
    suffix: str  # of the file that runs
    backend: str
    io: str = "float32"
    finish: Callable[[Path, Path], None] | None = None  # from the quantised file to the one that runs


class Workshop:
    """Files lie in `folder`, which the caller takes away; calibration (N, S, S, 3) float32."""

    def __init__(
        self, kind: Kind, plain: Path, layers: Sequence[str], calibration: np.ndarray, folder: Path, batch: int = 0
    ) -> None:
        self.kind = kind
        self.folder = folder
        self.plain = plain
        self._calibration = calibration
        self.batch = batch
        self._quantiser = base.load(kind.format)
        with told("float32"):
            self._ready = self._quantiser.prepare(plain, folder / f"ready{plain.suffix}")
            self.units: tuple[Unit, ...] = self._quantiser.units(self._ready, layers)
            self.histograms: Mapping[str, Histogram] = (
                {} if self._quantiser.OWN_RANGES else ranges.collect(self.activations, calibration)
            )
        if not self.computing:
            raise ConversionError("nothing here can be quantised: no convolution, product or addition. Use float32.")

    @property
    def computing(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.computes)

    def activations(self, x: np.ndarray) -> Iterator[Tensors]:
        return self._quantiser.activations(self._ready, x, self.batch)

    def ranges(self, recipe: Recipe) -> dict[str, Range]:
        return ranges.choose(self.histograms, recipe)

    def kept(self, chosen: Sequence[Unit]) -> frozenset[str]:
        """Names of all operators that a recipe keeps which names the layers of these."""
        return kept(self.units, [unit.label for unit in chosen])

    def build(self, recipe: Recipe, in_float: frozenset[str], name: str = "variant", io: str | None = None) -> Path:
        """The file that runs, with these operators in float, whatever the recipe says to keep."""
        first = Path(self._ready).suffix
        made = self.folder / f"{name}{first}" if self.kind.finish is None else self.folder / f"{name}-first{first}"
        spans = self.ranges(recipe) if self.histograms else None
        how = replace(recipe, keep=(), batch=self.batch)
        plan = base.Plan(self.kind.precision, how, base.whole(self.units, in_float), spans, io or self.kind.io)
        with told(f"{self.kind.format}-{self.kind.precision}"):
            self._quantiser.quantise(self._ready, made, plan, self._calibration)
            if self.kind.finish is None:
                return made
            file = self.folder / f"{name}{self.kind.suffix}"
            self.kind.finish(made, file)
        return file

    def answers(self, file: Path, x: np.ndarray) -> np.ndarray:
        """(N,) um of such a file on its runtime."""
        found = answers.predict(self.kind.backend, file, x, self.batch or answers.BATCH)[0]
        return answers.finite(found, file.name)

    def reference(self, x: np.ndarray) -> np.ndarray:
        """(N,) um of the float32 file on the same runtime."""
        return self.answers(self.plain, x)


def size(file: Path) -> int:
    """Bytes of an artifact; OpenVINO's has two files."""
    weights = file.with_suffix(".bin")
    return file.stat().st_size + (weights.stat().st_size if file.suffix == ".xml" and weights.is_file() else 0)
