"""Of an OpenVINO model; its operators' outputs are made results here, so that its file stays as it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402

from edgebench.backends.tapped import Tensor  # noqa: E402

_NOT = ("Parameter", "Constant", "Result", "Convert", "FakeQuantize")  # the last is fused into what follows


def outputs(model: Path, x: np.ndarray, threads: int) -> Iterator[Tensor]:
    core = ov.Core()
    network = core.read_model(model)
    shape = network.input(0).partial_shape
    shape[0] = len(x)
    network.reshape(shape)
    constant = {op.get_friendly_name() for op in network.get_ordered_ops() if _is_constant(op)}
    tapped = [
        op
        for op in network.get_ordered_ops()
        if op.get_type_name() not in _NOT and op.get_friendly_name() not in constant
    ]
    before = len(network.outputs)
    network.add_outputs([op.output(0) for op in tapped if op.output(0).get_target_inputs()])
    hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    found = core.compile_model(network, "CPU", hints)(x)
    at = [*range(before, len(network.outputs)), *range(before)]  # what the network itself gives comes last
    for i in at:
        operator = network.outputs[i].get_node().input_value(0).get_node()
        yield Tensor(operator.get_friendly_name(), np.asarray(found[i]), None)


def _is_constant(op: ov.Node) -> bool:
    """Whether nothing of it hangs on the input."""
    sources = [value.get_source_output().get_node() for value in op.inputs()]
    return op.get_type_name() != "Parameter" and all(_is_constant(source) for source in sources)
