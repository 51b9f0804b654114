"""The power management chip of a Raspberry Pi 5: the sum of the rails whose current and voltage it measures.

What hangs on the 5 V input itself (USB, fans, the chip's own losses) has no current reading, and is not in it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Optional

from edgebench.errors import DeviceError

COMMAND = ("vcgencmd", "pmic_read_adc")
_LINE = re.compile(r"^\s*(\w+)_([AV])\s+(?:current|volt)\(\d+\)=([0-9.]+)[AV]\s*$", re.MULTILINE)


class Pmic:
    name = "pmic"
    counts = False

    def available(self) -> Optional[str]:
        if shutil.which(COMMAND[0]) is None:
            return "no vcgencmd here"
        try:
            self.read()
        except DeviceError as error:
            return str(error)
        return None

    def about(self) -> str:
        return "rails of the PMIC, without the 5 V input's own"

    def read(self) -> float:
        return watts(_said())


def watts(text: str) -> float:
    """Sum over the rails that have a current and a voltage; DeviceError where there is none."""
    rails: dict[str, dict[str, float]] = {}
    for rail, kind, value in _LINE.findall(text):
        rails.setdefault(rail, {})[kind] = float(value)
    powers = [rail["A"] * rail["V"] for rail in rails.values() if len(rail) == 2]
    if not powers:
        raise DeviceError(f"{' '.join(COMMAND)}: no rail with current and voltage. Only a Raspberry Pi 5 has them.")
    return sum(powers)


def _said() -> str:
    try:
        return subprocess.run(COMMAND, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise DeviceError(f"{' '.join(COMMAND)}: {' '.join(str(error).split())}. Check the user's groups.") from error
