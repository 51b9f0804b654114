"""A meter that the user reads by a command of his own: it prints "12.3 J", of a counter, or "4.5 W"."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import Optional

from edgebench.errors import DeviceError

TIMEOUT_S = 5
_READING = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*([JW])\s*")


class Command:
    name = "command"

    def __init__(self, command: str) -> None:
        """It is run once: its unit says what it is. DeviceError where that fails."""
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise DeviceError(f"--energy-command {command!r}: {error}. Quote it right.") from error
        self.counts = self._reading()[1] == "J"

    def available(self) -> Optional[str]:
        return None

    def about(self) -> str:
        return "a counter" if self.counts else "power"

    def read(self) -> float:
        value, unit = self._reading()
        if (unit == "J") != self.counts:
            raise DeviceError(f"--energy-command: it said {'J' if self.counts else 'W'} before, and now {unit}.")
        return value

    def _reading(self) -> tuple[float, str]:
        try:
            done = subprocess.run(self._words, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
        except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
            raise DeviceError(f"--energy-command: {' '.join(str(error).split())}. Run it by hand.") from error
        found = _READING.fullmatch(done.stdout)
        if found is None:
            raise DeviceError(f"--energy-command: it printed {done.stdout[:80]!r}, expected like '12.3 J' or '4.5 W'.")
        return float(found[1]), found[2]
