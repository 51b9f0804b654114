"""This machine: the runner is a fresh child process of the same Python; the parent sleeps until a line comes."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Optional

import psutil

from edgebench.devices.base import Device, Event, event
from edgebench.errors import DeviceError
from edgebench.types import RunSpec

_CPU = Path("/sys/devices/system/cpu")
_CPUFREQ = _CPU / "cpufreq"
_THERMAL = Path("/sys/class/thermal")
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Local:
    name = "local"
    emulated = False

    def run(self, spec: RunSpec) -> Iterator[Event]:
        return self._events([], json.dumps(dataclasses.asdict(spec)), last="done")

    def host(self) -> Event:
        (found,) = self._events(["--host"], "", last="host")
        return found

    def state(self) -> dict[str, object]:
        """Frequency is what the governor asks for, which a hot CPU may not give."""
        return {
            "temperature_c": _hottest(),
            "throttle_count": _throttled(),
            "governor": _each("scaling_governor"),
            "requested_khz": _each("scaling_cur_freq"),
            "load": os.getloadavg()[0],
            "free_bytes": psutil.virtual_memory().available,
            "swap_used_bytes": psutil.swap_memory().used,
        }

    def _events(self, options: list[str], text: str, *, last: str) -> Iterator[Event]:
        with (
            tempfile.TemporaryFile() as errors,  # a pipe that nobody reads would block the runner
            subprocess.Popen(
                [sys.executable, "-m", "edgebench.runner", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                preexec_fn=_end_with_parent,
            ) as process,
        ):
            try:
                yield from self._talk(process, text, errors, last)
            finally:
                process.kill()  # nothing where it has ended

    def _talk(self, process: subprocess.Popen[str], text: str, errors: IO[bytes], last: str) -> Iterator[Event]:
        if process.stdin is None or process.stdout is None:
            raise DeviceError(f"device {self.name!r}: the runner has no pipes.")
        try:
            process.stdin.write(text)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died before it read: its status tells
        kind = None
        for line in process.stdout:
            found = event(self.name, line)
            kind = found["event"]
            yield found
        status = process.wait()
        if status or kind != last:
            raise DeviceError(
                f"device {self.name!r}: the runner {_ended(status)} after {kind or 'no'} event. "
                f"Its last words: {_last_line(errors)}"
            )


def _end_with_parent() -> None:
    """A runner whose session was killed would disturb the next one."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    hint = " (out of memory?)" if -status == signal.SIGKILL else ""
    return f"was ended by {signal.Signals(-status).name}{hint}"


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line.strip() for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "none"


def _hottest() -> Optional[float]:
    """Highest temperature of all zones, degrees Celsius."""
    found = [_number(zone) for zone in _THERMAL.glob("thermal_zone*/temp")]
    seen = [millidegrees / 1000 for millidegrees in found if millidegrees is not None]
    return max(seen, default=None)


def _throttled() -> Optional[int]:
    """How often a core or package was slowed down for heat since boot (x86); None where nothing counts it."""
    counts = {path: _number(path) for path in _CPU.glob("cpu[0-9]*/thermal_throttle/*_throttle_count")}
    return sum(count or 0 for count in counts.values()) if counts else None


def _each(name: str) -> Optional[list[object]]:
    """One entry a group of cores; None where the kernel has no frequency control."""
    found: list[object] = []
    for policy in sorted(_CPUFREQ.glob("policy*")):
        try:
            text = (policy / name).read_text().strip()
        except OSError:
            continue
        found.append(int(text) if text.isdigit() else text)
    return found or None


def _number(path: Path) -> Optional[int]:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # a sensor that is off has a file that cannot be read
        return None


def connect() -> Device:
    return Local()
