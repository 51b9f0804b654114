"""What is converted: a Keras model, a SavedModel or an ONNX file, each as one function of square patches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.errors import ModelError
from edgebench.models.store import Card

if TYPE_CHECKING:
    import keras

INPUT, OUTPUT = "image", "z_um"  # names that an artifact carries, where its format keeps names


@dataclass(frozen=True)
class Source:
    """One regressor: (B, S, S, 3) float32 to one number a patch."""

    card: Card
    predict: Callable[[np.ndarray], np.ndarray]  # (B, S, S, 3) float32 to (B,) float32, as it was before conversion
    layers: tuple[str, ...]  # their names, where the model has such
    function: Callable[[int], Any] | None = None  # batch (0: any) to a tf.function with one named input and output
    onnx: Path | None = None  # the file, where there is no function

    def need_function(self, format: str) -> Callable[[int], Any]:
        if self.function is None:
            raise ModelError(
                f"{self.card.name}: an ONNX file cannot become {format} here. Give the Keras model or the SavedModel "
                "that it was exported from, or convert to onnx-* and openvino-*."
            )
        return self.function


def load(path: Path) -> Source:
    """A model's folder, a .keras file, a SavedModel's folder, or an .onnx file; ModelError where it is none of them."""
    from edgebench.models import store

    if path.suffix == ".onnx":
        from edgebench.convert import source_onnx

        return source_onnx.load(path)
    if (path / "saved_model.pb").is_file():
        from edgebench.convert import source_savedmodel

        return source_savedmodel.load(path)
    return of_keras(*store.load(path))


def of_keras(model: keras.Model, card: Card) -> Source:
    import keras

    flat = [
        layer
        for layer in model._flatten_layers(include_self=False, recursive=True)
        if not isinstance(layer, (keras.Model, keras.layers.InputLayer))
    ]
    layers = [layer.name for layer in sorted(flat, key=_lightness)]

    def predict(x: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.asarray(model.predict_on_batch(x)).reshape(-1)
        return found

    def function(batch: int) -> Any:
        return concrete(lambda image: model(image, training=False), card.input_size, batch)

    return Source(card, predict, tuple(layers), function)


def _lightness(layer: keras.Layer) -> int:
    """Layers with kernels first: of those that a converter fuses, they give the operator its name."""
    if any(weight.name.endswith("kernel") for weight in layer.weights):
        return 0
    return 2 if "padding" in type(layer).__name__.lower() else 1


def concrete(call: Callable[[Any], Any], size: int, batch: int) -> Any:
    """A tf.function of one named float32 input and one named output, with a free batch where it is 0."""
    import tensorflow as tf

    taken = tf.TensorSpec([batch or None, size, size, 3], tf.float32, name=INPUT)
    return tf.function(lambda image: {OUTPUT: call(image)}, input_signature=[taken])


def refuse_shapes(name: str, taken: list[Any], given: list[Any], layout: str = "(B, S, S, 3)") -> int:
    """The side S of the one input; ModelError for several inputs or outputs, and for other shapes.

    taken, given: the shapes of all inputs and outputs, None for a free size.
    """
    if len(taken) != 1 or len(given) != 1:
        raise ModelError(
            f"{name}: {len(taken)} inputs and {len(given)} outputs, expected one of each. Export a model of one image."
        )
    shape, answer = taken[0], given[0]
    square = len(shape) == 4 and shape[3] == 3 and isinstance(shape[1], int) and shape[1] == shape[2] and shape[1] > 0
    if not square or len(answer) not in (1, 2) or (len(answer) == 2 and answer[1] != 1):
        raise ModelError(f"{name}: shapes {shape} to {answer}, expected {layout} to (B, 1). Convert a model of those.")
    return int(shape[1])


def refuse_weights(name: str, weights: Any) -> None:
    """ModelError where a weight is not finite; weights: arrays."""
    bad = sum(int(np.sum(~np.isfinite(value))) for value in weights if np.issubdtype(value.dtype, np.floating))
    if bad:
        raise ModelError(f"{name}: {bad} weights are not finite numbers. The training diverged; train it again.")
