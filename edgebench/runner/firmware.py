"""What a Raspberry Pi's firmware tells by vcgencmd: throttling, the clock that it gives; nothing on other machines."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Optional

COMMAND = "vcgencmd"
_SETTINGS = {"arm_boost": "arm_boost", "arm_freq_mhz": "arm_freq"}


def state() -> dict[str, object]:
    """Bits of get_throttled (types.Throttled), and the measured clock of the cores, Hz; empty without such a firmware.

    "firmware_refuses" has the reason where it gives no answer: the user may not ask it.
    """
    if shutil.which(COMMAND) is None:
        return {}
    bits = _number(r"throttled=(0x[0-9a-fA-F]+)", said := _ask("get_throttled"))
    if bits is None:
        return {"throttled": None, "arm_hz": None, "firmware_refuses": said}
    return {"throttled": bits, "arm_hz": _number(r"frequency\(\d+\)=(\d+)", _ask("measure_clock", "arm"))}


def about() -> dict[str, object]:
    """Firmware and clock settings of the board: a Pi 4 has 1.5 or 1.8 GHz by arm_boost."""
    if shutil.which(COMMAND) is None:
        return {}
    settings = {name: _number(r"=(\d+)", _ask("get_config", key)) for name, key in _SETTINGS.items()}
    return {"firmware": _ask("version").splitlines()[0] if _ask("version") else None, **settings}


def _number(pattern: str, text: str) -> Optional[int]:
    found = re.search(pattern, text)
    return None if found is None else int(found[1], 0)


def _ask(*words: str) -> str:
    try:
        done = subprocess.run([COMMAND, *words], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout.strip() or done.stderr.strip()).strip()
