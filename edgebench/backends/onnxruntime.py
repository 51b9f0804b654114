"""ONNX Runtime, on its CPU execution provider and no other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from edgebench.backends import profile_onnxruntime
from edgebench.backends.base import refused

PROVIDER = "CPUExecutionProvider"
_REFUSALS = (
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NoSuchFile,
    errors.NotImplemented,
    errors.RuntimeException,
)


class OnnxRuntime:
    quantisation = None

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")  # for executed()
        try:
            self._session = ort.InferenceSession(str(model), options, providers=[PROVIDER])
        except _REFUSALS as error:
            raise refused("onnxruntime", model, error) from error
        self._input = self._session.get_inputs()[0]
        self._name = self._input.name
        self._threads = threads
        self._model, self._batch_size = model, batch_size

    def predict(self, x: np.ndarray) -> np.ndarray:
        y: np.ndarray = self._session.run(None, {self._name: x})[0]
        return y.reshape(-1)

    def takes(self) -> dict[str, object]:
        return {
            "input_shape": [size if isinstance(size, int) else None for size in self._input.shape],
            "input_dtype": {"tensor(float)": "float32"}.get(self._input.type, self._input.type),
        }

    def executed(self) -> dict[str, object]:
        placed = [
            (part.ep_name, node)
            for part in self._session.get_provider_graph_assignment_info()
            for node in part.get_nodes()
        ]
        return {
            "providers": self._session.get_providers(),
            "input_name": self._name,
            "operators": self._operators(Counter(node.op_type for _, node in placed)),
            "operators_by_provider": dict(Counter(provider for provider, _ in placed)),
            "execution_mode": "sequential",
            "intra_op_threads": self._threads,
            "inter_op_threads": 1,
        }

    def _operators(self, placed: Counter[str]) -> dict[str, int]:
        """What ran: pairs of QuantizeLinear and DequantizeLinear are placed, but fused into int8 operators later.

        Only a trace tells these, which a session of its own writes: QLinearConv is int8, Conv is float.
        """
        if "DequantizeLinear" not in placed or not all(isinstance(size, int) for size in self._input.shape[1:]):
            return dict(placed)
        x = np.zeros((self._batch_size, *self._input.shape[1:]), np.float32)
        return dict(Counter(one.kind for one in profile_onnxruntime.measure(self._model, x, self._threads, 1)))

    def versions(self) -> dict[str, str]:
        return {"onnxruntime": ort.__version__}


BACKEND = OnnxRuntime
