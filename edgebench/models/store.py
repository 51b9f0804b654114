"""A regressor on disk: models/<name>/ with model.keras and card.json, one written with the other."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.errors import ModelError, UsageError
from edgebench.files import replace_text, sha256, whole

if TYPE_CHECKING:
    import keras

MODEL, CARD = "model.keras", "card.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of a model, and of its folder


@dataclass(frozen=True)
class Card:
    """What is known of a model; all of it but name, sha256 and sizes is missing for somebody else's .keras file."""

    name: str
    sha256: str  # of model.keras
    input_size: int
    parameters: int
    macs: int
    alpha: float | None = None
    kind: str | None = None  # "difference" or "single": what a patch is
    network: str | None = None  # of regressor.NETWORKS
    recipe: dict[str, Any] | None = None
    seed: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)  # epochs, patches an epoch
    data: list[dict[str, Any]] = field(default_factory=list)  # name, simulated, sha256, patches of each split
    history: list[dict[str, Any]] = field(default_factory=list)  # an entry an epoch
    results: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)  # command, date, hardware, seconds of training
    versions: dict[str, str] = field(default_factory=dict)


def check_name(name: str, advice: str) -> None:
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a model: letters, digits, '.', '_' and '-', the first a letter or digit. {advice}"
        )


def save(folder: Path, model: keras.Model, about: dict[str, Any]) -> Card:
    """Write model.keras and card.json; `about` is what Card holds beside sha256, sizes and the name of the folder."""
    from edgebench.models import size

    folder.mkdir(parents=True, exist_ok=True)
    with whole(folder / MODEL) as writing:
        model.save(writing)
        sizes = {"input_size": model.input_shape[1], "parameters": size.parameters(model), "macs": size.macs(model)}
        card = Card(name=folder.name, sha256=sha256(writing), **sizes, **about)
    replace_text(folder / CARD, json.dumps(asdict(card), indent=1) + "\n")
    return card


def versions() -> dict[str, str]:
    """Of what makes a model, for its card."""
    import tensorflow as tf  # its distribution has several names

    return {name: version(name) for name in ("edgebench", "keras", "numpy")} | {"tensorflow": tf.__version__}


def load_card(folder: Path) -> Card:
    file = folder / CARD
    try:
        found = json.loads(file.read_text())
        return Card(**{key: value for key, value in found.items() if key in {f.name for f in fields(Card)}})
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror}). Name a trained model's folder.") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: not a model card ({error}). Train or copy the model again.") from error


def identity(path: Path) -> str:
    """SHA-256 of the model in a folder (or of a .keras file), without loading it; ModelError if its card differs."""
    if path.suffix == ".keras":
        return sha256(path)
    file, expected = path / MODEL, load_card(path).sha256
    if not file.is_file():
        raise ModelError(f"{file}: not there. Train or copy the model again.")
    if sha256(file) != expected:
        raise ModelError(f"{file}: not the file that {CARD} describes (SHA-256 differs). Train or copy it again.")
    return expected


def load(path: Path) -> tuple[keras.Model, Card]:
    """A model's folder, or anybody's .keras file with one (B, S, S, 3) input and one output per patch.

    Raises ModelError for a file that is missing, damaged, not the one its card names, of another shape, or that
    holds weights which are not finite.
    """
    from edgebench.models import size

    if path.suffix == ".keras":
        model = _read(path)
        name, of_file = path.stem, sha256(path)
        return model, Card(name, of_file, model.input_shape[1], size.parameters(model), size.macs(model))
    identity(path)
    return _read(path / MODEL), load_card(path)


def _read(file: Path) -> keras.Model:
    import keras

    try:
        model = keras.saving.load_model(file, compile=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{file}: not a readable Keras model ({reason}). Train or copy it again.") from error
    shapes = (model.input_shape, model.output_shape)
    _, *given = model.input_shape if isinstance(model.input_shape, tuple) else (None,)
    if len(given) != 3 or given[0] != given[1] or given[0] is None or given[2] != 3 or model.output_shape != (None, 1):
        raise ModelError(f"{file}: shapes {shapes}, expected (B, S, S, 3) to (B, 1). Convert a model of one output.")
    bad = sum(int(np.sum(~np.isfinite(value))) for value in model.get_weights())
    if bad:
        raise ModelError(f"{file}: {bad} weights are not finite numbers. The training diverged; train it again.")
    return model
