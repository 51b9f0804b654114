"""What is evaluated: a trained model's folder, or an artifact made of it, with what is known of both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.backends import base as backends
from edgebench.errors import ModelError, UsageError
from edgebench.files import sha256
from edgebench.models import store
from edgebench.models.store import Card

DIFFERENCE = "difference"  # what a model without a kind looks at


@dataclass(frozen=True)
class Subject:
    path: Path  # given to the backend
    backend: str
    target: str | None  # None: the model as trained
    sha256: str | None  # of the artifact
    model: dict[str, Any]  # as in a record: name, sha256, kind, alpha, input_size, parameters, macs
    objects: frozenset[str] = frozenset()  # SHA-256 of the real images in its training data, as far as its card tells

    @property
    def label(self) -> str:
        return f"{self.model['name']}/{self.target}" if self.target else str(self.model["name"])


def find(name: str, models: Path) -> Subject:
    """A model by its name or folder, an artifact by its file or MODEL/TARGET.

    Raises UsageError, which lists the models there are, or ModelError where hashes differ from card or sidecar, also
    where the model was trained anew since the artifact was made of it.
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
    about: dict[str, Any] = {
        "name": card.name,
        "sha256": card.sha256,
        "kind": card.kind or DIFFERENCE,
        "alpha": card.alpha,
    }
    about |= {"input_size": card.input_size, "parameters": card.parameters, "macs": card.macs}
    about["trained_on"] = _trained_on(card, folder)
    return Subject(folder / store.MODEL, "keras", None, None, about, _objects(card, folder))


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
    card = store.load_card(path.parent) if path.with_name(store.CARD).is_file() else None
    if card is not None and card.sha256 != about["sha256"]:
        old, new = str(about["sha256"])[:12], str(card.sha256)[:12]
        raise ModelError(
            f"{path} was converted from an older model ({old}, the one beside it is {new}). "
            f"Convert again: edgebench convert {path.parent} --to {target} --force"
        )
    about["kind"] = model.get("kind") or (card.kind if card else None) or DIFFERENCE
    if card is not None:
        about["trained_on"] = _trained_on(card, path.parent)
    return Subject(path, backend, target, first, about, _objects(card, path.parent) if card else frozenset())


def _trained_on(card: Card, folder: Path) -> list[dict[str, Any]]:
    """The data sets that the model has learnt from; objects: how many real images were among those of a simulation."""
    with _card_in_order(folder):
        return [
            {
                "name": one["name"],
                "simulated": one["simulated"],
                "sha256": one["sha256"],
                "objects": len(one.get("setup", {}).get("objects", {})),
            }
            for one in card.data
            if {"name", "simulated", "sha256"} <= one.keys()
        ]


def _objects(card: Card, folder: Path) -> frozenset[str]:
    with _card_in_order(folder):
        shown = [one.get("setup", {}).get("objects", {}) for one in card.data]
        return frozenset(sha256 for objects in shown for sha256 in objects.values())


@contextmanager
def _card_in_order(folder: Path) -> Iterator[None]:
    try:
        yield
    except (AttributeError, TypeError) as error:
        raise ModelError(f"{folder / store.CARD}: its data are not as expected ({error}). Train it again.") from error


def _verify(file: Path, expected: str) -> None:
    if sha256(file) != expected:
        raise ModelError(f"{file}: not the file that its sidecar describes (SHA-256 differs). Convert it again.")
