"""Records on disk: written once, whole or not at all, one line an image; nothing damaged is passed over."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError
from edgebench.files import replace_text
from edgebench.records.schema import Record, upgrade, validate

LONGEST = 20  # digits of a whole number: ns and bytes have fewer, and what follows from it fits a float
DIGITS = 4  # of a patch's answer in um: 0.1 nm, far below any focusing error
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(", ", ": ")).encode


def path_of(results: Path, device: str, id: str) -> Path:
    return results / "runs" / device / f"{id}.json"


def check_writable(results: Path, kind: str = "runs") -> None:
    """Raise RecordError where a record of this kind could not be written; to be asked before hours of work."""
    folder = results / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RecordError(
            f"{folder}: records cannot be written there ({error.strerror}). Name another folder with --results."
        ) from error


def write(path: Path, text: str) -> Path:
    """Write a record whole, in place of what is there; RecordError where that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, text)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written ({error.strerror}). Make room, or check the folder.") from error
    return path


def save(record: Record, results: Path, *, force: bool = False) -> Path:
    """Validate and write a record, patches rounded to 1e-4 um; returns its path.

    Raises RecordError where it breaks the schema, or is already there and force is not given.
    """
    validate(record, f"record {record.get('id', '')}".strip())
    path = path_of(results, record["device"]["name"], record["id"])
    if path.exists() and not force:
        raise RecordError(f"{path}: already there. Keep it, or overwrite it with --force.")
    try:
        text = render(record) + "\n"
    except ValueError as error:
        raise RecordError(f"record {record['id']}: a number that is not finite ({error}). Check the model.") from error
    return write(path, text)


def sha256(record: Record) -> str:
    """SHA-256 of the file that `save` writes of a record, so that a report can cite it."""
    return hashlib.sha256(f"{render(record)}\n".encode()).hexdigest()


def load(path: Path) -> Record:
    """Read one record, brought to the present schema; RecordError names the file and what is wrong with it."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_int=_whole)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Check the results folder.") from error
    except ValueError as error:  # not UTF-8, not JSON, NaN
        raise RecordError(f"{path}: damaged ({error}). Measure the cell again, or restore the file.") from error
    record = validate(upgrade(raw, str(path)), str(path))
    if (path.parent.name, path.stem) != (record["device"]["name"], record["id"]):
        raise RecordError(
            f"{path}: holds the record {record['device']['name']}/{record['id']}. Rename it back, or remove the copy."
        )
    return record


def load_all(results: Path) -> tuple[Record, ...]:
    """Every record below results/runs, ordered by path; the first damaged one is a RecordError."""
    return tuple(load(path) for path in sorted((results / "runs").glob("*/[!.]*.json")))


def render(value: Any, indent: int = 0) -> str:
    """JSON with one line a key, a list of numbers or an image; small to diff, and half the size of indented JSON."""
    if isinstance(value, dict) and "patches_um" in value:
        return _COMPACT({**value, "patches_um": [round(um, DIGITS) for um in value["patches_um"]]})
    pad = " " * (indent + 1)
    if isinstance(value, dict) and value:
        lines = [f"{pad}{_COMPACT(key)}: {render(inner, indent + 1)}" for key, inner in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(pad + render(inner, indent + 1) for inner in value) + "\n" + " " * indent + "]"
    return _COMPACT(value)


def _whole(digits: str) -> int:
    if len(digits) > LONGEST:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _refuse(constant: str) -> float:
    raise ValueError(f"the number {constant} is not finite")
