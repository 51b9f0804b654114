"""What a JSON schema finds wrong with a record, as the one line that the user gets."""

from __future__ import annotations

from typing import Any, cast

from edgebench.errors import RecordError

LONGEST = 160  # characters of a message; its end tells more than its beginning, which is the value itself


def check(record: object, validator: Any, source: str, advice: str) -> dict[str, Any]:
    """The record, an object by its schema; RecordError with the JSON path of the first fault."""
    found: Any = min(validator.iter_errors(record), key=lambda one: list(map(str, one.absolute_path)), default=None)
    if found is not None:
        text = found.message if len(found.message) <= LONGEST else "..." + found.message[3 - LONGEST :]
        raise RecordError(f"{source}: {found.json_path}: {text}. {advice}")
    return cast("dict[str, Any]", record)
