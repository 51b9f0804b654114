"""A file whose every tensor between two operators is an output, to see on two devices where their answers part."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edgebench.errors import UsageError


def tap(file: Path, folder: Path) -> Path:
    """Write it into a folder, and return its path; UsageError for a format that cannot be tapped."""
    if file.suffix not in _TAPS:
        raise UsageError(f"{file}: no layers can be seen of a {file.suffix} file, but of {', '.join(_TAPS)}.")
    out = folder / file.name
    _TAPS[file.suffix](file, out)
    return out


def _tflite(file: Path, out: Path) -> None:
    from ai_edge_litert.tools import flatbuffer_utils
    from litert_quantizer.utils import tfl_flatbuffer_utils as flatbuffer

    model = flatbuffer.read_model(bytearray(file.read_bytes()))
    graph = model.subgraphs[0]
    given = {int(i) for i in graph.inputs}
    moving = set(given)  # what hangs on the input: the rest are constants that operators make
    for operator in graph.operators:
        if moving & {int(i) for i in operator.inputs}:
            moving |= {int(i) for i in operator.outputs}
    made = [int(i) for operator in graph.operators for i in operator.outputs if int(i) in moving]
    numbers = [i for i in made if graph.tensors[i].type in _NUMBERS]
    last = [int(i) for i in graph.outputs]
    graph.outputs = np.array([*(i for i in numbers if i not in last), *last], np.int32)
    for signature in model.signatureDefs or ():  # they name outputs that are no longer all
        signature.outputs = []
    model.signatureDefs = []
    out.write_bytes(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))


_NUMBERS = (0, 1, 9, 7)  # of the schema's TensorType: float32, float16, int8, int16


def _onnx(file: Path, out: Path) -> None:
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(str(file)))
    there = {value.name for value in model.graph.output}
    known = {value.name: value for value in model.graph.value_info}
    last = list(model.graph.output)
    del model.graph.output[:]
    names = [name for node in model.graph.node for name in node.output if name in known and name not in there]
    model.graph.output.extend(known[name] for name in names)
    model.graph.output.extend(last)
    onnx.save(model, str(out))


def _openvino(file: Path, out: Path) -> None:
    """The backend taps it where it runs."""
    for suffix in (".xml", ".bin"):
        shutil.copyfile(file.with_suffix(suffix), out.with_suffix(suffix))


_TAPS: dict[str, Callable[[Path, Path], None]] = {".tflite": _tflite, ".onnx": _onnx, ".xml": _openvino}
