"""The checkpoint of a training: all that the next call needs to go on as if nothing had happened, in one file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.errors import ModelError, UsageError
from edgebench.files import whole

if TYPE_CHECKING:
    import keras

NAME = "checkpoint.npz"


def save(
    file: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer, history: list[Any], settings: Any
) -> None:
    """Write weights, optimizer, history (one entry an epoch) and settings under a temporary name; then rename it."""
    about = json.dumps({"history": history, "settings": settings}).encode()
    arrays = {f"model_{i:04}": value for i, value in enumerate(model.get_weights())}
    arrays |= {f"optimizer_{i:04}": np.asarray(value) for i, value in enumerate(optimizer.variables)}
    with whole(file) as writing:
        np.savez(writing, about=np.frombuffer(about, np.uint8), **arrays)


def history(file: Path, settings: Any) -> list[Any]:
    """The finished epochs; UsageError where the training was begun with other settings, ModelError if damaged."""
    about = json.loads(_read(file)["about"].tobytes())
    for name, value in json.loads(json.dumps(settings)).items():
        if about["settings"].get(name) != value:
            begun = about["settings"].get(name)
            if isinstance(value, (dict, list)):
                raise UsageError(f"{file}: begun with other {name.replace('_', ' ')}. Start again with --force.")
            raise UsageError(
                f"{file}: begun with {name} {begun!r}, not {value!r}. Use {begun!r}, or start again with --force."
            )
    found: list[Any] = about["history"]
    return found


def load(file: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """Restore model and (built) optimizer."""
    arrays = _read(file)
    model.set_weights([arrays[name] for name in sorted(arrays) if name.startswith("model_")])
    kept = [arrays[name] for name in sorted(arrays) if name.startswith("optimizer_")]
    for variable, value in zip(optimizer.variables, kept):
        variable.assign(value)


def _read(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file}: not a readable checkpoint ({error}). Start again with --force.") from error
