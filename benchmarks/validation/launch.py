"""A peer in a process bound as the runner's is: the same cores, the same variables for the libraries.

python benchmarks/validation/launch.py THREADS TOOL [the tool's own arguments]

The tool's own code does and times all calls. Two of them cannot be used for a comparison as they are shipped, and get
one thing from here: `litert_benchmark` and `onnxruntime_test` say what.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from edgebench.runner import host

Main = Callable[[], None]


def benchmark_app(threads: int) -> Main:
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # as in our backend: no second process
    from openvino.tools.benchmark.main import main

    return main  # type: ignore[no-any-return]


def litert_benchmark(threads: int) -> Main:
    """It would round what it reports to 0.01 ms, 3 % of 0.3 ms: its report is left unrounded."""
    from ai_edge_litert.tools import benchmark_litert_model as tool

    tool.round = lambda value, digits: value
    return tool.main  # type: ignore[no-any-return]


def onnxruntime_test(threads: int) -> Main:
    """It has no option for threads, and takes as many as there are cores, also where it may use one: it is told."""
    import onnxruntime
    from onnxruntime.tools import onnxruntime_test as tool

    create = onnxruntime.InferenceSession
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads

    def session(path: str, sess_options: object, **other: Any) -> Any:
        return create(path, sess_options=options, **other)

    onnxruntime.InferenceSession = session
    return tool.main  # type: ignore[no-any-return]


TOOLS = {"benchmark_app": benchmark_app, "litert-benchmark": litert_benchmark, "onnxruntime_test": onnxruntime_test}


def main() -> None:
    threads, tool, *arguments = sys.argv[1:]
    host.apply_threads(int(threads))
    run = TOOLS[tool](int(threads))
    sys.argv = [tool, *arguments]
    run()


if __name__ == "__main__":
    main()
