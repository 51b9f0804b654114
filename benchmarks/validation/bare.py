"""Our backend, but timed where a peer times: the runtime's call alone, its input set once, its output not read.

python benchmarks/validation/bare.py CALLS FILE, a RunSpec on standard input

Shows how much of a difference comes from what is timed. The times, ns, go into FILE.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from ready import ready


def litert(backend: Any) -> Callable[[], int]:
    """As litert-benchmark, but by the interface that our backend uses."""
    invoke: Callable[[], None] = backend._interpreter.invoke

    def call() -> int:
        begin = perf_counter_ns()
        invoke()
        return perf_counter_ns() - begin

    return call


def openvino(backend: Any) -> Callable[[], int]:
    """As benchmark_app: the time that the C++ library itself takes."""
    request = backend._request

    def call() -> int:
        request.infer()
        return int(request.latency * 1e6)

    return call


BARE = {"LiteRt": litert, "OpenVino": openvino}


def main() -> None:
    calls, file = sys.argv[1:]
    backend, _ = ready()
    call = BARE[type(backend).__name__](backend)
    Path(file).write_text(json.dumps([call() for _ in range(int(calls))]))


if __name__ == "__main__":
    main()
