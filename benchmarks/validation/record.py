"""results/validation/peers.json: what every process has said, and what is needed to judge it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common
import numpy as np
from common import Record, fields, many

from edgebench.errors import RecordError

EDGEBENCH = "edgebench"  # as one of the programs of a cell, beside the peers
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
_NS: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}
_MAYBE_NS: dict[str, Any] = {"type": ["number", "null"], "exclusiveMinimum": 0}

_OURS = {"if": {"properties": {"by": {"const": EDGEBENCH}}}, "then": {"required": ["steady", "samples_ns"]}}
_PROCESS = _OURS | fields(
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


def load(path: Path) -> Record:
    """Raises RecordError also where processes are missing, or a median is not that of its samples."""
    record = common.load(path, SCHEMA)
    fault = next(_faults(record), None)
    if fault is not None:
        raise RecordError(f"{path}: {fault}. Measure again with --force.")
    return record


def _faults(record: Record) -> Iterator[str]:
    rounds = list(range(record["settings"]["rounds"]))
    for cell in record["cells"]:
        for program in cell["programs"]:
            if sorted(one["round"] for one in cell["processes"] if one["by"] == program) != rounds:
                yield f"{cell['artifact']}: not one process of {program} in each round"
        for one in cell["processes"]:
            if one["by"] == EDGEBENCH and one["median_ns"] != np.median(one["samples_ns"]):
                yield f"{cell['artifact']}, round {one['round']}: the median is not that of the samples"
