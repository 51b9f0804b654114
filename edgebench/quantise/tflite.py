"""TensorFlow Lite, by the LiteRT quantizer, from the float32 file; the ranges of activations are ours.

Its own calibration keeps a moving average of the extremes, which loses the tails of a regressor (docs/quantisation.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.errors import ConversionError
from edgebench.quantise.base import Plan, batches
from edgebench.quantise.ranges import Range, Tensors
from edgebench.quantise.units import Unit, layers_in

OWN_RANGES = False
_MOVES = {"RESHAPE", "PAD", "PADV2", "TRANSPOSE", "STRIDED_SLICE", "PACK", "CONCATENATION", "MAX_POOL_2D", "SLICE"}
_BITS = {"int8": 8, "int16x8": 16}  # of activations
_DEQUANTIZE, _SHAPE = 6, 77  # builtin operators


def prepare(file: Path, out: Path) -> Path:
    return file


def units(file: Path, layers: Sequence[str]) -> tuple[Unit, ...]:
    from litert_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

    model = flatbuffer.read_model(file.read_bytes())
    graph = model.subgraphs[0]
    found = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex].builtinCode
        known = flatbuffer.TFL_OP_CODE_TO_NAME.get(code)
        kind = f"OPERATOR_{code}" if known is None else str(known.value)
        computes = known is not None and kind not in _MOVES  # what the quantizer does not know stays in float
        scope = flatbuffer.get_op_scope(operator, graph.tensors)
        tensors = [graph.tensors[i] for i in operator.inputs if i >= 0]
        constants = [tensor for tensor in tensors if model.buffers[tensor.buffer].data is not None]
        weights = sum(int(np.prod(tensor.shape)) for tensor in constants) if computes else 0
        names = ";".join(flatbuffer.get_tensor_name(tensor) for tensor in constants)
        of = layers_in(scope, layers) or layers_in(names, layers) or (scope.strip(";"),)
        output = flatbuffer.get_tensor_name(graph.tensors[operator.outputs[0]])
        found.append(Unit(scope, kind, of, computes, output, weights))
    return tuple(found)


def activations(file: Path, x: np.ndarray, batch: int) -> Iterator[Tensors]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain: Any = Interpreter(
        model_path=str(file),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
        num_threads=2,
    )
    taken = plain.get_input_details()[0]
    for part in batches(x, batch):
        plain.resize_tensor_input(taken["index"], part.shape)
        plain.allocate_tensors()
        plain.set_tensor(taken["index"], part)
        plain.invoke()
        wanted = {taken["index"]} | {int(i) for node in plain._get_ops_details() for i in node["outputs"]}
        details = [one for one in plain.get_tensor_details() if one["index"] in wanted]
        yield {one["name"]: plain.get_tensor(one["index"]) for one in details if one["dtype"] == np.float32}


def quantise(file: Path, out: Path, plan: Plan, x: np.ndarray | None) -> dict[str, Any]:
    from litert_quantizer import qtyping
    from litert_quantizer.quantizer import AlgorithmName, Quantizer

    every, borders = qtyping.TFLOperationName.ALL_SUPPORTED, ("INPUT", "OUTPUT")
    granularity = {
        "channel": qtyping.QuantGranularity.CHANNELWISE,
        "tensor": qtyping.QuantGranularity.TENSORWISE,
    }[plan.recipe.granularity]
    source = file.read_bytes()
    making = Quantizer(source)
    if plan.precision == "float16":
        making.add_weight_only_config(".*", every, 16, algorithm_key=AlgorithmName.FLOAT_CASTING)
    elif plan.precision == "dynamic":
        making.add_dynamic_config(".*", every, 8, granularity)
    else:
        making.add_static_config(".*", every, _BITS[plan.precision], 8, granularity)
    for name in sorted(plan.in_float):
        scope = f"^{re.escape(name)}$"
        making.update_quantization_recipe(scope, every, algorithm_key=AlgorithmName.NO_QUANTIZE)
        if plan.recipe.kept_weights == "int8":
            making.add_weight_only_config(scope, every, 8, granularity)
    for border in borders:  # last: the scope of an output is that of the operator before it
        where = qtyping.TFLOperationName(border)
        if plan.io == "float32":
            making.update_quantization_recipe("^.*$", where, algorithm_key=AlgorithmName.NO_QUANTIZE)
        else:
            making.add_static_config("^.*$", where, _BITS[plan.precision], 8)
    statistics = _statistics(source, plan.ranges or {}) if making.need_calibration else None
    made = making.quantize(statistics).quantized_model
    if made is None:
        raise ConversionError("the LiteRT quantizer gave no file. See --debug.")
    out.write_bytes(_shapes_of_integers(bytes(made)))
    return {
        "operators": operators(out),
        "input_output": "float32, quantised inside the file" if plan.io == "float32" else plan.io,
        "versions": {name: version(name) for name in ("litert-quantizer", "ai-edge-litert")},
    }


def _statistics(source: bytes, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """Ranges as the quantizer wants them: arrays of the tensor's rank."""
    from litert_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

    found: dict[str, Any] = {}
    for tensor in flatbuffer.read_model(source).subgraphs[0].tensors:
        name = flatbuffer.get_tensor_name(tensor)
        one = ranges.get(name)
        if one is not None:
            shape = [1] * len(tensor.shape)
            found[name] = {"min": np.full(shape, one.low, np.float32), "max": np.full(shape, one.high, np.float32)}
    return found


def _shapes_of_integers(made: bytes) -> bytes:
    """The quantizer does not know SHAPE, and makes a float tensor for it: the integers have the same shape."""
    from ai_edge_litert.tools import flatbuffer_utils
    from litert_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

    model = flatbuffer.read_model(bytearray(made))
    graph = model.subgraphs[0]

    def code(operator: Any) -> int:
        return int(model.operatorCodes[operator.opcodeIndex].builtinCode)

    origin = {int(one.outputs[0]): one for one in graph.operators if code(one) == _DEQUANTIZE}
    changed = False
    for operator in graph.operators:
        if code(operator) == _SHAPE and int(operator.inputs[0]) in origin:
            operator.inputs = [int(origin[int(operator.inputs[0])].inputs[0])]
            changed = True
    if not changed:
        return made
    used = {int(i) for operator in graph.operators for i in operator.inputs} | {int(i) for i in graph.outputs}
    graph.operators = [one for one in graph.operators if code(one) != _DEQUANTIZE or int(one.outputs[0]) in used]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


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
