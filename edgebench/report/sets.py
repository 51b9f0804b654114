"""What a data set is, as its record says: which test set of the paper, which optics, objects and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebench.report.numbers import NONE
from edgebench.report.rows import SETS

PROTOCOLS = {"test-1": "same protocol", "test-2": "different protocol"}
USUAL = "the test sets'"  # microscope of a simulated set for which no other was asked
FORMATS = {"png": "as stored (PNG, lossless)", "jpeg": "as stored (JPEG)"}
STORED = "as stored"


def setup(data: Mapping[str, Any]) -> dict[str, Any]:
    """What `edgebench data simulate` was asked for; nothing of real slides, and of records that do not say it."""
    return dict(data.get("setup") or {})


def heading(data: Mapping[str, Any], set: str, split: str) -> str:
    """The paper's name of a test set where the data are the published ones or their simulation; else our name of it."""
    if not like_the_papers(data) or split not in PROTOCOLS:
        return f"{set}, {split}"
    return f"{dict(SETS)[split]}, {PROTOCOLS[split]}"


def like_the_papers(data: Mapping[str, Any]) -> bool:
    """Whether the data are real, or simulated from procedural tissue by the usual optics and microscope."""
    if not data["simulated"]:
        return True
    known = setup(data)
    return not outside(data) if known else data["name"] == "simulated"


def outside(data: Mapping[str, Any]) -> bool:
    """Whether the data are known to be simulated of real images, or by another microscope or optical model."""
    known = setup(data)
    return bool(known.get("objects") or known.get("microscope") or known.get("optics", "linear") != "linear")


def made(data: Mapping[str, Any]) -> tuple[str, str, str]:
    """Cells on a set: optical model, objects, microscope; `-` where the record does not say it."""
    known = setup(data)
    if not data["simulated"]:
        return "real", "real slides", "real"
    if not known:
        return NONE, NONE, NONE
    points = known.get("source_points")
    model = f"{known.get('optics', NONE)}{f', {points} source points' if points else ''}"
    objects = known.get("objects")
    what = f"{len(objects)} real image{'s' if len(objects) > 1 else ''}" if objects else "procedural tissue"
    return model, what, known.get("microscope") or USUAL


def stored(data: Mapping[str, Any]) -> str:
    """How the planes lie on disk, as far as the record says it."""
    return FORMATS.get(str(setup(data).get("format")), STORED)
