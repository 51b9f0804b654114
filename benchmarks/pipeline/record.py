"""results/end-to-end/DEVICE.json: what every process has said."""

from __future__ import annotations

from typing import Any

from common import fields, many

PARTS = ("read", "smooth", "shrink", "standardise", "predict", "aggregate")
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_NS: dict[str, Any] = {"type": "integer", "minimum": 0}

_ROUND = {"round": {"type": "integer", "minimum": 0}, "load": {"type": "number", "minimum": 0}}
_WHOLE = fields(**_ROUND, stacks=_COUNT, images=_COUNT, wall_ns=_NS, cpu_ns=_NS, peak_rss_bytes=_COUNT)
_PARTS = fields(**_ROUND, images=_COUNT, ns=fields(**dict.fromkeys(PARTS, _NS)))
_PLAIN = fields(**_ROUND, images=_COUNT, wall_ns=_NS, mean_away_um={"type": "number"}, max_away_um={"type": "number"})
SCHEMA = fields(
    schema={"const": 1},
    kind={"const": "end-to-end"},
    created=_TEXT,
    edgebench=_TEXT,
    code_sha256=_TEXT,
    settings=fields(rounds=_COUNT, stacks=_COUNT, plain_images=_COUNT, batch_size=_COUNT, seed={"type": "integer"}),
    host={"type": "object", "required": ["cpu", "cores", "python", "versions"]},
    data={"type": "object", "required": ["name", "simulated", "sha256"]},
    model=_TEXT,
    artifacts={
        "type": "object",
        "minProperties": 1,
        "additionalProperties": fields(
            sha256=_TEXT,
            parts=many(_PARTS),
            whole={"type": "object", "minProperties": 1, "additionalProperties": many(_WHOLE)},
        ),
    },
    straightforward={"type": "object", "additionalProperties": many(_PLAIN)},
)
