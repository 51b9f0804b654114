"""A TensorFlow SavedModel, by its serving signature; anybody's, so that all that is known of it is its file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.convert.source import Source, concrete, refuse_shapes, refuse_weights
from edgebench.errors import ModelError
from edgebench.files import sha256
from edgebench.models.store import Card

SIGNATURE = "serving_default"


def identity(folder: Path) -> str:
    """SHA-256 over the names and hashes of its files."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "fingerprint.pb")
    lines = [f"{file.relative_to(folder).as_posix()} {sha256(file)}" for file in files if _of_model(folder, file)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _of_model(folder: Path, file: Path) -> bool:
    """Not the artifacts that were made of it, which lie elsewhere, but to be safe."""
    return file.name == "saved_model.pb" or file.relative_to(folder).parts[0] in ("variables", "assets")


def load(folder: Path) -> Source:
    import tensorflow as tf

    try:
        model = tf.saved_model.load(str(folder))
        signature = model.signatures[SIGNATURE]
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"{folder}: no SavedModel with the signature {SIGNATURE} ({reason}). Export it anew."
        ) from error
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    size = refuse_shapes(
        str(folder), [one.shape.as_list() for one in inputs.values()], [one.shape.as_list() for one in outputs.values()]
    )
    taken, given = next(iter(inputs)), next(iter(outputs))
    variables = [variable.numpy() for variable in signature.variables]
    refuse_weights(str(folder), variables)

    def call(image: Any) -> Any:
        return tf.reshape(signature(**{taken: image})[given], [-1, 1])

    def predict(x: np.ndarray) -> np.ndarray:
        found: np.ndarray = call(tf.constant(x)).numpy().reshape(-1)
        return found

    parameters = sum(int(value.size) for value in variables)
    card = Card(folder.name, identity(folder), size, parameters, _macs(signature))
    keep = [model]  # its variables live as long as it does

    def function(batch: int) -> Any:
        return concrete(call, size, batch) if keep else None

    return Source(card, predict, (), function)


def _macs(signature: Any) -> int:
    """Multiply-accumulates of one patch, by TensorFlow's own count of floating-point operations of the graph."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    taken = [
        tf.TensorSpec([1, *spec.shape[1:]], spec.dtype) for spec in signature.structured_input_signature[1].values()
    ]
    name = next(iter(signature.structured_input_signature[1]))
    frozen = convert_variables_to_constants_v2(
        tf.function(lambda x: signature(**{name: x})).get_concrete_function(*taken)
    )
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    found = tf.compat.v1.profiler.profile(graph=frozen.graph, cmd="op", options=options)
    return int(found.total_float_ops // 2)
