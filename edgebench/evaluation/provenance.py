"""What an answer owes beside model and data: the code that made it, and objects that the training showed already."""

from __future__ import annotations

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import edgebench
from edgebench.backends import base as backends
from edgebench.files import sha256_of_sources

# Below edgebench/. What turns answers into figures is not among them: a record holds the answers.
_SOURCES = (
    "focus/images.py",
    "focus/preprocess.py",
    "focus/aggregate.py",
    "evaluation/planes.py",
    "evaluation/predict.py",
)


def code_sha256(backend: str) -> str:
    """Of the sources that decide the answers and contrasts of a record: a change elsewhere makes none stale."""
    package = Path(edgebench.__file__).parent
    top, _, module = backends.entry(backend).module.partition(".")
    own = (f"{module.replace('.', '/')}.py",) if top == "edgebench" else ()  # another package tells its version instead
    return sha256_of_sources(package, (package / name for name in (*_SOURCES, *own)))


def objects(manifest: Mapping[str, Any] | None) -> dict[str, dict[str, str]]:
    """By split and stack the SHA-256 of the real image that the stack shows; {} where dataset.json tells of none."""
    if manifest is None or not manifest.get("objects"):
        return {}
    known, found = manifest["objects"], {}
    for split, part in manifest["splits"].items():
        images = {stack: about.get("parameters", {}).get("image") for stack, about in part["stacks"].items()}
        found[split] = {stack: known[image] for stack, image in images.items() if image in known}
    return found


def seen_stacks(shown: Mapping[str, Mapping[str, str]], trained_on: Set[str]) -> dict[str, list[str]]:
    """By split the stacks whose object is among those of the training, of splits that have some.

    shown: as objects() gives it. trained_on: SHA-256 of images.
    """
    found = {split: [stack for stack, sha256 in of.items() if sha256 in trained_on] for split, of in shown.items()}
    return {split: stacks for split, stacks in found.items() if stacks}
