"""An ONNX file, anybody's: of NHWC patches, or of NCHW ones as PyTorch exports them, which get a transpose in front."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.convert.source import INPUT, Source, refuse_shapes, refuse_weights
from edgebench.errors import ModelError
from edgebench.files import sha256
from edgebench.models.store import Card


def load(path: Path) -> Source:
    import onnx
    import onnxruntime as ort

    model = read(path)
    graph = model.graph
    inputs = [value for value in graph.input if value.name not in {one.name for one in graph.initializer}]
    shapes = [_shape(value) for value in inputs]
    if len(shapes) == 1 and _channels_first(shapes[0]):
        shapes = [[shapes[0][0], *shapes[0][2:], shapes[0][1]]]
    size = refuse_shapes(str(path), shapes, [_shape(value) for value in graph.output], "(B, S, S, 3) or (B, 3, S, S)")
    refuse_weights(str(path), [onnx.numpy_helper.to_array(one) for one in graph.initializer])
    nhwc = normalised(model)
    session = ort.InferenceSession(nhwc.SerializeToString(), providers=["CPUExecutionProvider"])
    taken = session.get_inputs()[0].name

    def predict(x: np.ndarray) -> np.ndarray:
        found: np.ndarray = session.run(None, {taken: x})[0].reshape(-1)
        return found

    parameters = sum(math.prod(one.dims) for one in graph.initializer if one.data_type == onnx.TensorProto.FLOAT)
    card = Card(path.stem, sha256(path), size, parameters, _macs(nhwc))
    return Source(card, predict, (), onnx=path)


def read(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except (OSError, ValueError, DecodeError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{path}: not a readable ONNX model ({reason}). Export it again.") from error
    return model


def normalised(model: Any, batch: int = 0) -> Any:
    """The same function of NHWC patches, with the batch named or fixed."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    del graph.value_info[:]  # of the batch that it was exported with
    weights = {one.name for one in graph.initializer}
    taken = next(value for value in graph.input if value.name not in weights)
    shape = _shape(taken)
    if _channels_first(shape):
        inner = f"{taken.name}_nchw"
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == taken.name:
                    node.input[place] = inner
        graph.node.insert(0, onnx.helper.make_node("Transpose", [INPUT], [inner], "nhwc_to_nchw", perm=[0, 3, 1, 2]))
        first = onnx.helper.make_tensor_value_info(
            INPUT, onnx.TensorProto.FLOAT, ["batch", shape[2], shape[3], shape[1]]
        )
        kept = [value for value in graph.input if value.name != taken.name]
        del graph.input[:]
        graph.input.extend([first, *kept])
        taken = graph.input[0]
    for value in (taken, *graph.output):
        size = value.type.tensor_type.shape.dim[0]
        size.Clear()
        if batch:
            size.dim_value = batch
        else:
            size.dim_param = "batch"
    return made


def _shape(value: Any) -> list[Any]:
    return [size.dim_value if size.HasField("dim_value") else None for size in value.type.tensor_type.shape.dim]


def _channels_first(shape: list[Any]) -> bool:
    return len(shape) == 4 and shape[1] == 3 and shape[2] == shape[3] != 3


def _macs(model: Any) -> int:
    """Multiply-accumulates of one patch in convolutions and matrix products."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in (*fixed.graph.input, *fixed.graph.output):
        value.type.tensor_type.shape.dim[0].Clear()
        value.type.tensor_type.shape.dim[0].dim_value = 1
    inferred = onnx.shape_inference.infer_shapes(fixed).graph
    sizes = {value.name: _shape(value) for value in (*inferred.value_info, *inferred.output)}
    weights = {one.name: list(one.dims) for one in inferred.initializer}
    total = 0
    for node in inferred.node:
        out, kernel = sizes.get(node.output[0]), next((weights[n] for n in node.input[1:] if n in weights), None)
        if out is None or kernel is None or None in out:
            continue
        if node.op_type == "Conv":
            total += math.prod(out) * math.prod(kernel[1:])
        elif node.op_type in ("Gemm", "MatMul"):
            total += math.prod(kernel)
    return total
