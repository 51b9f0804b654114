"""Facts of a board and its system that a figure may hang on: revision, firmware, C library, page size, swap.

The serial number is not among them: it names the user's own board.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from edgebench.runner import firmware

DEVICE_TREE = Path("/proc/device-tree")
CPUINFO = Path("/proc/cpuinfo")
SWAPS = Path("/proc/swaps")


def facts() -> dict[str, object]:
    """Of any Linux machine; with "board" where a device tree names one."""
    found: dict[str, object] = {
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "bits": 64 if platform.architecture()[0] == "64bit" else 32,
        "page_bytes": os.sysconf("SC_PAGE_SIZE"),
        "swap": _swap(),
    }
    model = DEVICE_TREE / "model"
    if model.is_file():
        named = model.read_bytes().rstrip(b"\0").decode(errors="replace")
        found["board"] = {"model": named, "revision": _revision(), **firmware.about()}
    return found


def _swap() -> list[dict[str, object]]:
    """Each area: whether it is compressed memory (zram), and its size. /proc/swaps: name, type, KiB, used, priority."""
    try:
        lines = [line.split() for line in SWAPS.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [{"zram": "zram" in words[0], "bytes": int(words[2]) * 1024} for words in lines if len(words) > 2]


def _revision() -> str:
    """The code that names model, maker and memory of a Raspberry Pi; empty where there is none."""
    found = re.search(r"^Revision\s*:\s*(\w+)$", CPUINFO.read_text(), re.MULTILINE)
    return found[1] if found else ""
