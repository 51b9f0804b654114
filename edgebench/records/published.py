"""Tables that a publication printed, as data: results/published/<name>.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError
from edgebench.records import fault

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_MEAN_STD: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["mean", "std"],
    "properties": {"mean": {"type": "number"}, "std": {"type": "number"}},
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "citation", "setup", "tables", "remarks"],
    "properties": {
        "schema": {"const": 1},
        "citation": {"type": "object", "required": ["authors", "title", "venue", "year"]},
        "setup": {"type": "object", "additionalProperties": _TEXT},
        "tables": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["id", "section", "caption", "columns", "rows"],
                "properties": {
                    "columns": {"type": "array", "items": {"type": "object", "required": ["key", "title", "unit"]}},
                    "rows": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": {"anyOf": [{"type": ["string", "number", "null"]}, _MEAN_STD]},
                        },
                    },
                },
            },
        },
        "remarks": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "table", "text"],
                "properties": {"id": _TEXT, "table": _TEXT, "text": _TEXT},
            },
        },
    },
}


@dataclass(frozen=True)
class Published:
    """What a paper printed, and remarks on it: checks of its numbers, which are ours and not the paper's."""

    citation: dict[str, Any]
    setup: dict[str, str]
    tables: dict[str, tuple[dict[str, Any], ...]]  # id -> rows; a mean with its deviation is {"mean": ..., "std": ...}
    remarks: dict[str, str]


def find(name: str, results: Path) -> Path:
    """The file in `results`, or else the one that edgebench brings along (in a checkout: its own results/)."""
    installed, checkout = Path(__file__).parent, Path(__file__).parents[2] / "results"
    places = [folder / "published" / f"{name}.json" for folder in (results, installed, checkout)]
    return next((path for path in places if path.is_file()), places[0])


def load(path: Path) -> Published:
    """Read the tables of one publication; RecordError names the file and the JSON path of a fault."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(
            f"{path}: cannot be read ({error.strerror}). Name the folder that holds published/ with --results."
        ) from error
    except ValueError as error:
        raise RecordError(f"{path}: damaged ({error}). Restore the file from the repository.") from error
    fault.check(raw, _SCHEMA, str(path), "Restore the file from the repository.")
    tables = {table["id"]: _rows(table, path) for table in raw["tables"]}
    remarks = {remark["id"]: remark["text"] for remark in raw["remarks"]}
    return Published(raw["citation"], raw["setup"], tables, remarks)


def _rows(raw: dict[str, Any], path: Path) -> tuple[dict[str, Any], ...]:
    keys = {column["key"] for column in raw["columns"]}
    for number, row in enumerate(raw["rows"]):
        if set(row) != keys:
            raise RecordError(
                f"{path}: {raw['id']}, row {number}: has the keys {sorted(row)}, its columns are {sorted(keys)}. "
                "Give every row every column (null where the paper says nothing)."
            )
    return tuple(raw["rows"])
