"""What a JSON schema finds wrong with a record, as the one line that the user gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from edgebench.errors import RecordError

LONGEST = 160  # characters of a message; its end tells more than its beginning, which is the value itself


def check(record: object, schema: Mapping[str, Any], source: str, advice: str) -> dict[str, Any]:
    """The record, an object by its schema; RecordError with the JSON path of the first fault.

    Nearly every record is sound, and has a hundred thousand numbers: that is asked of a compiled validator, and only
    of the others what is wrong.
    """
    if _compiled(json.dumps(schema)).is_valid(record):
        return cast("dict[str, Any]", record)
    import jsonschema

    thorough = jsonschema.Draft202012Validator(schema)
    found: Any = min(thorough.iter_errors(record), key=lambda one: list(map(str, one.absolute_path)), default=None)
    if found is not None:
        text = found.message if len(found.message) <= LONGEST else "..." + found.message[3 - LONGEST :]
        raise RecordError(f"{source}: {found.json_path}: {text}. {advice}")
    return cast("dict[str, Any]", record)


@cache
def _compiled(schema: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(json.loads(schema))
