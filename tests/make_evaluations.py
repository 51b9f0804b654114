"""Valid evaluations with chosen errors, for the tests: small, made up, and the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from make_records import SAMPLES, SHA, Z_NM

NUMBERS = {"test-1": 1, "test-2": 7}  # of the paper's first sample
SIZE = 16  # px, of a made-up model's input
VERSIONS = {"keras": "3.15.1", "tensorflow": "2.21.0"}


def image(stack: str, z_nm: int, answers_um: list[float], contrast: list[float] | None = None) -> dict[str, Any]:
    contrast = contrast or [8.0] * len(answers_um)
    answers_um = [round(um, 3) for um in answers_um]
    return {
        "stack": stack,
        "sample": stack.split("_")[0],
        "z_nm": z_nm,
        "patches_um": answers_um,
        "contrast": contrast,
    }


def stacks(split: str) -> list[str]:
    return [f"{sample}_l{n + 1}" for sample, fields in SAMPLES[split].items() for n in range(fields)]


def images(split: str, error_um: float) -> list[dict[str, Any]]:
    """Errors alternate in sign and grow along the stacks by half: those of the weighted answer.

    Two of five tiles are empty and 3 um off, so that the median is 0.1 um more.
    """
    names = stacks(split)
    return [
        image(stack, z_nm, [answer - 0.1, answer, answer + 0.1, answer + 3, answer + 3], [8.0, 8.0, 8.0, 0.5, 0.5])
        for number, stack in enumerate(names)
        for step, z_nm in enumerate(Z_NM)
        for answer in [z_nm / 1000 + error_um * (1 + number / (2 * len(names))) * (-1 if step % 2 else 1)]
    ]


def make_evaluation(
    model: str = "original",
    errors_um: tuple[float, ...] = (0.2, 0.35),
    *,
    alpha: float = 1.0,
    input_size: int = 224,
    kind: str = "difference",
    target: str | None = None,
    set: str = "made-up-slides",
    simulated: bool = True,
    quality: int | None = None,
    limit: int | None = None,
    created: str = "2025-01-02T03:04:05Z",
    of: Callable[[str, float], list[dict[str, Any]]] = images,
) -> dict[str, Any]:
    """A whole record; errors_um are those of test-1 and test-2 at their first stacks."""
    parts = [model, set, target or "", f"q{quality}" if quality else "", f"n{limit}" if limit else ""]
    splits = dict(zip(SAMPLES, errors_um))
    return {
        "schema": 1,
        "id": "_".join(part for part in parts if part),
        "created": created,
        "edgebench": "0.1.0",
        "model": {
            "name": model,
            "sha256": SHA["model"],
            "kind": kind,
            "alpha": alpha,
            "input_size": input_size,
            "parameters": int(2_258_000 * alpha),
            "macs": int(299_500_000 * alpha * (input_size / 224) ** 2),
            "trained_on": [{"name": "made-up-training", "simulated": True, "sha256": SHA["data"], "objects": 9}],
        },
        "backend": {
            "name": "litert" if target else "keras",
            "versions": {"ai-edge-litert": "2.3.0"} if target else VERSIONS,
            "target": target,
            "sha256": SHA["artifact"] if target else None,
        },
        "set": set,
        "data": {
            "name": set,
            "simulated": simulated,
            "seed": 7 if simulated else None,
            "sha256": SHA["data"],
            "rule": "an image is a pair of planes exactly 2 um apart",
            "splits": {
                split: {"stacks": n, "images": n * len(Z_NM), "patches": n * len(Z_NM) * 5}
                for split, n in ((split, sum(SAMPLES[split].values())) for split in splits)
            },
        },
        "jpeg_quality": quality,
        "jpeg_sampling": "4:2:0" if quality else None,
        "stacks_limit": limit,
        "sample_name": {
            split: {sample: f"Sample {NUMBERS[split] + n}" for n, sample in enumerate(SAMPLES[split])}
            for split in splits
        },
        "splits": {split: of(split, um) for split, um in splits.items()},
    }


def folder(models: Path, name: str, *, kind: str | None = None, weights: bytes = b"weights") -> Path:
    """A model's folder, of which only hashes are ever read."""
    path = models / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "model.keras").write_bytes(weights)
    card = {"name": name, "sha256": hashlib.sha256(weights).hexdigest(), "input_size": SIZE, "parameters": 5, "macs": 7}
    (path / "card.json").write_text(json.dumps({**card, "alpha": 0.4, "kind": kind}))
    return path
