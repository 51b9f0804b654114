"""What the commands on models share: finding one by name, folder or file, and its identity without loading it."""

from __future__ import annotations

from pathlib import Path

from edgebench.errors import ModelError


def find(model: str, models: Path) -> Path:
    """A model's folder, a .keras or .onnx file, or a SavedModel's folder; ModelError, which lists what there is."""
    from edgebench.models.store import CARD, MODEL

    for path in (Path(model), models / model):
        folder = path.parent if path.name == MODEL else path
        if (folder / CARD).is_file():
            return folder
        if (path.suffix in (".keras", ".onnx") and path.is_file()) or (path / "saved_model.pb").is_file():
            return path
    there = ", ".join(sorted(card.parent.name for card in models.glob(f"*/{CARD}"))) or "none"
    raise ModelError(
        f"no model {model!r}. Below {models}: {there}; or give a folder, a .keras or .onnx file, or a SavedModel."
    )


def folder_of(path: Path, models: Path) -> Path:
    """Where the artifacts of a model lie: beside its card, or below `models` where it has none."""
    from edgebench.models import store

    if (path / store.CARD).is_file():
        return path
    name = path.stem if path.is_file() else path.name
    store.check_name(name, f"Rename {path}.")
    return models / name


def identity(path: Path) -> str:
    """SHA-256 of the model."""
    from edgebench.files import sha256
    from edgebench.models import store

    if path.suffix == ".onnx":
        return sha256(path)
    if (path / "saved_model.pb").is_file():
        from edgebench.convert import source_savedmodel

        return source_savedmodel.identity(path)
    return store.identity(path)
