"""What the kernel and a Raspberry Pi's firmware tell of heat, clock, memory and load; None for what they do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Optional

from edgebench.runner import firmware

CPU = Path("/sys/devices/system/cpu")
CPUFREQ = CPU / "cpufreq"
THERMAL = Path("/sys/class/thermal")
MEMINFO = Path("/proc/meminfo")


def now() -> dict[str, object]:
    """All that may disturb a measurement; every device that runs under Linux tells the same."""
    return {**heat_and_clock(), **memory(), "load": os.getloadavg()[0]}


def heat_and_clock() -> dict[str, object]:
    """requested_khz is what the governor asks for, which a hot CPU may not give; arm_hz, on a Pi, what it has."""
    return {
        "temperature_c": hottest(),
        "throttle_count": throttled(),
        "governor": each("scaling_governor"),
        "requested_khz": each("scaling_cur_freq"),
        **firmware.state(),
    }


def memory() -> dict[str, Optional[int]]:
    """What a new process could get without swapping, and what of the swap is used; in bytes."""
    try:
        lines = [line.split() for line in MEMINFO.read_text().splitlines()]
    except OSError:
        lines = []
    kib = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}
    free, total, unused = (kib.get(name) for name in ("MemAvailable", "SwapTotal", "SwapFree"))
    used = None if total is None or unused is None else (total - unused) * 1024
    return {"free_bytes": None if free is None else free * 1024, "swap_used_bytes": used}


def hottest() -> Optional[float]:
    """Highest temperature of all zones, degrees Celsius."""
    found = [number(zone) for zone in THERMAL.glob("thermal_zone*/temp")]
    seen = [millidegrees / 1000 for millidegrees in found if millidegrees is not None]
    return max(seen, default=None)


def throttled() -> Optional[int]:
    """How often a core or package was slowed down for heat since boot (x86); None where nothing counts it."""
    counts = {path: number(path) for path in CPU.glob("cpu[0-9]*/thermal_throttle/*_throttle_count")}
    return sum(count or 0 for count in counts.values()) if counts else None


def each(name: str) -> Optional[list[object]]:
    """One entry a group of cores; None where the kernel has no frequency control."""
    found: list[object] = []
    for policy in sorted(CPUFREQ.glob("policy*")):
        try:
            text = (policy / name).read_text().strip()
        except OSError:
            continue
        found.append(int(text) if text.isdigit() else text)
    return found or None


def number(path: Path) -> Optional[int]:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # a sensor that is off has a file that cannot be read
        return None
