"""The table of sources, and which of them a run uses."""

from __future__ import annotations

from typing import Callable, Optional

from edgebench.energy.base import Source
from edgebench.energy.command import Command
from edgebench.energy.hwmon import Hwmon
from edgebench.energy.pmic import Pmic
from edgebench.energy.rapl import Rapl
from edgebench.errors import DeviceError, UsageError

SOURCES: dict[str, Callable[[], Source]] = {"rapl": Rapl, "hwmon": Hwmon, "pmic": Pmic}
COMMAND = "command"
OFF, AUTO = "off", "auto"
NAMES = (AUTO, OFF, *SOURCES, COMMAND)


def source(name: str, command: str = "") -> tuple[Optional[Source], Optional[str]]:
    """The source of this name, or none with the reason.

    "auto" is the first that counts: a sampled one works between the calls, and disturbs them, so it must be named.
    DeviceError where a named one cannot be read, UsageError for an unknown name.
    """
    if name == OFF:
        return None, "not asked for"
    if name == COMMAND:
        return Command(command), None
    if name == AUTO:
        counting = [found for found in (make() for make in SOURCES.values()) if found.counts]
        reasons = {found.name: found.available() for found in counting}
        there = next((found for found in counting if reasons[found.name] is None), None)
        return there, None if there else "; ".join(f"{each}: {why}" for each, why in reasons.items())
    if name not in SOURCES:
        raise UsageError(f"no energy source {name!r}. Sources: {', '.join(NAMES)}.")
    named = SOURCES[name]()
    reason = named.available()
    if reason is not None:
        raise DeviceError(f"energy source {name!r}: {reason}.")
    return named, None


def reasons() -> dict[str, Optional[str]]:
    """Of every source, why it cannot be read here; None where it can."""
    return {name: make().available() for name, make in SOURCES.items()}
