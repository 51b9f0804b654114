"""ONNX for ONNX Runtime: QDQ pairs by its own quantiser, with our ranges; float16 and dynamic by its tools too.

u8s8 on x86: with s8s8 a third of the convolutions fall back to float there. s8s8 on ARM, where it is the faster one.
"""

from __future__ import annotations

import logging
import platform
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.quantise.base import Plan, batches
from edgebench.quantise.ranges import Tensors
from edgebench.quantise.units import Unit, layers_in

OWN_RANGES = False
_ACTIVATIONS = ("Clip", "Relu")  # that a convolution takes into itself
_MOVES = {
    "Reshape",
    "Transpose",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Pad",
    "Concat",
    "Slice",
    "Identity",
    "Clip",
    "Relu",
}
_VNNI = ("avx512_vnni", "avx_vnni")  # flags of CPUs that add products of 8 bits in 32


def prepare(file: Path, out: Path) -> Path:
    """Shapes inferred, batch normalisations folded; every node gets a name. Without it int8 has 17 floats more."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(str(file), str(out), skip_symbolic_shape=True)
    model = onnx.load(str(out))
    for place, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{place}"
    onnx.save(model, str(out))
    return out


def units(file: Path, layers: Sequence[str]) -> tuple[Unit, ...]:
    import onnx
    from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

    graph = onnx.load(str(file)).graph
    sizes = {one.name: int(np.prod(one.dims)) for one in graph.initializer}
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    able = (set(QDQRegistry) | set(QLinearOpsRegistry)) - _MOVES
    found = []
    for node in graph.node:
        constants = ";".join(name for name in node.input if name in sizes)
        of = layers_in(f"{node.name};{';'.join(node.output)}", layers) or layers_in(constants, layers) or (node.name,)
        computes = node.op_type in able
        weights = sum(sizes.get(name, 0) for name in node.input) if computes else 0
        last, fused = node, []
        while computes and len(after := readers.get(last.output[0], [])) == 1 and after[0].op_type in _ACTIVATIONS:
            last = after[0]
            fused.append(last.name)
        found.append(Unit(node.name, node.op_type, of, computes, last.output[0], weights, tuple(fused)))
    return tuple(found)


def activations(file: Path, x: np.ndarray, batch: int) -> Iterator[Tensors]:
    import onnx
    import onnxruntime as ort

    model = onnx.shape_inference.infer_shapes(onnx.load(str(file)))
    there = {value.name for value in model.graph.output}
    known = {value.name: value for value in model.graph.value_info}
    floats = [
        known[name]
        for node in model.graph.node
        for name in node.output
        if name in known and name not in there and known[name].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    ]
    model.graph.output.extend(floats)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    taken, names = session.get_inputs()[0].name, [value.name for value in session.get_outputs()]
    for part in batches(x, batch):
        yield {taken: part, **dict(zip(names, session.run(names, {taken: part})))}


def quantise(file: Path, out: Path, plan: Plan, x: np.ndarray | None) -> dict[str, Any]:
    import onnx
    import onnxruntime as ort

    making = {"float16": _float16, "dynamic": _dynamic}.get(plan.precision, _int8)
    options = making(file, out, plan)
    counts = Counter(node.op_type for node in onnx.load(str(out)).graph.node)
    versions = {"onnx": onnx.__version__, "onnxruntime": ort.__version__}
    return {**options, "operators": dict(counts), "input_output": "float32", "versions": versions}


def _float16(file: Path, out: Path, plan: Plan) -> dict[str, Any]:
    """Weights and arithmetic; a CPU without float16 casts back, so that it is smaller and not faster."""
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    made = convert_float_to_float16(onnx.load(str(file)), keep_io_types=True, node_block_list=sorted(plan.in_float))
    ordered = OnnxModel(made)
    ordered.topological_sort()  # its casts of the input come last
    onnx.save(ordered.model, str(out))
    return {}


def _dynamic(file: Path, out: Path, plan: Plan) -> dict[str, Any]:
    """Scales of activations are those of the batch at hand: an answer depends on its neighbours in the batch."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(file),
        str(out),
        per_channel=plan.recipe.granularity == "channel",
        weight_type=QuantType.QUInt8 if platform.machine() == "x86_64" else QuantType.QInt8,
        nodes_to_exclude=[each for name in sorted(plan.in_float) for each in (name, f"{name}_MatMul")],  # of a Gemm
    )
    if plan.in_float and plan.recipe.kept_weights == "int8":
        _store_weights(out, plan)
    return {}


