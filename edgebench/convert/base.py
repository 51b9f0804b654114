"""What a target is, and the table of them; no converter is imported before convert() needs it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.errors import ConversionError, UsageError
from edgebench.models.quiet import quiet

if TYPE_CHECKING:
    import keras

INPUT, OUTPUT = "image", "z_um"  # names that an artifact carries, where its format keeps names


@dataclass(frozen=True)
class Target:
    """A format with a precision; `module` has convert(model, file, calibration) -> Made."""

    name: str
    format: str
    precision: str
    module: str
    suffix: str  # of the first file, the one that the backend gets
    backend: str  # of the parity check

    @property
    def calibrated(self) -> bool:
        return self.precision == "int8"


@dataclass(frozen=True)
class Made:
    """What a converter says of its work; the files lie beside the one it was told."""

    options: dict[str, Any]
    versions: dict[str, str]


_ALL = (
    Target("tflite-float32", "tflite", "float32", "edgebench.convert.tflite", ".tflite", "litert"),
    Target("tflite-int8", "tflite", "int8", "edgebench.convert.tflite_int8", ".tflite", "litert"),
    Target("tflite-int8-io", "tflite", "int8", "edgebench.convert.tflite_int8_io", ".tflite", "litert"),
    Target("onnx-float32", "onnx", "float32", "edgebench.convert.onnx", ".onnx", "onnxruntime"),
    Target("openvino-float32", "openvino", "float32", "edgebench.convert.openvino", ".xml", "openvino"),
)
TARGETS = {target.name: target for target in _ALL}


def targets(names: list[str]) -> tuple[Target, ...]:
    """Targets by their names, each once; "all" means all."""
    for name in names:
        if name != "all" and name not in TARGETS:
            raise UsageError(f"no target {name!r}. Targets: {', '.join(TARGETS)}, or all.")
    wanted = list(TARGETS) if "all" in names else list(dict.fromkeys(names))
    return tuple(TARGETS[name] for name in wanted)


def convert(target: Target, model: keras.Model, file: Path, calibration: np.ndarray | None) -> Made:
    """Run the converter of a target, silenced; its failure is a ConversionError with the last line it gave."""
    make: Callable[..., Made] = importlib.import_module(target.module).convert
    said: list[str] = []
    try:
        with quiet() as said:
            return make(model, file, calibration)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        lines = [line.strip() for line in [*said, *str(error).splitlines()] if line.strip()]
        reason = lines[-1] if lines else type(error).__name__
        raise ConversionError(f"{target.name}: the converter failed ({reason}). See --debug.") from error


def function(model: keras.Model) -> Any:
    """The network as a concrete function of one named float32 input with a free batch, and one named output."""
    import tensorflow as tf

    shape = [None, *model.input_shape[1:]]
    taken = tf.TensorSpec(shape, tf.float32, name=INPUT)
    return tf.function(lambda image: {OUTPUT: model(image, training=False)}, input_signature=[taken])
