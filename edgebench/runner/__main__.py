"""One RunSpec on standard input, JSON lines on standard output, one measurement, and the process ends.

`python -m edgebench.runner --host` gives the host event alone.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import TextIO

from edgebench.errors import EdgebenchError
from edgebench.runner import host, spec
from edgebench.types import RunSpec


def _protocol() -> TextIO:
    """The real standard output, kept for events; what a runtime prints goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w", encoding="utf-8", buffering=1)


def _measure(run: RunSpec, out: TextIO) -> None:
    def emit(event: str, **values: object) -> None:
        out.write(json.dumps({"event": event, **values}, allow_nan=False) + "\n")

    host.apply_threads(run.threads)  # before NumPy, OpenCV and the runtime are imported
    emit("host", **host.facts(run.threads))
    importlib.import_module(f"edgebench.runner.{run.mode}").measure(run, emit)
    emit("done")


def main() -> int:
    out = _protocol()
    try:
        if sys.argv[1:] == ["--host"]:
            from edgebench.energy import choose

            out.write(json.dumps({"event": "host", **host.facts(), "no_energy": choose.reasons()}) + "\n")
        else:
            _measure(spec.parse(sys.stdin.read()), out)
    except EdgebenchError as error:
        out.write(json.dumps({"event": "error", "kind": type(error).__name__, "message": str(error)}) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
