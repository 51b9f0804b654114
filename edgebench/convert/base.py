"""What a target is, and the table of them; no converter is imported before convert() needs it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.convert.source import INPUT, OUTPUT, Source
from edgebench.errors import ConversionError, UsageError
from edgebench.models.quiet import told
from edgebench.quantise.base import CALIBRATED, INTEGERS, RUNTIMES
from edgebench.quantise.recipe import DEFAULT, Recipe

FLOAT32 = "float32"
_FLOATS = {  # format: its module with convert(source, file, batch) -> Made
    "tflite": "edgebench.convert.tflite",
    "onnx": "edgebench.convert.onnx",
    "openvino": "edgebench.convert.openvino",
}
_SUFFIXES = {"tflite": ".tflite", "onnx": ".onnx", "openvino": ".xml"}


@dataclass(frozen=True)
class Target:
    """A format with a precision."""

    name: str
    format: str
    precision: str
    io: str = "float32"  # of input and output
    by: str = ""  # format that is quantised first, and then converted to this one; empty: this one itself
    label: str = ""  # of the recipe: part of the name

    @property
    def suffix(self) -> str:
        """Of the first file, the one that the backend gets."""
        return _SUFFIXES[self.format]

    @property
    def backend(self) -> str:
        return RUNTIMES[self.format]

    @property
    def calibrated(self) -> bool:
        return self.precision in CALIBRATED

    @property
    def integers(self) -> bool:
        return self.precision in INTEGERS


@dataclass(frozen=True)
class Made:
    """What a converter says of its work; the files lie beside the one it was told."""

    options: dict[str, Any]
    versions: dict[str, str]
    units: tuple[dict[str, Any], ...] = ()  # of a quantised file: operators, and the layers they came from


_ALL = (
    Target("tflite-float32", "tflite", FLOAT32),
    Target("tflite-float16", "tflite", "float16"),
    Target("tflite-dynamic", "tflite", "dynamic"),
    Target("tflite-int8", "tflite", "int8"),
    Target("tflite-int8-io", "tflite", "int8", io="int8"),
    Target("tflite-int16x8", "tflite", "int16x8"),
    Target("onnx-float32", "onnx", FLOAT32),
    Target("onnx-float16", "onnx", "float16"),
    Target("onnx-dynamic", "onnx", "dynamic"),
    Target("onnx-int8", "onnx", "int8"),
    Target("openvino-float32", "openvino", FLOAT32),
    Target("openvino-float16", "openvino", "float16"),
    Target("openvino-int8", "openvino", "int8"),
    Target("openvino-int8-qdq", "openvino", "int8", by="onnx"),
)
TARGETS = {target.name: target for target in _ALL}


def targets(names: list[str], label: str = "") -> tuple[Target, ...]:
    """Targets by their names, each once; "all" means all. A label makes them those of a recipe: float32 has none."""
    for name in names:
        if name != "all" and name not in TARGETS:
            raise UsageError(f"no target {name!r}. Targets: {', '.join(TARGETS)}, or all.")
    wanted = list(TARGETS) if "all" in names else list(dict.fromkeys(names))
    found = tuple(TARGETS[name] for name in wanted)
    if not label:
        return found
    return tuple(
        replace(target, name=f"{target.name}-{label}", label=label) for target in found if target.precision != FLOAT32
    )


def convert(
    target: Target, source: Source, file: Path, calibration: np.ndarray | None, recipe: Recipe, work: Path
) -> Made:
    """Write the target's file; `work` is a folder for what leads to it.

    A converter's failure is a ConversionError with the last line it gave.
    """
    with told(target.name):
        if target.precision == FLOAT32:
            return _float32(target.format, source, file, recipe.batch)
        first = target.by or target.format
        plain = floats(first, source, recipe.batch, work)
        made = work / f"{first}-{target.precision}{_SUFFIXES[first]}" if target.by else file
        done = quantised(replace(target, format=first), plain, made, calibration, recipe, source.layers, work)
        if target.by:
            importlib.import_module(_FLOATS[target.format]).of_file(made, file, final=True)
        return done


def floats(format: str, source: Source, batch: int, work: Path) -> Path:
    """The float32 file that a quantiser starts from, in `work`, made where it is not there yet.

    OpenVINO's comes through ONNX, which keeps the names of the layers (TensorFlow's own way numbers them), prepared as
    ONNX's own quantiser wants it: a depthwise convolution is else called after its batch normalisation.
    """
    from edgebench.quantise import base

    plain = work / f"float32-{batch}{_SUFFIXES[format]}"
    if plain.is_file():
        return plain
    if format == "openvino":
        ready = base.load("onnx").prepare(floats("onnx", source, batch, work), work / "to-openvino.onnx")
        importlib.import_module(_FLOATS[format]).of_file(ready, plain)
    else:
        _float32(format, source, plain, batch)
    return plain


def quantised(
    target: Target,
    plain: Path,
    file: Path,
    calibration: np.ndarray | None,
    recipe: Recipe,
    layers: Sequence[str],
    work: Path,
) -> Made:
    """A float32 file to the target's, by the quantiser of its format."""
    from edgebench.quantise import base, ranges, units

    if target.calibrated and (calibration is None or not len(calibration)):
        raise ConversionError(f"{target.name}: int8 needs calibration patches. Give a data set with --calibration.")
    quantiser = base.load(target.format)
    ready = quantiser.prepare(plain, work / f"prepared{plain.suffix}")
    there = quantiser.units(ready, layers)
    kept = base.whole(there, units.kept(there, recipe.keep))
    spans = None
    if target.calibrated and calibration is not None and not quantiser.OWN_RANGES:
        found = ranges.collect(lambda x: quantiser.activations(ready, x, recipe.batch), calibration)
        spans = ranges.choose(found, recipe)
    plan = base.Plan(target.precision, recipe, kept, spans, target.io)
    options = dict(quantiser.quantise(ready, file, plan, calibration if target.calibrated else None))
    versions = options.pop("versions")
    listed = tuple(
        {
            "name": unit.name,
            "kind": unit.kind,
            "layers": list(unit.layers),
            "weights": unit.weights,
            "float": unit.name in kept,
        }
        for unit in there
        if unit.computes
    )
    in_float = sum(bool(one["float"] and one["weights"]) for one in listed)  # convolutions and products
    return Made({**options, "kept_in_float": in_float}, versions, listed)


def _float32(format: str, source: Source, file: Path, batch: int) -> Made:
    make: Callable[..., Made] = importlib.import_module(_FLOATS[format]).convert
    return make(source, file, batch)


__all__ = [
    "DEFAULT",
    "INPUT",
    "OUTPUT",
    "TARGETS",
    "Made",
    "Source",
    "Target",
    "convert",
    "floats",
    "quantised",
    "targets",
]
