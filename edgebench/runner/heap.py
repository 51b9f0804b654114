"""Memory of this process that only the kernel and the C library know of: its peak, and what is freed."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

from edgebench.errors import DeviceError

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST_MMAP = 32 * 2**20  # that glibc takes
_KEPT = 256 * 2**20
_SMALLEST_MMAP = 128 * 2**10  # of glibc, until it has seen a larger one freed


def keep_freed() -> None:
    """Let the C library keep what is freed: images come and go, and each page given back and asked for again is zeroed
    by the kernel, which takes as long as half of the preprocessing. Nothing where it is not glibc."""
    _mallopt({_MMAP_THRESHOLD: _LARGEST_MMAP, _TRIM_THRESHOLD: _KEPT})


def keep_nothing() -> None:
    """Let the C library map every large block on its own and unmap it when it is freed: an emulator's heap does not
    shrink, and give_back() has no effect there. Nothing where it is not glibc."""
    _mallopt({_MMAP_THRESHOLD: _SMALLEST_MMAP})


def give_back() -> None:
    """Return freed memory (of decoded images) to the kernel, where the C library can: later stages would hide in it."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):  # not glibc
        return


def reset_peak() -> bool:
    """Forget the peak so far; where the kernel does not allow it, False: the peak includes all since the start."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak() -> int:
    """Highest resident memory since reset_peak(), bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise DeviceError("/proc/self/status has no VmHWM. Memory needs a Linux kernel that counts it.")


def _mallopt(parameters: Mapping[int, int]) -> None:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for parameter, value in parameters.items():
        mallopt(parameter, value)
