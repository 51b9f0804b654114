"""Valid records of classical autofocus with chosen curves, for the tests."""

from __future__ import annotations

import json
from typing import Any

from make_records import SHA

MEASURES = ("tenengrad", "laplacian", "brenner", "boddeke", "normalised-variance")
Z_UM = [step / 2 for step in range(-10, 11)]


def lorentzian(peak_um: float = 0.0) -> list[float]:
    return [1 / (1 + (z - peak_um) ** 2) for z in Z_UM]


def make_classical(**data: Any) -> dict[str, Any]:
    """One stack of each test set, every curve with its one peak at 0. data: what differs in "data"."""
    curves = {name: lorentzian() for name in MEASURES}
    stacks = {"test-1": "s16_l1", "test-2": "s201_l1"}
    record = {
        "schema": 1,
        "kind": "classical",
        "created": "2025-01-02T03:04:05+00:00",
        "edgebench": "0.1.0",
        "versions": {"numpy": "2.0.0"},
        "settings": {"measures": list(MEASURES), "searches": ["uniform", "adaptive", "fit"]},
        "set": "simulated",
        "data": {
            "name": "simulated",
            "simulated": True,
            "seed": 7,
            "sha256": SHA["data"],
            "rule": "an image is a pair of planes exactly 2 um apart",
            "splits": {split: {"stacks": 1, "images": 17, "patches": 17} for split in stacks},
            **data,
        },
        "stacks": [
            {"split": split, "stack": stack, "sample": stack.split("_")[0], "z_um": Z_UM, "curves": curves}
            for split, stack in stacks.items()
        ],
    }
    return json.loads(json.dumps(record))  # no list is shared


def changed(record: dict[str, Any], number: int = -1, **curves: list[float]) -> dict[str, Any]:
    """The record with other curves of one of its stacks."""
    copy = json.loads(json.dumps(record))
    copy["stacks"][number]["curves"] |= curves
    return copy


def two_humps(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a second, lower hump at +3 um in the Laplacian of its last stack."""
    return changed(record, laplacian=[max(3 / (1 + z**2), 2 / (1 + (z - 3) ** 2)) for z in Z_UM])
