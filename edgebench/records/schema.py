"""The schema of records: its versions, the check, and the upgrades from older ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import edgebench
from edgebench.errors import RecordError
from edgebench.records import fault

VERSION = 1
Record = dict[str, Any]

# From version n to n + 1, applied in a chain; add a line here with each new schema-<n>.json.
UPGRADES: dict[int, Callable[[Record], Record]] = {}


def validate(record: object, source: str = "record") -> Record:
    """Check a record of the present version; source names it in the message.

    Raises RecordError with the JSON path of the first fault.
    """
    return fault.check(record, _schema(), source, "Measure the cell again, or restore the file.")


def upgrade(record: object, source: str = "record") -> Record:
    """Bring a record of any known version to the present one.

    Raises RecordError for a version that is newer than this edgebench, or that is not one.
    """
    version = record.get("schema") if isinstance(record, dict) else None
    if not isinstance(record, dict) or type(version) is not int or version < 1:
        raise RecordError(f"{source}: $.schema: no schema version, found {version!r}. This is not a record.")
    if version > VERSION:
        raise RecordError(
            f"{source}: schema {version} is newer than {VERSION}, the last that edgebench {edgebench.__version__} "
            f"reads. Install edgebench {record.get('edgebench', 'of that schema')} or later."
        )
    while version < VERSION:
        record = UPGRADES[version](record)
        version += 1
    return record


@cache
def _schema() -> Any:
    text = resources.files("edgebench.records").joinpath(f"schema-{VERSION}.json").read_text("utf-8")
    return json.loads(text)
