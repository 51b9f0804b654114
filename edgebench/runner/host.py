"""Facts of the machine that the runner is on, never its name or user; and the threads that are applied."""

from __future__ import annotations

import os
import platform
from importlib import metadata

from edgebench.errors import DeviceError
from edgebench.runner import board

PACKAGES = (
    "edgebench",
    "numpy",
    "opencv-python-headless",
    "psutil",
    "ai-edge-litert",
    "tflite-runtime",
    "onnxruntime",
    "openvino",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


def apply_threads(threads: int) -> None:
    """Bind the process to as many cores as threads, and tell the libraries; before any of them is imported.

    The last cores are taken: the first serves most interrupts. Raises DeviceError where there are too few.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if threads > len(allowed):
        raise DeviceError(f"{threads} threads asked, {len(allowed)} cores allowed here. Use --threads {len(allowed)}.")
    os.sched_setaffinity(0, allowed[-threads:])
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"


def facts(threads: int = 0) -> dict[str, object]:
    """The host event. affinity is read back from the kernel; threads is the number asked for, which apply_threads has
    told the libraries and made the number of those cores (0: none asked, one a core).

    What a runtime made of it is in its own `executed`; here nothing is imported that could tell.
    """
    affinity = sorted(os.sched_getaffinity(0))
    cpu, flags = processor()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu": cpu,
        "cpu_flags": flags,
        **board.facts(),
        "cores": os.cpu_count() or len(affinity),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "threads": threads or len(affinity),
        "affinity": affinity,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Installed distributions that matter here, from their metadata: nothing is imported."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def processor() -> tuple[str, list[str]]:
    """Model name and flags; a board of ARM cores names itself in its device tree."""
    lines = [line.partition(":") for line in board.CPUINFO.read_text().splitlines()]
    values: dict[str, str] = {}
    for key, _, value in lines:
        values.setdefault(key.strip(), value.strip())
    model = board.DEVICE_TREE / "model"
    if model.is_file():
        values["Board"] = model.read_bytes().rstrip(b"\0").decode(errors="replace")
    name = next((values[key] for key in ("model name", "Board", "Model", "Hardware") if values.get(key)), "")
    return name or platform.machine(), (values.get("flags") or values.get("Features") or "").split()
