"""Work between marks, for an emulator that counts instructions: calls that a latency process times, and fields."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edgebench.backends.base import Backend
from edgebench.focus import images, preprocess
from edgebench.runner import feed, start
from edgebench.types import RunSpec

TIMES = 2
BEGIN, CALL, FIELD = 1, 2, 3  # phases: the last two end what they name
_MARK = 0x45444745  # emulation/edgecount.c; no option of prctl's, which refuses it


def measure(spec: RunSpec, emit: start.Emit) -> None:
    """Emit a load event and the count event, to which the device adds what its emulator counted."""
    cv2.setNumThreads(1)
    batch = start.noise(spec)
    backend, load = start.start(spec, batch)
    _marked(CALL, lambda: backend.predict(batch))
    lower, upper = _planes(spec)
    patches = len(_field(spec, backend, lower, upper))
    _marked(FIELD, lambda: _field(spec, backend, lower, upper))
    emit("load", **load)
    emit("count", calls=TIMES, patches=patches)


def _marked(phase: int, work: Callable[[], np.ndarray]) -> None:
    """Once to warm up, then TIMES times between marks."""
    mark = ctypes.CDLL(None).prctl
    work()
    for _ in range(TIMES):
        mark(_MARK, BEGIN, 0, 0, 0)
        work()
        mark(_MARK, phase, 0, 0, 0)


def _planes(spec: RunSpec) -> tuple[np.ndarray, np.ndarray]:
    """One pair, decoded: counts hang on sizes, hardly on what is seen."""
    pair = feed.pairs(spec)[0]
    lower, upper = (images.read_image(Path(spec.data_root) / pair.stack.planes[i][0]) for i in (pair.lower, pair.upper))
    return lower, upper


def _field(spec: RunSpec, backend: Backend, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """All preprocessing of a field: from two planes to what the artifact takes, (N, S, S, 3)."""
    small = preprocess.small_tiles(feed.smooth(lower), feed.smooth(upper), spec.input_size)
    into = backend.quantisation
    out = np.empty(small.shape, np.float32 if into is None else np.int8)
    scratch = np.empty(small.shape[1:], np.float32)
    for one, to in zip(small, out):
        feed.put(one, to, into, scratch)
    return out
