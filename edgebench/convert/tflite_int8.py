"""TensorFlow Lite, integer inside: int8 per-channel weights, int8 activations; input and output float32 or int8."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgebench.convert.base import Made, function
from edgebench.convert.tflite import run
from edgebench.errors import ConversionError

if TYPE_CHECKING:
    import keras

BORDERS = {"QUANTIZE", "DEQUANTIZE"}  # the only operators that may touch a float


def convert(model: keras.Model, file: Path, calibration: np.ndarray | None, *, io: str = "float32") -> Made:
    """Post-training quantisation with representative patches; proves that no float operator is left.

    io: of input and output, float32 or int8.
    """
    import tensorflow as tf

    if calibration is None:
        raise ConversionError("int8 needs calibration patches. Give a data set with --calibration.")
    patches: np.ndarray = calibration

    def representative() -> Iterator[list[np.ndarray]]:
        for patch in patches:
            yield [patch[None]]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([function(model).get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]  # no silent float fallback
    converter.inference_input_type = converter.inference_output_type = tf.as_dtype(io)
    file.write_bytes(run(converter))
    counts = operators(file)
    left = {name: count for name, count in counts.items() if "float" in name and name.split()[0] not in BORDERS}
    if left:
        raise ConversionError(f"int8: {left} still compute in float. This network has no full int8 form.")
    options = {
        "route": "from_concrete_functions",
        "weights": "int8 per channel",
        "activations": "int8 per tensor, range of the calibration patches",
        "input_output": "float32, quantised inside the file" if io == "float32" else io,
        "operators": counts,
    }
    return Made(options, {"tensorflow": tf.__version__, "ai-edge-litert": version("ai-edge-litert")})


def operators(file: Path) -> dict[str, int]:
    """How often each operator occurs, with the types of its activations and constants: {"CONV_2D int8": 35, ...}."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain: Any = Interpreter(
        model_path=str(file), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    counts: dict[str, int] = {}
    for node in plain._get_ops_details():  # the public interface names no operators
        types = {np.dtype(one).name for one in [*node["operand_types"], *node["result_types"]]}
        name = f"{node['op_name']} {'+'.join(sorted(types - {'int32'} or types))}"  # int32: biases and shapes
        counts[name] = counts.get(name, 0) + 1
    return counts
