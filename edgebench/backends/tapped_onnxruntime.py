"""Of an .onnx file whose tensors are all outputs. Operators that ONNX Runtime would fuse are apart here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort

from edgebench.backends.tapped import Tensor


def outputs(model: Path, x: np.ndarray, threads: int) -> Iterator[Tensor]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    for name, values in zip(names, session.run(names, {session.get_inputs()[0].name: x})):
        yield Tensor(name, values, None)
