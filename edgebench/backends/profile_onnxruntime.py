"""Time by node of ONNX Runtime, from the trace that it writes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort

from edgebench.backends.profiling import Timed

NS_PER_US = 1000
_KERNEL = "_kernel_time"


def measure(model: Path, x: np.ndarray, threads: int, calls: int) -> list[Timed]:
    with tempfile.TemporaryDirectory() as folder:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "trace")
        session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        taken = session.get_inputs()[0].name
        for _ in range(calls):
            session.run(None, {taken: x})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    total: dict[tuple[str, str], int] = {}
    for event in events:
        name = str(event.get("name", ""))
        if event.get("cat") == "Node" and name.endswith(_KERNEL):
            key = (name[: -len(_KERNEL)], str(event["args"]["op_name"]))
            total[key] = total.get(key, 0) + int(event["dur"])
    return [Timed(name, kind, "", us * NS_PER_US // calls) for (name, kind), us in total.items()]
