"""Records of classical autofocus, results/evaluations/classical_<data>.json: raw curves and searches of each stack."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from edgebench.errors import RecordError
from edgebench.records.schema import Record
from edgebench.records.store import render, write

PREFIX = "classical_"  # of the file names: the other records of the folder are of models
_NUMBERS = {"type": "array", "minItems": 1, "items": {"type": "number"}}
_COUNT = {"type": "integer", "minimum": 0}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


_SEARCH = _object(
    measure={"type": "string"},
    search={"type": "string"},
    start_um={"type": "number"},
    z_um={"type": "number"},
    captures={"type": "integer", "minimum": 1},
    moves=_COUNT,
    direction_changes=_COUNT,
)
_CURVES = {"type": "object", "minProperties": 1, "additionalProperties": _NUMBERS}
_STACK = _object(
    split={"type": "string"},
    stack={"type": "string"},
    sample={"type": "string"},
    z_um=_NUMBERS,
    curves=_CURVES,
    searches={"type": "array", "items": _SEARCH},
)
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        schema={"const": 1},
        kind={"const": "classical"},
        created={"type": "string"},
        edgebench={"type": "string"},
        versions={"type": "object", "additionalProperties": {"type": "string"}},
        settings=_object(
            seed=_COUNT,
            success_um={"type": "number"},
            prominence={"type": "number"},
            flat={"type": "number"},
            steps_um=_object(uniform={"type": "number"}, adaptive={"type": "number"}, fit={"type": "number"}),
            starts={"type": "object"},
        ),
        data=_object(
            name={"type": "string"},
            simulated={"type": "boolean"},
            seed={"type": ["integer", "null"]},
            sha256={"type": "string"},
            rule={"type": "string"},
            splits={"type": "object", "minProperties": 1},
        ),
        stacks={"type": "array", "minItems": 1, "items": _STACK},
    ),
}


def validate(record: object, source: str) -> Record:
    """Raises RecordError with the JSON path of the first fault, and where a curve has not a value for each plane."""
    fault: Any = min(_validator().iter_errors(record), key=lambda one: list(map(str, one.absolute_path)), default=None)
    if fault is not None:
        raise RecordError(f"{source}: {fault.json_path}: {fault.message[-160:]}. Evaluate again with --force.")
    sound = cast(Record, record)
    for stack in sound["stacks"]:
        if any(len(curve) != len(stack["z_um"]) for curve in stack["curves"].values()):
            raise RecordError(
                f"{source}: stack {stack['stack']}: curve and planes differ. Evaluate again with --force."
            )
    return sound


def path_of(results: Path, data: str) -> Path:
    """data: name of the data set; what cannot stand in a file name becomes '-'."""
    return results / "evaluations" / f"{PREFIX}{re.sub(r'[^A-Za-z0-9._-]+', '-', data)}.json"


def save(record: Record, results: Path) -> Path:
    """Validate and write, in place of what is there; RecordError where it cannot be written."""
    path = path_of(results, record["data"]["name"])
    return write(path, render(validate(record, str(path))) + "\n")


def find(results: Path, data: str) -> Record | None:
    """The record of a data set, if there is one; RecordError where it is damaged."""
    path = path_of(results, data)
    return _load(path) if path.exists() else None


def load_all(results: Path) -> tuple[Record, ...]:
    """Every such record below results/evaluations, ordered by name; the first damaged one is a RecordError."""
    return tuple(_load(path) for path in sorted((results / "evaluations").glob(f"{PREFIX}*.json")))


def _load(path: Path) -> Record:
    try:
        return validate(json.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Check the results folder.") from error
    except ValueError as error:
        raise RecordError(f"{path}: damaged ({error}). Evaluate again with --force.") from error


@cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(_SCHEMA)
