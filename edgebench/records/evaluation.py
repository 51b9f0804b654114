"""Evaluations on disk: results/evaluations/<id>.json, what one model answers to every tile of a data set, raw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import edgebench
from edgebench.errors import RecordError
from edgebench.records import fault
from edgebench.records.schema import Record
from edgebench.records.store import render, write

VERSION = 1
CLASSICAL = "classical"  # classical_<set>.json are records of another kind, in the same folder
LARGEST = 3.5e38  # of an answer or a contrast: float32 ends there
_ADVICE = "Evaluate the model again with --force, or restore the file."


def path_of(results: Path, id: str) -> Path:
    return results / "evaluations" / f"{id}.json"


def identifier(record: Record) -> str:
    """<model>_<set>[_<target>][_q<quality>][_n<stacks>]: what is evaluated on what; no hash, so that it is replaced."""
    target, quality, limit = record["backend"]["target"], record["jpeg_quality"], record["stacks_limit"]
    parts = [record["model"]["name"], record["set"]]
    parts += [target] * (target is not None)
    parts += [f"q{quality}"] * (quality is not None)
    parts += [f"n{limit}"] * (limit is not None)
    return "_".join(parts)


def set_name(about: Record, stored: Iterable[Record]) -> str:
    """The data set's name as a part of file names; with 8 digits of its hash where another set has the name.

    about: "data" of a record to come. stored: the records that there are.
    """
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", about["name"]).strip("-.") or "data"
    known = {record["set"]: record["data"] for record in stored}
    mine = next((given for given, data in sorted(known.items()) if same_set(data, about)), None)
    return mine or (f"{name}-{about['sha256'][:8]}" if name in known else name)


def same_set(one: Record, other: Record) -> bool:
    """Whether two "data" are one set, though maybe simulated anew: the same name, seed, counts and setup."""
    return _identity(one) == _identity(other)


def _identity(data: Record) -> list[Any]:
    """A newer simulator ("version") makes no other set; a record without a setup is of before it was recorded."""
    setup = {key: value for key, value in data.get("setup", {}).items() if key != "version"}
    return [*(data[field] for field in ("name", "simulated", "seed", "splits")), setup]


def same_making(one: Record, other: Record) -> bool:
    """Whether two records are of the same model file, artifact, data and, where both tell it, code."""
    same_files = all(one[part]["sha256"] == other[part]["sha256"] for part in ("model", "backend", "data"))
    codes = {record["code"] for record in (one, other) if "code" in record}
    return same_files and len(codes) < 2


def validate(record: object, source: str = "evaluation") -> Record:
    """Check a record; RecordError with the JSON path of the first fault, `source` names the file."""
    sound = fault.check(record, _schema(), source, _ADVICE)
    for split, images in sound["splits"].items():
        for image in images:
            numbers = [*image["patches_um"], *image["contrast"]]
            finite = all(type(number) in (int, float) and abs(number) <= LARGEST for number in numbers)
            if not finite or len(image["patches_um"]) != len(image["contrast"]):
                what = f"$.splits.{split}: stack {image['stack']}, z {image['z_nm']} nm"
                raise RecordError(f"{source}: {what}: not as many finite distances as contrasts. {_ADVICE}")
    return sound


def save(record: Record, results: Path) -> Path:
    """Validate and write a record whole, one image a line, in place of an older one; returns its path."""
    validate(record, f"evaluation {record.get('id', '')}".strip())
    return write(path_of(results, record["id"]), render(record) + "\n")


def load(path: Path) -> Record:
    """Read one evaluation; RecordError names the file and what is wrong with it."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Check the results folder.") from error
    except ValueError as error:
        raise RecordError(f"{path}: damaged ({error}). {_ADVICE}") from error
    version = raw.get("schema") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise RecordError(
            f"{path}: schema {version} is newer than {VERSION}, the last that edgebench {edgebench.__version__} reads. "
            f"Install edgebench {raw.get('edgebench', 'of that schema')} or later."
        )
    record = validate(raw, str(path))
    if path.stem != record["id"]:
        raise RecordError(f"{path}: holds the evaluation {record['id']}. Rename it back, or remove the copy.")
    return record


def paths(results: Path) -> list[Path]:
    """The files of all evaluations, by name."""
    found = sorted((results / "evaluations").glob("[!.]*.json"))
    return [path for path in found if not path.name.startswith(f"{CLASSICAL}_")]


def load_each(results: Path) -> Iterator[Record]:
    """Every evaluation below results/evaluations, by name, one at a time: hundreds of them are large."""
    for path in paths(results):
        yield load(path)


@cache
def _schema() -> Any:
    text = resources.files("edgebench.records").joinpath(f"evaluation-{VERSION}.json").read_text("utf-8")
    return json.loads(text)
