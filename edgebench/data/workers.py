"""The start of a worker process of a pool: it ends with its parent, and computes in one thread."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

import cv2

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def begin_worker() -> None:
    """Initializer for a pool of processes: a worker that outlives a killed parent would wait for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1 and os.environ.get("EDGEBENCH_INIT") is None:
            os._exit(1)
    cv2.setNumThreads(1)
