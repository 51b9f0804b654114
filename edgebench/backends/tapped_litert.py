"""Of a .tflite file whose tensors are all outputs, with the delegate that LiteRT applies by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from edgebench.backends.quantisation import Quantisation
from edgebench.backends.tapped import Tensor


def outputs(model: Path, x: np.ndarray, threads: int) -> Iterator[Tensor]:
    interpreter = Interpreter(model_path=str(model), num_threads=threads)
    taken = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(taken["index"], [len(x), *taken["shape"].tolist()[1:]])
    interpreter.allocate_tensors()
    scale, zero_point = taken["quantization"]
    given = Quantisation(float(scale), int(zero_point)).quantise(x) if taken["dtype"] == np.int8 else x
    interpreter.set_tensor(taken["index"], given)
    interpreter.invoke()
    for one in interpreter.get_output_details():
        yield Tensor(one["name"], interpreter.get_tensor(one["index"]), float(one["quantization"][0]) or None)
