"""An artifact and what is known of it: from its sidecar, from the card of a Keras model, or from the file alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.backends import base as backends
from edgebench.errors import ModelError, UsageError
from edgebench.files import sha256

FORMATS = {".tflite": "tflite", ".onnx": "onnx", ".xml": "openvino", ".keras": "keras"}
KERAS_TARGET = "keras-float32"
KERAS_FILE = "model.keras"
CARD = "card.json"
KIND = "difference"  # of input, that the runner feeds
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # of a model: a part of file names, as the schema of records has it
_MODEL = ("name", "alpha", "input_size", "parameters", "macs", "sha256")


@dataclass(frozen=True)
class Artifact:
    path: Path  # given to the backend
    model: dict[str, Any]  # as in a record; None for what a file without a sidecar does not tell
    about: dict[str, Any]  # "artifact" of a record

    @property
    def name(self) -> str:
        return f"{self.model['name']}/{self.about['target']}"

    @property
    def input_size(self) -> int:
        return int(self.model["input_size"])


def find(name: str, models: Path, input_size: int | None = None) -> Artifact:
    """A file, or MODEL/TARGET below `models`. Its hashes are compared with the sidecar's: ModelError if they differ.

    input_size is for a file without a sidecar. Raises UsageError, which lists what there is.
    """
    path = Path(name) if Path(name).is_file() else _named(name, models)
    sidecar = path.with_name(CARD) if path.name == KERAS_FILE else path.with_suffix(".json")
    if not sidecar.is_file():
        return _foreign(path, input_size)
    known = _read(sidecar)
    try:
        artifact = _of_card(path, known) if sidecar.name == CARD else _of_sidecar(path, known)
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelError(f"{sidecar}: {error} is missing or not as expected. Convert or train it again.") from error
    kind = (known if sidecar.name == CARD else known["model"]).get("kind")
    if kind not in (None, KIND):
        raise UsageError(f"{path}: its input is {kind!r}, `run` measures {KIND} images. `edgebench evaluate` takes it.")
    if input_size not in (None, artifact.input_size):
        raise UsageError(f"{path}: takes {artifact.input_size} px, --input-size is {input_size}. Leave it out.")
    if not isinstance(artifact.model["name"], str) or not _NAME.fullmatch(artifact.model["name"]):
        raise UsageError(
            f"{sidecar}: model name {artifact.model['name']!r}, expected letters, digits, '.', '_' and '-', and one of "
            "the first two in front. Rename the model, and convert it again."
        )
    _verify(path.parent, artifact.about["files"], sidecar)
    return artifact


def _named(name: str, models: Path) -> Path:
    model, slash, target = name.partition("/")
    known = sorted({path.parent.name for path in models.glob("*/*") if path.name == CARD or _has_sidecar(path)})
    if not slash or model not in known:
        raise UsageError(f"no artifact {name!r}: not a file, nor MODEL/TARGET. Models in {models}: {_list(known)}.")
    known_suffixes = formats()
    found = {path.stem: path for path in sorted((models / model).iterdir()) if path.suffix in known_suffixes}
    if KERAS_FILE in (path.name for path in found.values()):
        found[KERAS_TARGET] = found.pop(Path(KERAS_FILE).stem)
    if target not in found:
        raise UsageError(
            f"no target {target!r} of model {model!r}. There are: {_list(sorted(found))}. "
            "`edgebench convert` makes more."
        )
    return found[target]


def _has_sidecar(path: Path) -> bool:
    return path.suffix in formats() and path.with_suffix(".json").is_file()


def formats() -> dict[str, str]:
    """Suffix to format, those that backends of other packages read last."""
    return {suffix: suffix[1:] for suffix in backends.all_suffixes()} | FORMATS


def _of_sidecar(path: Path, known: dict[str, Any]) -> Artifact:
    about = _about(known["target"], known["format"], known["precision"], known["files"])
    made = {part: known[part] for part in ("options", "versions", "calibration", "parity")}
    if made["calibration"] is not None:  # its ids stay in the sidecar: hundreds
        made["calibration"] = {key: value for key, value in made["calibration"].items() if key != "ids"}
    return Artifact(path, {field: known["model"][field] for field in _MODEL}, {**about, "made": made})


def _of_card(path: Path, card: dict[str, Any]) -> Artifact:
    files = [{"name": path.name, "bytes": path.stat().st_size, "sha256": card["sha256"]}]
    return Artifact(path, {field: card[field] for field in _MODEL}, _about(KERAS_TARGET, "keras", "float32", files))


def _foreign(path: Path, input_size: int | None) -> Artifact:
    """Somebody's model: measured as it is, its precision and size not known."""
    known = formats()
    if path.suffix not in known:
        raise UsageError(f"{path}: unknown kind of artifact {path.suffix!r}. Known: {', '.join(known)}.")
    if input_size is None:
        raise UsageError(f"{path}: no sidecar says which input it takes. Give the side in px with --input-size.")
    weights = [path.with_suffix(".bin")] if path.suffix == ".xml" and path.with_suffix(".bin").is_file() else []
    files = [{"name": file.name, "bytes": file.stat().st_size, "sha256": sha256(file)} for file in (path, *weights)]
    format = known[path.suffix]
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path.stem).strip("-")
    model = {**dict.fromkeys(_MODEL), "name": name or "model", "input_size": input_size}
    return Artifact(path, model, _about(f"{format}-unknown", format, "unknown", files))


def _about(target: str, format: str, precision: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "target": target,
        "format": format,
        "precision": precision,
        "bytes": sum(file["bytes"] for file in files),
        "sha256": files[0]["sha256"],
        "files": files,
    }


def _verify(folder: Path, files: Sequence[dict[str, Any]], sidecar: Path) -> None:
    for file in files:
        path = folder / file["name"]
        if not path.is_file():
            raise ModelError(f"{path}: missing, though {sidecar.name} names it. Convert it again.")
        if sha256(path) != file["sha256"]:
            raise ModelError(f"{path}: hash differs from the one in {sidecar.name}. Convert it again.")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({error}). Convert or train it again.") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path}: not a JSON object. Convert or train it again.")
    return found


def _list(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
