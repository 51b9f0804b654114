"""An artifact on disk with its sidecar: written whole under temporary names, renamed, never overwritten unasked."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import edgebench
from edgebench.convert import base, parity
from edgebench.convert.base import Target
from edgebench.convert.source import Source
from edgebench.data.scratch import scratch
from edgebench.errors import ConversionError
from edgebench.files import sha256
from edgebench.quantise import answers, calibration
from edgebench.quantise import recipe as recipes
from edgebench.quantise.calibration import Calibration
from edgebench.quantise.recipe import DEFAULT, Recipe

SCHEMA = 1
_OF_MODEL = ("name", "sha256", "kind", "alpha", "input_size", "parameters", "macs")


@dataclass(frozen=True)
class Artifact:
    """One converted model: the folder's sidecar and what it says."""

    sidecar: Path
    about: dict[str, Any]

    @property
    def bytes(self) -> int:
        return sum(int(file["bytes"]) for file in self.about["files"])


def existing(folder: Path, target: Target, model_sha256: str, recipe: Recipe = DEFAULT) -> Artifact | None:
    """The artifact of this model, where it is there and whole; None where there is nothing.

    What a killed make() left counts as nothing. Raises ConversionError for one of another model or recipe, a damaged
    one, and a file that has no sidecar.
    """
    sidecar, first = folder / f"{target.name}.json", folder / (target.name + target.suffix)
    if not sidecar.is_file():
        if first.exists() and not _pending(sidecar).is_file():
            raise ConversionError(f"{first}: has no sidecar, so its model is not known. Replace it with --force.")
        return None
    found = load(sidecar)
    made_from = found.about["model"]["sha256"]
    if made_from != model_sha256:
        raise ConversionError(
            f"{sidecar}: made from another model ({made_from[:12]}, not {model_sha256[:12]}). Replace it with --force."
        )
    made_by = found.about.get("recipe") or {}
    if made_by != recipes.plain(recipe):
        raise ConversionError(
            f"{sidecar}: made by another recipe ({made_by or 'the default'}). Replace it with --force."
        )
    return found


def load(sidecar: Path) -> Artifact:
    """Read a sidecar and check its files; ConversionError where one is missing or differs."""
    try:
        about = json.loads(sidecar.read_text())
        files = {str(file["name"]): str(file["sha256"]) for file in about["files"]}
        about["model"]["sha256"]
        version = about.get("schema", SCHEMA)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConversionError(f"{sidecar}: not a readable sidecar ({error}). Convert again with --force.") from error
    if not isinstance(version, int) or version > SCHEMA:
        raise ConversionError(
            f"{sidecar}: schema {version!r}, this edgebench {edgebench.__version__} reads up to {SCHEMA}. "
            "Install the edgebench that made it, or convert again with --force."
        )
    for name, expected in files.items():
        file = sidecar.with_name(name)
        if not file.is_file() or sha256(file) != expected:
            state = "differs from its sidecar (SHA-256)" if file.is_file() else "is missing"
            raise ConversionError(f"{file}: {state}. Convert again with --force.")
    return Artifact(sidecar, about)


def make(
    folder: Path,
    target: Target,
    source: Source,
    probe: parity.Probe,
    patches: Calibration | None,
    recipe: Recipe = DEFAULT,
    work: Path | None = None,
) -> Artifact:
    """Convert, check parity, and put files and sidecar in place; on any failure nothing changes in `folder`.

    work: a folder that keeps the float32 files for the next target of the same source and recipe.
    """
    sidecar = folder / f"{target.name}.json"
    used = patches if target.calibrated else None
    with scratch(folder / target.name) as building, tempfile.TemporaryDirectory() as own:
        first = building / (target.name + target.suffix)
        among = work or Path(own)
        made = base.convert(target, source, first, used.x if used else None, recipe, among)
        files = [first, *sorted(file for file in building.iterdir() if file != first)]
        about = {
            "schema": SCHEMA,
            "target": target.name,
            "base": target.name.removesuffix(f"-{target.label}") if target.label else target.name,
            "format": target.format,
            "precision": target.precision,
            "model": {key: value for key, value in asdict(source.card).items() if key in _OF_MODEL},
            "files": [{"name": f.name, "bytes": f.stat().st_size, "sha256": sha256(f)} for f in files],
            "options": made.options,
            "versions": made.versions,
            "recipe": recipes.plain(recipe),
            "units": list(made.units),
            "calibration": _manifest(used) if used else None,
            "parity": parity.check(target, source, first, probe, recipe.batch),
            "stability": _stability(target, source, probe, used, recipe, among) if used else None,
        }
        written = building / "sidecar"
        written.write_text(json.dumps(about, indent=1) + "\n")
        written.replace(_pending(sidecar))  # says whose the files are, if this is killed before the end
        sidecar.unlink(missing_ok=True)  # while files change, none vouches for them
        for file in files:
            file.replace(folder / file.name)
        _pending(sidecar).replace(sidecar)
    return Artifact(sidecar, about)


def _stability(
    target: Target, source: Source, probe: parity.Probe, used: Calibration, recipe: Recipe, work: Path
) -> dict[str, Any] | None:
    """How far two artifacts are apart that two disjoint halves of the calibration patches make; None of one patch."""
    first, second = calibration.halves(used)
    if not len(second):
        return None
    unseen = probe.x[len(probe.x) - (probe.unseen or len(probe.x)) :][: parity.PATCHES]
    found = []
    for half in (first, second):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"half{target.suffix}"
            base.convert(target, source, file, half, recipe, work)
            found.append(answers.predict(target.backend, file, unseen, recipe.batch or answers.BATCH)[0])
    off = np.abs(found[0] - found[1])
    about = {"patches": len(unseen), "calibration_each": [len(first), len(second)]}
    return {**about, "mean_um": float(off.mean()), "max_um": float(off.max())}


def _pending(sidecar: Path) -> Path:
    return sidecar.with_name(f".{sidecar.name}.pending")


def patches_sha256(x: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(x).tobytes()).hexdigest()


def _manifest(calibration: Calibration) -> dict[str, Any]:
    patches = patches_sha256(calibration.x)
    ids = [f"{one['stack']} {one['z_um']} um" for one in calibration.about["ids"]]
    return {**calibration.about, "ids": ids, "patches_sha256": patches}
