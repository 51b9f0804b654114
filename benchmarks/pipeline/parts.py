"""Each part of the pipeline alone, on one core, with all it needs already in memory: what the whole is held against.

python benchmarks/pipeline/parts.py < RunSpec; prints one JSON object of ns by part.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from edgebench.runner import heap, host, spec
from edgebench.types import RunSpec, StackFiles

BATCHES = 8  # different ones that take turns in the predictions


def main() -> None:
    run = spec.parse(sys.stdin.read())
    host.apply_threads(1)
    print(json.dumps(measure(run)))


def measure(run: RunSpec) -> dict[str, int]:
    """ns of read, smooth, shrink, standardise, predict and aggregate over all images of the stacks."""
    import cv2

    from edgebench.runner import feed, start

    cv2.setNumThreads(1)
    heap.keep_freed()
    backend, _ = start.start(run, start.noise(run))
    feed.warm(run, feed.pairs(run))
    ns: Counter[str] = Counter()
    for stack in run.stacks:
        _stack(replace(run, stacks=(stack,)), stack, backend, ns)
    return dict(ns)


def _stack(run: RunSpec, stack: StackFiles, backend: Any, ns: Counter[str]) -> None:
    import numpy as np

    from edgebench.focus import images, preprocess
    from edgebench.focus.aggregate import image_value
    from edgebench.runner import feed, start

    def timed(part: str, function: Callable[..., Any], *over: Sequence[Any]) -> list[Any]:
        begin = perf_counter_ns()
        found = [function(*one) for one in zip(*over)]
        ns[part] += perf_counter_ns() - begin
        return found

    pairs = feed.pairs(run)
    used = sorted({index for pair in pairs for index in (pair.lower, pair.upper)})
    raw = timed("read", images.read_image, [Path(run.data_root) / stack.planes[index][0] for index in used])
    smooth = timed("smooth", lambda plane: preprocess.smooth(preprocess.needed(plane)), raw)
    at = dict(zip(used, smooth))
    lower, upper = ([at[getattr(pair, name)] for pair in pairs] for name in ("lower", "upper"))
    tiles = [
        tile
        for image in timed("shrink", lambda a, b: preprocess.small_tiles(a, b, run.input_size), lower, upper)
        for tile in image
    ]
    into = backend.quantisation
    turns = [np.zeros(start.shape(run), np.float32 if into is None else np.int8) for _ in range(BATCHES)]
    places = [to for turn in turns for to in turn]
    patch = np.empty(places[0].shape, np.float32)

    def standardise(tile: Any, to: Any) -> None:
        preprocess.standardise(tile, to if into is None else patch)
        if into is not None:
            into.quantise(patch, to)

    timed("standardise", standardise, tiles, [places[i % len(places)] for i in range(len(tiles))])
    calls = -(-len(tiles) // run.batch_size)
    timed("predict", backend.predict, [turns[i % BATCHES] for i in range(calls)])
    answers = np.zeros((len(pairs), len(tiles) // len(pairs)), np.float32)
    timed("aggregate", image_value, list(answers))


if __name__ == "__main__":
    main()
