"""ONNX in float32, through tf2onnx; input and output keep their names, and the layout stays NHWC."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.convert.base import Made, function

if TYPE_CHECKING:
    import keras

OPSET = 17


def convert(model: keras.Model, file: Path, calibration: np.ndarray | None) -> Made:
    import onnx
    import tensorflow as tf
    import tf2onnx

    network = function(model)
    made, _ = tf2onnx.convert.from_function(network, input_signature=network.input_signature, opset=OPSET)
    for value in [*made.graph.input, *made.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(made, str(file))
    versions = {"onnx": onnx.__version__, "tf2onnx": version("tf2onnx"), "tensorflow": tf.__version__}
    return Made({"opset": OPSET}, versions)
