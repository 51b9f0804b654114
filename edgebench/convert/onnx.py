"""ONNX in float32, through tf2onnx; input and output keep their names, and the layout stays NHWC."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from edgebench.convert.base import Made
from edgebench.convert.source import Source

OPSET = 17


def convert(source: Source, file: Path, batch: int) -> Made:
    import onnx

    if source.onnx is not None:
        from edgebench.convert import source_onnx

        onnx.save(source_onnx.normalised(source_onnx.read(source.onnx), batch), str(file))
        return Made({"route": "as it was given", "batch": batch or None}, {"onnx": onnx.__version__})
    import tensorflow as tf
    import tf2onnx

    network = source.need_function("ONNX")(batch)
    made, _ = tf2onnx.convert.from_function(network, input_signature=network.input_signature, opset=OPSET)
    if not batch:
        for value in [*made.graph.input, *made.graph.output]:
            value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(made, str(file))
    versions = {"onnx": onnx.__version__, "tf2onnx": version("tf2onnx"), "tensorflow": tf.__version__}
    return Made({"opset": OPSET, "batch": batch or None}, versions)
