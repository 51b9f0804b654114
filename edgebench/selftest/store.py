"""The record of a self-test, results/selftest/<device>.json: checked, and written whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError
from edgebench.records import fault, schema, store
from edgebench.selftest.parts import chosen

VERSION = 1
KIND = "selftest"
FOLDER = "selftest"
ADVICE = "Make it again with edgebench selftest --force."


def _object(**properties: Any) -> dict[str, Any]:
    """All of them are required, and there are no others."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(items: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "items": items}


_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_COUNTS = {"type": "object", "additionalProperties": _COUNT}
_RUNS = {"type": "integer", "minimum": 1}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_OBJECT = {"type": "object"}  # a programme, or a record of its own schema
_LATENCY = {
    "type": "object",
    "required": ["samples_ns", "warmup_calls"],
    "properties": {"samples_ns": _list({"type": "integer"}), "warmup_calls": _COUNT},
}
_PARTS = {
    "clock": _object(
        steps_ns=_list({"type": "array", "prefixItems": [_COUNT, _RUNS], "minItems": 2, "maxItems": 2}),
        null=_list(_LATENCY),
        cases=_list(_object(case=_TEXT, programme=_OBJECT, processes=_list(_LATENCY))),
    ),
    "memory": _object(cases=_list(_object(case=_TEXT, programme=_OBJECT, memory=_OBJECT))),
    "error": _object(cases=_list(_object(case=_TEXT, programme=_OBJECT, record=_OBJECT))),
    "faults": _object(
        cases=_list(
            _object(
                fault=_TEXT,
                what=_TEXT,
                one_of=_list(_TEXT, 0),
                record={"type": ["object", "null"]},
                refused={"type": ["string", "null"]},
            )
        )
    ),
    "live-alarms": _object(records=_list(_OBJECT, 2)),
    "coverage": _object(rows=_list(_object(case=_TEXT, runs=_RUNS, hits=_COUNT))),
    "alarms": _object(
        rows=_list(_object(noise=_TEXT, pairs=_RUNS, records=_RUNS, verdicts=_COUNTS, latency=_COUNTS, error=_COUNTS))
    ),
    "power": _object(rows=_list(_object(case=_TEXT, runs=_RUNS, times=_list({"type": "number"}), hits=_list(_COUNT)))),
}
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        schema={"const": VERSION},
        kind={"const": KIND},
        note=_TEXT,
        created=_TEXT,
        edgebench=_TEXT,
        code_sha256=_SHA256,
        seed=_COUNT,
        quick={"type": "boolean"},
        device=_object(name=_TEXT, emulated={"type": "boolean"}, host=_OBJECT, before=_OBJECT, after=_OBJECT),
        seconds={"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
        parts={"type": "object", "minProperties": 1, "additionalProperties": False, "properties": _PARTS},
    ),
}


def path_of(results: Path, device: str, names: Sequence[str], *, quick: bool) -> Path:
    """A quick or a partial run has a name of its own, and never takes the place of a whole one."""
    parts = "" if tuple(names) == chosen((), quick=quick) else f"_{'_'.join(names)}"
    return results / FOLDER / f"{device}{'_quick' if quick else ''}{parts}.json"


def check_free(path: Path, *, force: bool) -> None:
    """Raises RecordError where the record could not be written, or is there and not to be replaced."""
    store.check_writable(path.parents[1], FOLDER)
    if path.exists() and not force:
        raise RecordError(f"{path}: already there. Keep it, or replace it with --force.")


def save(record: dict[str, Any], path: Path) -> Path:
    validate(record, str(path))
    return store.write(path, store.render(record) + "\n")


def load(path: Path) -> dict[str, Any]:
    """Raises RecordError, which names the file and what is wrong with it."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecordError(f"{path}: no such record. Make it with edgebench selftest.") from error
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: damaged ({error}). {ADVICE}") from error
    return validate(raw, str(path))


def validate(record: object, source: str) -> dict[str, Any]:
    """Check a record, and the records of runs inside it, each brought to the present version of its own schema."""
    sound = fault.check(record, _SCHEMA, source, ADVICE)
    for case in _cases(sound["parts"]):
        if case["record"] is not None:
            case["record"] = _run(case["record"], source)
    live = sound["parts"].get("live-alarms", {"records": []})
    live["records"] = [_run(run, source) for run in live["records"]]
    return sound


def _cases(parts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("error", "faults"):
        yield from parts.get(name, {}).get("cases", ())


def _run(record: dict[str, Any], source: str) -> dict[str, Any]:
    where = f"{source}: {record.get('id')}"
    return schema.validate(schema.upgrade(record, where), where)
