"""A CPU governor for the time of a session; the one that was there comes back, also after a session that was killed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from edgebench.devices.base import Device
from edgebench.errors import DeviceError, UsageError

CPUFREQ = "/sys/devices/system/cpu/cpufreq"
_KEPT = '"$HOME"/.cache/edgebench-governors'  # what was there, until it is back; not in the folder that --clean removes
_WRITE = """
put() { if test -w "$2"; then echo "$1" > "$2"; else echo "$1" | sudo -n tee "$2" > /dev/null; fi; }
back() {
    failed=
    while read -r file was; do test "$(cat "$file")" = "$was" || put "$was" "$file" || failed=yes; done < KEPT
    test -z "$failed" && rm -f KEPT
}
""".replace("KEPT", _KEPT)
_BACK = "if test -e KEPT; then back; fi\n".replace("KEPT", _KEPT)
_SET = """
if test -e KEPT && ! back 2> /dev/null; then echo kept; exit 0; fi
for file in ROOT/policy*/scaling_governor; do
    if ! test -e "$file"; then echo none; exit 0; fi
    case " $(cat "${file%governor}available_governors") " in *" WANTED "*) ;; *) echo unknown; exit 0;; esac
done
mkdir -p "$HOME"/.cache
for file in ROOT/policy*/scaling_governor; do echo "$file $(cat "$file")" || exit 1; done > KEPT || exit 1
for file in ROOT/policy*/scaling_governor; do
    if ! put WANTED "$file" 2> /dev/null; then echo refused; back 2> /dev/null; exit 0; fi
done
cut -d ' ' -f 2 KEPT | sort -u | tr '\\n' ' '
""".replace("KEPT", _KEPT)


@runtime_checkable
class Shell(Protocol):
    """A device whose system can be told something."""

    def shell(self, script: str) -> str:
        """Standard output of a POSIX sh script there; DeviceError where it fails."""


@contextmanager
def held(device: Device, wanted: str, tell: Callable[[str], None], root: str = CPUFREQ) -> Iterator[None]:
    """Set it, and set back what was there, whatever ends the session; nothing is done where wanted is empty.

    UsageError where the device has no governor, or not that one for each group of cores, or where this user may not set
    it; also where what a killed session changed cannot be set back: its note is then the only one of what was there.
    """
    if not wanted:
        yield
        return
    if device.emulated or not isinstance(device, Shell):
        raise UsageError(f"--governor {wanted}: device {device.name!r} has none. Leave it out.")
    if not wanted.isalnum():
        raise UsageError(f"--governor {wanted!r}: no name of a governor. Use performance.")
    former: Any = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        said = device.shell(_WRITE + _SET.replace("ROOT", root).replace("WANTED", wanted)).strip()
        if said in _REFUSALS:
            raise UsageError(f"--governor {wanted}: device {device.name!r} {_REFUSALS[said]}")
        tell(f"{device.name}: governor {wanted}; {said} comes back at the end")
        yield
    finally:
        try:
            device.shell(_WRITE + _BACK)
        except DeviceError as error:
            tell(f"{device.name}: the governor is not back ({error}); the next --governor there brings it back")
        signal.signal(signal.SIGTERM, former)


_REFUSALS = {
    "none": "has no frequency control that Linux shows. Leave it out.",
    "unknown": f"does not know it. Its governors are in {CPUFREQ}/policy*/scaling_available_governors.",
    "kept": "does not take back what was there before a session that was killed: ~/.cache/edgebench-governors. There: "
    "sudo without a password, or set each of that file back yourself, and remove it.",
    "refused": "lets only root set it. There: sudo without a password, or set it yourself and leave this out.",
}
