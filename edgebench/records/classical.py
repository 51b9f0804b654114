"""Records of classical autofocus, results/evaluations/classical_<set>.json: the raw curves of each stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError
from edgebench.focus.search import SEARCHES
from edgebench.records import evaluation, fault
from edgebench.records.schema import Record
from edgebench.records.store import render, write

PREFIX = f"{evaluation.CLASSICAL}_"  # of the file names: the other records of the folder are of models
LARGEST = 1e300  # beyond it a sum is infinite; NaN is not below it either
ADVICE = "Evaluate again with --force."
_NUMBERS = {"type": "array", "minItems": 1, "items": {"type": "number"}}


def _object(**properties: Any) -> dict[str, Any]:
    """All of them are required but `setup`, which only simulated data have."""
    return {"type": "object", "required": [name for name in properties if name != "setup"], "properties": properties}


def _names(**of: Any) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "uniqueItems": True, "items": of}


_STACK = _object(
    split={"type": "string"},
    stack={"type": "string"},
    sample={"type": "string"},
    z_um=_NUMBERS,
    curves={"type": "object", "additionalProperties": _NUMBERS},
)
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        schema={"const": 1},
        kind={"const": "classical"},
        created={"type": "string"},
        edgebench={"type": "string"},
        versions={"type": "object", "additionalProperties": {"type": "string"}},
        settings=_object(measures=_names(type="string", minLength=1), searches=_names(enum=list(SEARCHES))),
        set={"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
        data=_object(
            name={"type": "string"},
            simulated={"type": "boolean"},
            seed={"type": ["integer", "null"]},
            sha256={"type": "string"},
            rule={"type": "string"},
            splits={"type": "object", "minProperties": 1},
            setup={"type": "object"},
        ),
        stacks={"type": "array", "minItems": 1, "items": _STACK},
    ),
}


def validate(record: object, source: str) -> Record:
    """Raises RecordError with the JSON path of the first fault, or with the first stack whose curves are none."""
    sound = fault.check(record, _SCHEMA, source, ADVICE)
    for stack in sound["stacks"]:
        what = next(_faults(stack, sound["settings"]["measures"]), None)
        if what is not None:
            raise RecordError(f"{source}: stack {stack['stack']}: {what}. {ADVICE}")
    return sound


def path_of(results: Path, set: str) -> Path:
    return results / "evaluations" / f"{PREFIX}{set}.json"


def set_name(about: Record, results: Path, *, force: bool = False) -> str:
    """The data set's name in file names, as evaluation.set_name has it: that of the models' records of it, if possible.

    Raises RecordError for a damaged record; `force` passes over one of this kind.
    """
    stored = [record for path in paths(results) if (record := _readable(path, force)) is not None]
    known = any(evaluation.same_set(record["data"], about) for record in stored)
    return evaluation.set_name(about, chain(() if known else evaluation.load_each(results), stored))


def save(record: Record, results: Path) -> Path:
    """Validate and write, in place of what is there; RecordError where it cannot be written."""
    path = path_of(results, record["set"])
    return write(path, render(validate(record, str(path))) + "\n")


def find(results: Path, set: str) -> Record | None:
    """The record of a data set, if there is one; RecordError where it is damaged."""
    path = path_of(results, set)
    return load(path) if path.exists() else None


def paths(results: Path) -> list[Path]:
    return sorted((results / "evaluations").glob(f"{PREFIX}*.json"))


def load_all(results: Path) -> tuple[Record, ...]:
    """Every such record below results/evaluations, ordered by name; the first damaged one is a RecordError."""
    return tuple(map(load, paths(results)))


def load(path: Path) -> Record:
    try:
        record = validate(json.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Check the results folder.") from error
    except ValueError as error:
        raise RecordError(f"{path}: damaged ({error}). {ADVICE}") from error
    if path.stem != f"{PREFIX}{record['set']}":
        raise RecordError(f"{path}: holds the record of {record['set']}. Rename it back, or remove the copy.")
    return record


def _readable(path: Path, force: bool) -> Record | None:
    try:
        return load(path)
    except RecordError:
        if force:
            return None
        raise


def _faults(stack: Record, measures: list[str]) -> Iterator[str]:
    """What the schema cannot say of a stack."""
    z_um, curves = stack["z_um"], stack["curves"]
    if sorted(curves) != sorted(measures):
        yield f"its curves are {', '.join(sorted(curves)) or 'none'}, the record's {', '.join(sorted(measures))}"
    if not all(abs(value) < LARGEST for values in (z_um, *curves.values()) for value in values):
        yield "a number is not finite"
    if any(after <= before for before, after in pairwise(z_um)):
        yield "its planes do not rise in z"
    if any(len(curve) != len(z_um) for curve in curves.values()):
        yield "curve and planes differ"
