"""What the state of a device makes worth a word before anything is measured on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgebench.types import Throttled

CAREFUL = "performance"  # the governor whose clock does not move


def warnings(name: str, state: Mapping[str, Any]) -> Iterator[str]:
    """A line each; none of them stops a run: what happens during it is judged from the record."""
    flags = Throttled.of(state.get("throttled"))
    now, before = ", ".join(flags.now), ", ".join(flags.since_boot)
    if now:
        yield f"{name}: the firmware says now: {now}. Mend supply or cooling first: the run will be THROTTLED."
    elif before:
        yield f"{name}: since boot there was: {before}. It counts only if it comes anew; a reboot clears it."
    if state.get("firmware_refuses"):
        yield (
            f"{name}: vcgencmd refuses ({state['firmware_refuses']}), so that throttling is not seen. There: "
            "sudo usermod -aG video $USER, and log in again."
        )
    governors = sorted({str(each) for each in state.get("governor") or ()} - {CAREFUL})
    if governors:
        yield f"{name}: governor {', '.join(governors)}: the clock moves with the load. --governor {CAREFUL} holds it."
