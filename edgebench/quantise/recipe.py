"""How a model is quantised, in words that mean the same in every runtime: a frozen Recipe, kept as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import tomllib

from edgebench.errors import UsageError

GRANULARITIES = ("channel", "tensor")  # of the weights: a scale for each output channel, or one for all
METHODS = ("minmax", "percentile", "entropy", "mse")  # ranges.py
KEPT_WEIGHTS = ("int8", "float32")  # stored so; computed in float
ACTIVATIONS = ("auto", "uint8", "int8")  # of ONNX; auto: what the CPU is fast with
NAME = "recipe.toml"  # of a model's own, in its folder
_NOTE = "# how edgebench quantises a model: docs/quantisation.md\n"


@dataclass(frozen=True)
class Recipe:
    """All that is chosen when a model is quantised, but the target; calibration patches come apart."""

    ranges: str = "minmax"  # of activations, from the calibration patches
    percentile: float = 99.99  # of "percentile": the share of the values inside, in percent
    granularity: str = "channel"
    kept_weights: str = "int8"  # of the layers that stay in float
    keep: tuple[str, ...] = ()  # layers that stay in float: names, or patterns with * and ?
    activations: str = "auto"
    batch: int = 0  # of the file; 0: any. tflite-runtime 2.14 is ten times slower with a free one


DEFAULT = Recipe()
_CHOICES = {
    "ranges": METHODS,
    "granularity": GRANULARITIES,
    "kept_weights": KEPT_WEIGHTS,
    "activations": ACTIVATIONS,
}
_TYPES = {"percentile": (int, float), "keep": (list,), "batch": (int,)}


def load(path: Path) -> Recipe:
    """Read a TOML file; UsageError for an unknown key, another type, or a value that no recipe has."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}). Name a recipe file with --recipe.") from error
    except ValueError as error:
        raise UsageError(f"{path}: not TOML ({error}). Correct it.") from error
    return parse(raw, str(path))


def of_model(folder: Path) -> Recipe:
    """A model's own recipe, where activations become integers; the default where it has none."""
    own = folder / NAME
    return load(own) if own.is_file() else DEFAULT


def parse(raw: Mapping[str, Any], source: str) -> Recipe:
    """A recipe from plain data, as a TOML file or a sidecar has it."""
    known = [field.name for field in fields(Recipe)]
    for key, value in raw.items():
        if key not in known:
            raise UsageError(f"{source}: unknown {key!r}. Known: {', '.join(known)}.")
        wanted = _TYPES.get(key, (str,))
        if type(value) not in wanted:
            raise UsageError(f"{source}: {key} is {value!r}, expected {wanted[-1].__name__}.")
    found = Recipe(**{**raw, "keep": tuple(raw.get("keep", ()))})
    for key, choices in _CHOICES.items():
        if getattr(found, key) not in choices:
            raise UsageError(f"{source}: {key} is {getattr(found, key)!r}. One of: {', '.join(choices)}.")
    if not all(isinstance(name, str) and name for name in found.keep):
        raise UsageError(f"{source}: keep is {list(found.keep)!r}, expected names of layers.")
    if not 50 < found.percentile <= 100:
        raise UsageError(f"{source}: percentile is {found.percentile}, expected more than 50, at most 100.")
    if found.batch < 0:
        raise UsageError(f"{source}: batch is {found.batch}, expected 0 (any) or a number of patches.")
    return found


def plain(recipe: Recipe) -> dict[str, Any]:
    """As JSON has it: only what differs from the default."""
    chosen = {key: value for key, value in asdict(recipe).items() if value != getattr(DEFAULT, key)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in chosen.items()}


def text(recipe: Recipe) -> str:
    """As TOML, which `load` reads back as the same recipe."""
    lines = []
    for key, value in plain(recipe).items():
        if isinstance(value, list):
            lines.append(f"{key} = [\n" + "".join(f"    {_quoted(name)},\n" for name in value) + "]")
        else:
            lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else value}")
    return _NOTE + "".join(f"{line}\n" for line in lines)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
