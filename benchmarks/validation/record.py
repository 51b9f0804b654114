"""results/validation/peers.json: what every process has said, and what is needed to judge it."""

from __future__ import annotations

from typing import Any

from common import fields, many

EDGEBENCH = "edgebench"  # as one of the programs of a cell, beside the peers
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_NS: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}
_MAYBE_NS: dict[str, Any] = {"type": ["number", "null"], "exclusiveMinimum": 0}

_PROCESS = fields(
    by=_TEXT,
    round={"type": "integer", "minimum": 0},
    place={"type": "integer", "minimum": 0},
    calls=_COUNT,
    median_ns=_MAYBE_NS,
    mean_ns=_NS,
    load={"type": "number", "minimum": 0},
)
_CELL = fields(
    artifact=_TEXT,
    sha256=_TEXT,
    backend=_TEXT,
    batch_size=_COUNT,
    threads=_COUNT,
    programs=many(_TEXT),
    executed={"type": "object"},
    processes=many(_PROCESS),
)
SCHEMA = fields(
    schema={"const": 1},
    kind={"const": "validation"},
    created=_TEXT,
    edgebench=_TEXT,
    code_sha256=_TEXT,
    quick={"type": "boolean"},
    settings=fields(rounds=_COUNT, calls=_COUNT, seconds=_NS, seed={"type": "integer"}),
    host={"type": "object", "required": ["cpu", "cores", "python", "versions"]},
    before={"type": "object"},
    after={"type": "object"},
    data={"type": "object", "required": ["name", "simulated", "sha256"]},
    peers={"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    skipped={"type": "object", "additionalProperties": _TEXT},
    cells=many(_CELL),
)