def _int8(file: Path, out: Path, plan: Plan) -> dict[str, Any]:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationMethod, TensorsData, save_tensors_data

    signed = activation_type(plan.recipe.activations) == "int8"
    ranges = {name: (np.float32(one.low), np.float32(one.high)) for name, one in (plan.ranges or {}).items()}
    # 7 bits where 8 would overflow the 16 bits of a CPU without VNNI.
    reduce = not signed and not vnni()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "ranges.json"
        save_tensors_data(TensorsData(CalibrationMethod.MinMax, dict(ranges)), cache)
        logging.disable(logging.WARNING)
        try:
            quantize_static(
                str(file),
                str(out),
                None,
                quant_format=QuantFormat.QDQ,
                per_channel=plan.recipe.granularity == "channel",
                reduce_range=reduce,
                activation_type=QuantType.QInt8 if signed else QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=sorted(plan.in_float),
                calibration_cache_path=cache,
            )
        finally:
            logging.disable(logging.NOTSET)
    if plan.in_float and plan.recipe.kept_weights == "int8":
        _store_weights(out, plan)
    return {"activation_type": "int8" if signed else "uint8", "weights_of_7_bits": reduce}


def _store_weights(file: Path, plan: Plan) -> None:
    """Weights of what stays in float as int8, one scale an output channel, dequantised when it runs."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(file))
    graph = model.graph
    weights = {one.name: one for one in graph.initializer}
    made = []
    for node in graph.node:
        name = node.input[1] if len(node.input) > 1 else ""
        if node.name not in plan.in_float or name not in weights or node.op_type not in ("Conv", "Gemm", "MatMul"):
            continue
        values = numpy_helper.to_array(weights[name])
        rows = node.op_type == "Conv" or any(one.name == "transB" and one.i for one in node.attribute)
        axis = 0 if rows else values.ndim - 1
        others = tuple(i for i in range(values.ndim) if i != axis)
        scale = np.maximum(np.abs(values).max(axis=others) / 127, 1e-12).astype(np.float32)
        shape = [-1 if i == axis else 1 for i in range(values.ndim)]
        codes = np.clip(np.rint(values / scale.reshape(shape)), -127, 127).astype(np.int8)
        added = [
            numpy_helper.from_array(codes, f"{name}_int8"),
            numpy_helper.from_array(scale, f"{name}_scale"),
            numpy_helper.from_array(np.zeros(len(scale), np.int8), f"{name}_zero"),
        ]
        graph.initializer.extend(added)
        names = [one.name for one in added]
        made.append(helper.make_node("DequantizeLinear", names, [f"{name}_float"], f"{node.name}_weights", axis=axis))
        node.input[1] = f"{name}_float"
    used = {name for node in graph.node for name in node.input}
    left = [one for one in graph.initializer if one.name in used or one.name.endswith(("_int8", "_scale", "_zero"))]
    del graph.initializer[:]
    graph.initializer.extend(left)
    for node in made[::-1]:
        graph.node.insert(0, node)
    onnx.save(model, str(file))


def activation_type(asked: str) -> str:
    """uint8 or int8, where "auto" is left to the CPU of this machine."""
    if asked != "auto":
        return asked
    return "uint8" if platform.machine() in ("x86_64", "AMD64") else "int8"


def vnni() -> bool:
    """Whether this CPU sums products of 8 bits without saturation; ARM does."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    flags = next((line.split() for line in text.splitlines() if line.startswith("flags")), [])
    return any(flag in flags for flag in _VNNI)
