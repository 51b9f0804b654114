"""The operators of a float file that a quantiser may take or leave, and the layers of the model that they came from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from edgebench.errors import UsageError

_PART = re.compile(r"[/;]+")
_COPY = re.compile(r"_\d+$")  # Keras opens the scope of a layer twice, which numbers it


@dataclass(frozen=True)
class Unit:
    """One operator of a float file, with the activation that a runtime fuses into it."""

    name: str  # unique in the file
    kind: str  # as the format calls it: CONV_2D, Conv, Convolution
    layers: tuple[str, ...]  # of the model, the first names the unit; its own name where none is known
    computes: bool  # false for what only moves numbers, and for what the quantiser leaves alone
    output: str  # its output tensor, after a fused activation
    weights: int = 0  # numbers in its constants
    fused: tuple[str, ...] = ()  # names of the activations that go with it

    @property
    def label(self) -> str:
        return self.layers[0]

    @property
    def names(self) -> frozenset[str]:
        return frozenset((self.name, *self.fused))


def layers_in(name: str, layers: Sequence[str]) -> tuple[str, ...]:
    """The layers whose scope a converter has written into a name, in the order given; fused ones are several.

    "functional_1/Conv1_1/convolution;functional_1/bn_Conv1_1/add" holds Conv1 and bn_Conv1; "dense_1" is a layer dense
    where there is one, as that of a layer dense_1 would be "dense_1_2".
    """
    known = set(layers)
    found = set()
    for part in _PART.split(name):
        plain = _COPY.sub("", part)
        found.add(plain if plain in known else part)
    return tuple(layer for layer in layers if layer in found)


def kept(units: Sequence[Unit], patterns: Iterable[str]) -> frozenset[str]:
    """Names of the operators that stay in float; UsageError for a pattern that fits no layer, with the nearest name."""
    found: set[str] = set()
    for pattern in patterns:
        fits = [unit.names for unit in units if any(fnmatchcase(layer, pattern) for layer in unit.layers)]
        if not fits:
            names = sorted({layer for unit in units for layer in unit.layers})
            near = difflib.get_close_matches(pattern, names, 1, 0.0)
            advice = f"Did you mean {near[0]!r}?" if near else "The model has no layer that could stay in float."
            raise UsageError(f"no layer {pattern!r}. {advice} `edgebench inspect --layers` lists them.")
        found = found.union(*fits)
    return frozenset(found)
