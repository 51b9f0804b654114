"""OpenVINO on its CPU plugin, in float32 (it would choose bfloat16 by itself where the CPU has it)."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

# Importing openvino would fork a process that reports it over the network, inside the measurement.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402

from edgebench.backends.base import refused  # noqa: E402

_READ_BACK = (
    "INFERENCE_PRECISION_HINT",
    "INFERENCE_NUM_THREADS",
    "PERFORMANCE_HINT",
    "NUM_STREAMS",
    "ENABLE_CPU_PINNING",
)
_DTYPES = {"f32": "float32", "f16": "float16", "i8": "int8", "u8": "uint8"}


class OpenVino:
    quantisation = None

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        hints = {
            "INFERENCE_PRECISION_HINT": "f32",  # of what is float in the file; int8 operators stay int8
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # the runner has pinned the process already, alike for all runtimes
        }
        try:
            core = ov.Core()
            network = core.read_model(model)
            shape = network.input(0).partial_shape
            shape[0] = batch_size  # a static batch is 1.1 to 1.75 times faster than a free one
            network.reshape(shape)
            self._compiled = core.compile_model(network, "CPU", hints)
        except RuntimeError as error:
            raise refused("openvino", model, error) from error
        self._request = self._compiled.create_infer_request()

    def predict(self, x: np.ndarray) -> np.ndarray:
        self._request.infer(x, share_inputs=True)
        y: np.ndarray = self._request.get_output_tensor(0).data.reshape(-1).copy()
        return y

    def takes(self) -> dict[str, object]:
        taken = self._compiled.input(0)
        dtype = taken.element_type.get_type_name()
        shape = [size.get_length() if size.is_static else None for size in taken.partial_shape]
        return {"input_shape": shape, "input_dtype": _DTYPES.get(dtype, dtype)}

    def executed(self) -> dict[str, object]:
        infos = [op.get_rt_info() for op in self._compiled.get_runtime_model().get_ops()]
        counts = Counter(f"{info['layerType'].value} {info['runtimePrecision'].value}" for info in infos)
        hints = {name.lower(): _plain(self._compiled.get_property(name)) for name in _READ_BACK}
        return {
            "device": "CPU",
            "operators": {name: count for name, count in counts.items() if not name.startswith("Const ")},
            **hints,
        }

    def versions(self) -> dict[str, str]:
        return {"openvino": ov.__version__}


def _plain(value: object) -> object:
    if isinstance(value, (bool, int, str)):
        return value
    return value.get_type_name() if isinstance(value, ov.Type) else str(value)


BACKEND = OpenVino
