"""What a source of energy is. Standard library only, here and in every source."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Protocol

from edgebench.errors import DeviceError


class Source(Protocol):
    name: str
    counts: bool  # True: read() gives joules since some moment, False: watts now, to be integrated

    def available(self) -> Optional[str]:
        """Why it cannot be read here; None where it can."""

    def about(self) -> str:
        """What it measures: domains, rails."""

    def read(self) -> float:
        """J or W. DeviceError where it fails."""


def whole_number(path: Path) -> int:
    """What a file of the kernel says; DeviceError where it cannot be read."""
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"{path}: cannot be read ({error}). Leave out --energy, or give the right to read it."
        ) from error
