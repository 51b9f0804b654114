"""What differs for a runner that is emulated: the kernel of the host shows it memory that is the emulator's."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "EDGEBENCH_EMULATED"  # set by the device


def emulated() -> bool:
    return bool(os.environ.get(VARIABLE))


def resident() -> int:
    """Bytes of the guest: /proc/self/maps is the guest's, smaps the whole emulator's, and what lies in both counts."""
    own = [_span(line) for line in Path("/proc/self/maps").read_text().splitlines()]
    total, mine = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split(maxsplit=1)[0]
        if "-" in first and not first.endswith(":"):
            low, high = _span(line)
            mine = any(low < end and high > start for start, end in own)
        elif mine and line.startswith("Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def _span(line: str) -> tuple[int, int]:
    low, _, high = line.split(maxsplit=1)[0].partition("-")
    return int(low, 16), int(high, 16)
