"""Runs in the guest: a network on a runtime, on one thread, its second call between marks. Arguments: runtime, file."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

MARK, BEGIN, END = 0x45444745, 1, 2  # emulation/edgecount.c
RNG = np.random.default_rng(0)


def noise(shape: Any, dtype: Any = np.float32) -> np.ndarray:
    shape = tuple(int(size) for size in shape)
    if np.issubdtype(dtype, np.floating):
        return RNG.uniform(-1, 1, shape).astype(dtype)
    return RNG.integers(-128, 128, shape).astype(dtype)


def litert(file: str) -> Callable[[], Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=file, num_threads=1)
    interpreter.allocate_tensors()
    for told in interpreter.get_input_details():
        interpreter.set_tensor(told["index"], noise(told["shape"], told["dtype"]))
    invoke: Callable[[], Any] = interpreter.invoke
    return invoke


def onnxruntime(file: str) -> Callable[[], Any]:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    given = {told.name: noise(told.shape) for told in session.get_inputs()}
    return lambda: session.run(None, given)


def openvino(file: str) -> Callable[[], Any]:
    import openvino as ov

    core = ov.Core()  # its own choice of precision, as the publisher left it
    model = core.compile_model(core.read_model(file), "CPU", {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1})
    request, given = model.create_infer_request(), [noise(told.shape) for told in model.inputs]
    return lambda: request.infer(given)


mark = ctypes.CDLL(None).prctl
call = {"litert": litert, "onnxruntime": onnxruntime, "openvino": openvino}[sys.argv[1]](sys.argv[2])
call()
mark(MARK, BEGIN, 0, 0, 0)
call()
mark(MARK, END, 0, 0, 0)
