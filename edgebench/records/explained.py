"""What `edgebench explain` found, kept: each layer's part of what quantisation does to the answers of an artifact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.errors import RecordError
from edgebench.records import fault, store
from edgebench.records.statistics import Estimate

FOLDER = "explain"
_ADVICE = "Explain the artifact again with edgebench explain, or restore the file."
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_UM: dict[str, Any] = {"type": "number"}
_RATIO: dict[str, Any] = {
    "anyOf": [
        {"type": "null"},
        {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 3, "maxItems": 3},
    ]
}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "artifact", "data", "shares", "whole_um"],
    "properties": {
        "schema": {"const": 1},
        "artifact": {
            "type": "object",
            "required": ["model", "target", "sha256"],
            "properties": {"model": _TEXT, "target": _TEXT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
        },
        "data": {
            "type": "object",
            "required": ["name", "simulated"],
            "properties": {"name": _TEXT, "simulated": {"type": ["boolean", "null"]}},
        },
        "whole_um": {"type": "number", "minimum": 0},
        "shares": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["layer", "kind", "alone_um", "saved_um", "bytes", "time_ratio"],
                "properties": {
                    "layer": _TEXT,
                    "kind": _TEXT,
                    "alone_um": {"type": "number", "minimum": 0},
                    "saved_um": _UM,
                    "bytes": {"type": "integer"},
                    "time_ratio": _RATIO,
                },
            },
        },
    },
}


@dataclass(frozen=True)
class Share:
    layer: str
    kind: str
    alone_um: float  # mean |difference| from float32 with only this layer quantised
    saved_um: float  # by which that of the artifact falls where only this one stays in float; may be below 0
    bytes: int  # by which the file grows where this one stays in float
    time_ratio: Estimate | None  # of a call with this layer in float, over the artifact's: a look, no measurement


@dataclass(frozen=True)
class Explained:
    model: str
    target: str
    sha256: str  # of the artifact
    data: Mapping[str, Any]  # name, simulated
    whole_um: float  # mean |difference| of the artifact's answers from float32's
    shares: tuple[Share, ...]  # by what they do alone, the largest first

    @property
    def simulated(self) -> bool:
        return bool(self.data["simulated"])


def path_of(results: Path, model: str, target: str) -> Path:
    return results / FOLDER / f"{model}_{target}.json"


def save(raw: dict[str, Any], results: Path) -> Path:
    """Check and write one, in place of what is there; RecordError where it is not of this shape."""
    _check(raw, "explanation")
    path = path_of(results, raw["artifact"]["model"], raw["artifact"]["target"])
    try:
        text = store.render(raw) + "\n"
    except ValueError as error:
        raise RecordError(f"{path}: a number that is not finite ({error}). Check the artifact.") from error
    return store.write(path, text)


def load(path: Path) -> Explained:
    """RecordError names the file and what is wrong with it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}). Check the results folder.") from error
    except ValueError as error:  # not UTF-8, not JSON, NaN
        raise RecordError(f"{path}: damaged ({error}). {_ADVICE}") from error
    raw = _check(found, str(path))
    shares = tuple(
        Share(**{**one, "time_ratio": Estimate(*one["time_ratio"]) if one["time_ratio"] else None})
        for one in sorted(raw["shares"], key=lambda one: (-one["alone_um"], one["layer"]))
    )
    artifact = raw["artifact"]
    model, target = artifact["model"], artifact["target"]
    if path.stem != f"{model}_{target}":
        raise RecordError(f"{path}: explains {model}/{target}. Rename it back, or remove the copy.")
    return Explained(model, target, artifact["sha256"], raw["data"], raw["whole_um"], shares)


def load_all(results: Path) -> tuple[Explained, ...]:
    """By path; the first damaged one is a RecordError."""
    return tuple(load(path) for path in sorted((results / FOLDER).glob("[!.]*.json")))


def _check(raw: object, source: str) -> dict[str, Any]:
    return fault.check(raw, _SCHEMA, source, _ADVICE)


def _refuse(constant: str) -> float:
    raise ValueError(f"the number {constant} is not finite")
