"""A model to the file of a target; no converter is imported before convert() needs it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.convert.source import INPUT, OUTPUT, Source
from edgebench.convert.targets import FLOAT32, FLOATS, SUFFIXES, TARGETS, Target, targets
from edgebench.errors import ConversionError
from edgebench.models.quiet import told
from edgebench.quantise.recipe import DEFAULT, Recipe


@dataclass(frozen=True)
class Made:
    """What a converter says of its work; the files lie beside the one it was told."""

    options: dict[str, Any]
    versions: dict[str, str]
    units: tuple[dict[str, Any], ...] = ()  # of a quantised file: operators, and the layers they came from


def convert(
    target: Target, source: Source, file: Path, calibration: np.ndarray | None, recipe: Recipe, work: Path
) -> Made:
    """Write the target's file; `work` is a folder for what leads to it.

    A converter's failure is a ConversionError with the last line it gave.
    """
    with told(target.name):
        if target.module:
            return _other(target, source, file, recipe.batch)
        if target.precision == FLOAT32:
            return _float32(target.format, source, file, recipe.batch)
        first = target.by or target.format
        plain = floats(first, source, recipe.batch, work)
        made = work / f"{first}-{target.precision}{SUFFIXES[first]}" if target.by else file
        done = quantised(replace(target, format=first), plain, made, calibration, recipe, source.layers, work)
        if target.by:
            importlib.import_module(FLOATS[target.format]).of_file(made, file, final=True)
        return done


def floats(format: str, source: Source, batch: int, work: Path) -> Path:
    """The float32 file that a quantiser starts from, in `work`, made where it is not there yet.

    OpenVINO's comes through ONNX, which keeps the names of the layers (TensorFlow's own way numbers them), prepared as
    ONNX's own quantiser wants it: a depthwise convolution is else called after its batch normalisation.
    """
    from edgebench.quantise import base

    plain = work / f"float32-{batch}{SUFFIXES[format]}"
    if plain.is_file():
        return plain
    if format == "openvino":
        ready = base.load("onnx").prepare(floats("onnx", source, batch, work), work / "to-openvino.onnx")
        importlib.import_module(FLOATS[format]).of_file(ready, plain)
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


def _other(target: Target, source: Source, file: Path, batch: int) -> Made:
    """By another package's converter."""
    try:
        made: Made = importlib.import_module(target.module).convert(source, file, batch)
    except (ImportError, AttributeError) as missing:
        raise ConversionError(
            f"{target.name}: no converter in {target.module} ({missing}). Install it again."
        ) from missing
    return made


def _float32(format: str, source: Source, file: Path, batch: int) -> Made:
    make: Callable[..., Made] = importlib.import_module(FLOATS[format]).convert
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
