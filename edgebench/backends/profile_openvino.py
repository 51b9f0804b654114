"""Time by node of OpenVINO's CPU plugin, with the kernel that ran, which names its precision."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino as ov  # noqa: E402

from edgebench.backends.profiling import Timed  # noqa: E402

_NS_PER_S = 10**9


def measure(model: Path, x: np.ndarray, threads: int, calls: int) -> list[Timed]:
    core = ov.Core()
    network = core.read_model(model)
    shape = network.input(0).partial_shape
    shape[0] = len(x)
    network.reshape(shape)
    hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERF_COUNT": True}
    request = core.compile_model(network, "CPU", hints).create_infer_request()
    total: dict[tuple[str, str, str], float] = {}
    for _ in range(calls):
        request.infer(x, share_inputs=True)
        for one in request.profiling_info:
            if one.status == ov.ProfilingInfo.Status.EXECUTED:
                key = (one.node_name, one.node_type, one.exec_type)
                total[key] = total.get(key, 0.0) + one.real_time.total_seconds()
    return [Timed(*key, int(seconds * _NS_PER_S / calls)) for key, seconds in total.items()]
