"""What LiteRT and tflite-runtime have in common: TensorFlow Lite's interpreter, with the delegate that it takes."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any, Optional

import numpy as np

from edgebench.backends.base import refused
from edgebench.backends.quantisation import Quantisation


class TfLite:
    """The classes made of it name the interpreter."""

    name: str  # of the backend
    package: str  # distribution
    interpreter: Any  # class

    def __init__(self, model: Path, *, batch_size: int, threads: int) -> None:
        try:
            self._interpreter = self.interpreter(model_path=str(model), num_threads=threads)
            self._input = self._interpreter.get_input_details()[0]
            self._index = self._input["index"]
            self._shape = [batch_size, *self._input["shape"].tolist()[1:]]
            self._interpreter.resize_tensor_input(self._index, self._shape)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise refused(self.name, model, error) from error
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.quantisation = _quantisation(self._input)
        self._answer = _quantisation(output)
        self._threads = threads

    def predict(self, x: np.ndarray) -> np.ndarray:
        if self.quantisation is not None and x.dtype != np.int8:
            x = self.quantisation.quantise(x)
        self._interpreter.set_tensor(self._index, x)
        self._interpreter.invoke()
        y: np.ndarray = self._interpreter.get_tensor(self._output).reshape(-1)
        return y if self._answer is None else self._answer.real(y)

    def takes(self) -> dict[str, object]:
        return {"input_shape": self._shape, "input_dtype": np.dtype(self._input["dtype"]).name}

    def executed(self) -> dict[str, object]:
        nodes = self._interpreter._get_ops_details()  # the public interface names no operators
        delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
        operators = [node for node in nodes if node["op_name"] != "DELEGATE"]
        dtypes = {int(one["index"]): np.dtype(one["dtype"]).name for one in self._interpreter.get_tensor_details()}
        types = Counter(f"{node['op_name']} {_dtype(node, dtypes)}" for node in operators)
        return {
            "delegate": "XNNPACK" if delegates else None,
            "partitions": len(delegates),
            "operators_total": len(operators),
            "operators_delegated": len(_delegated(delegates, operators)),
            "operators": dict(types),
            "threads": self._threads,
        }

    def versions(self) -> dict[str, str]:
        return {self.package: version(self.package)}


def _quantisation(tensor: dict[str, Any]) -> Optional[Quantisation]:
    """Of an input or output; None where it is float32."""
    if tensor["dtype"] != np.int8:
        return None
    scale, zero_point = tensor["quantization"]
    return Quantisation(float(scale), int(zero_point))


def _dtype(node: dict[str, Any], dtypes: dict[int, str]) -> str:
    """Type of what an operator computes with: its first input; "unknown" where the interpreter hides that tensor."""
    tensors = [int(i) for i in (*node["inputs"], *node["outputs"]) if i >= 0]
    return next((dtypes[i] for i in tensors if i in dtypes), "unknown")


def _delegated(delegates: list[dict[str, Any]], operators: list[dict[str, Any]]) -> set[int]:
    """Indices of the operators that a delegate replaces: all between its inputs and its outputs."""
    makers = {int(tensor): node for node in operators for tensor in node["outputs"]}
    found: set[int] = set()
    for delegate in delegates:
        border = {int(tensor) for tensor in delegate["inputs"]}
        waiting = [int(tensor) for tensor in delegate["outputs"]]
        while waiting:
            tensor = waiting.pop()
            node = makers.get(tensor)
            if tensor not in border and node is not None and node["index"] not in found:
                found.add(node["index"])
                waiting.extend(int(source) for source in node["inputs"])
    return found
