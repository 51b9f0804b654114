"""The start of a worker process of a pool: it ends with its parent, and computes in one thread."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

import cv2

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def begin_worker() -> None:
    """Initializer of a pool of processes: a worker of a killed parent would go on, or wait for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != os.getppid():
            os._exit(1)  # it died before the line above
    cv2.setNumThreads(1)
