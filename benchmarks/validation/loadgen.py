"""MLPerf's LoadGen drives one of our backends: single stream, a sample is a batch.

python benchmarks/validation/loadgen.py CALLS EXPECTED_NS FOLDER real|random, a RunSpec on standard input

LoadGen sends the next query when the last is answered, takes the times, and writes its summary into FOLDER. The
artifact, the patches and the threads come to it as they come to our own latency process.
"""

from __future__ import annotations

import sys
from typing import Any

import mlperf_loadgen as lg
from ready import ready


def main() -> None:
    calls, expected_ns, folder, inputs = sys.argv[1:]
    backend, turns = ready(inputs)

    def issue(queries: list[Any]) -> None:
        for query in queries:
            y = backend.predict(turns[query.index])
            lg.QuerySamplesComplete([lg.QuerySampleResponse(query.id, y.ctypes.data, y.nbytes)])

    settings = lg.TestSettings()
    settings.scenario = lg.TestScenario.SingleStream
    settings.mode = lg.TestMode.PerformanceOnly
    settings.single_stream_expected_latency_ns = int(expected_ns)
    settings.min_duration_ms = 0
    settings.min_query_count = settings.max_query_count = int(calls)
    log = lg.LogSettings()
    log.enable_trace = False
    log.log_output.outdir = folder
    system = lg.ConstructSUT(issue, lambda: None)
    library = lg.ConstructQSL(len(turns), len(turns), lambda indices: None, lambda indices: None)
    lg.StartTestWithLogSettings(system, library, settings, log)
    lg.DestroyQSL(library)
    lg.DestroySUT(system)


if __name__ == "__main__":
    main()
