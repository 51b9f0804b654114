"""What is evaluated: a trained model's folder, or an artifact made of it, with what is known of both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.backends import base as backends
from edgebench.errors import ModelError, UsageError
from edgebench.files import sha256
from edgebench.models import store

DIFFERENCE = "difference"  # what a model without a kind looks at


@dataclass(frozen=True)
class Subject:
    path: Path  # given to the backend
    backend: str
    target: str | None  # None: the model as trained
    sha256: str | None  # of the artifact
    model: dict[str, Any]  # as in a record: name, sha256, kind, alpha, input_size, parameters, macs

    @property
    def label(self) -> str:
        return f"{self.model['name']}/{self.target}" if self.target else str(self.model["name"])


def find(name: str, models: Path) -> Subject:
    """A model by its name or folder, an artifact by its file or MODEL/TARGET.

    Raises UsageError, which lists the models there are, or ModelError where hashes differ from card or sidecar.
    """
    for path in (models / name, Path(name)):
        if (path / store.CARD).is_file():
            return _trained(path)
        if path.name == store.MODEL and path.with_name(store.CARD).is_file():
            return _trained(path.parent)
        if path.is_file():
            return _artifact(path)
    suffixes = (suffix for suffix in backends.all_suffixes() if suffix != ".keras")
    for file in (models / f"{name}{suffix}" for suffix in suffixes):
        if file.is_file():
            return _artifact(file)
    known = sorted(path.parent.name for path in models.glob(f"*/{store.CARD}"))
    raise UsageError(
        f"no model {name!r}: not a name below {models}, a folder, an artifact's file, or MODEL/TARGET. "
        f"Models there: {', '.join(known) or 'none'}."
    )


def _trained(folder: Path) -> Subject:
    store.identity(folder)
    card = store.load_card(folder)
    about = {"name": card.name, "sha256": card.sha256, "kind": card.kind or DIFFERENCE, "alpha": card.alpha}
    about |= {"input_size": card.input_size, "parameters": card.parameters, "macs": card.macs}
    return Subject(folder / store.MODEL, "keras", None, None, about)


def _artifact(path: Path) -> Subject:
    backend = backends.for_artifact(path)
    sidecar = path.with_suffix(".json")
    try:
        known = json.loads(sidecar.read_text(encoding="utf-8"))
        model, target = known["model"], known["target"]
        about = {key: model[key] for key in ("name", "sha256", "alpha", "input_size", "parameters", "macs")}
        for file in known["files"]:
            _verify(path.with_name(file["name"]), file["sha256"])
        first = str(known["files"][0]["sha256"])
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be read ({error.strerror}). Convert the model again.") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelError(f"{sidecar}: {error} is missing or not as expected. Convert the model again.") from error
    card = path.with_name(store.CARD)
    kind = model.get("kind") or (store.load_card(path.parent).kind if card.is_file() else None)
    return Subject(path, backend, target, first, {**about, "kind": kind or DIFFERENCE})


def _verify(file: Path, expected: str) -> None:
    if sha256(file) != expected:
        raise ModelError(f"{file}: not the file that its sidecar describes (SHA-256 differs). Convert it again.")
