"""RunSpec from JSON, strictly: a key or a type that the contract does not know is an error, not a guess."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from typing import Any

from edgebench.errors import UsageError
from edgebench.types import RunSpec, StackFiles

MODES = (
    "accuracy",
    "latency",
    "memory",
    "profile",
    "count",
    "layers",
    "sustained",
    "endure",
)  # each a module of this folder
_MINIMUM = {
    "batch_size": 1,
    "threads": 1,
    "input_size": 1,
    "delta_nm": 1,
    "images": 0,
    "iterations": 1,
    "seconds": 0,
    "rotation": 1,
    "minutes": 0,
}
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int)}


def parse(text: str) -> RunSpec:
    """Raises UsageError, in one line, for whatever is not a RunSpec."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise UsageError(f"run spec: not JSON ({error}). The runner takes one RunSpec on standard input.") from error
    if not isinstance(raw, dict):
        raise UsageError(f"run spec: {type(raw).__name__} found, expected an object.")
    known = {field.name: field for field in fields(RunSpec)}
    unknown = sorted(set(raw) - set(known))
    missing = sorted(name for name, field in known.items() if field.default is MISSING and name not in raw)
    if unknown or missing:
        raise UsageError(f"run spec: unknown {unknown}, missing {missing}. Host and device need one edgebench.")
    for name, value in raw.items():
        wanted = _TYPES.get(str(known[name].type))
        if wanted is not None and type(value) not in wanted:
            raise UsageError(f"run spec: {name} is {value!r}, expected {wanted[0].__name__}.")
        if type(value) in (int, float) and not value >= _MINIMUM.get(name, value):
            raise UsageError(f"run spec: {name} is {value}, expected {_MINIMUM[name]} or more.")
    if raw["mode"] not in MODES:
        raise UsageError(f"run spec: no mode {raw['mode']!r}. Modes: {', '.join(MODES)}.")
    if raw["mode"] == "sustained" and not raw.get("minutes"):
        raise UsageError("run spec: no minutes. A sustained run needs 1 or more.")
    return RunSpec(**{**raw, "stacks": _stacks(raw["stacks"])})


def _stacks(raw: Any) -> tuple[StackFiles, ...]:
    try:
        stacks = tuple(
            StackFiles(
                str(stack["id"]),
                str(stack["sample"]),
                tuple((str(name), int(z)) for name, z in stack["planes"]),
            )
            for stack in raw
        )
    except (TypeError, KeyError, ValueError) as error:
        raise UsageError(f"run spec: stacks are not a list of id, sample and planes ({error!r}).") from error
    if not stacks:
        raise UsageError("run spec: no stacks. Name a split that has images.")
    return stacks
