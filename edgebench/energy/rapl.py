"""RAPL, the energy counters of x86 packages and their memory (Linux powercap). Only root may read them by default."""

from __future__ import annotations

from pathlib import Path
from time import sleep
from typing import Optional

from edgebench.energy.base import whole_number
from edgebench.errors import DeviceError

SETTLE_S = 0.05  # counters move every millisecond
ROOT = Path("/sys/class/powercap")


class Rapl:
    name = "rapl"
    counts = True

    def __init__(self, root: Path = ROOT) -> None:
        self._domains = {_name(folder): folder for folder in sorted(root.glob("intel-rapl:*")) if _counted(folder)}
        self._last: dict[str, int] = {}
        self._total_uj = 0

    def available(self) -> Optional[str]:
        if not self._domains:
            return "no RAPL counters here"
        try:
            before = self.read()
            sleep(SETTLE_S)
            return None if self.read() > before else "the RAPL counters do not move (a virtual machine?)"
        except DeviceError as error:
            return str(error)

    def about(self) -> str:
        return ", ".join(self._domains)

    def read(self) -> float:
        """J since the first reading, all domains together. A counter that wrapped once in between is followed."""
        for name, folder in self._domains.items():
            now = whole_number(folder / "energy_uj")
            grown = now - self._last.get(name, now)
            self._total_uj += grown if grown >= 0 else grown + whole_number(folder / "max_energy_range_uj")
            self._last[name] = now
        return self._total_uj / 1e6


def _counted(folder: Path) -> bool:
    """Packages, and the memory beside them; cores and graphics are inside a package, psys holds it all again."""
    text = _label(folder)
    return text.startswith("package") or text == "dram"


def _name(folder: Path) -> str:
    """Unique: "dram" comes once a package."""
    label = _label(folder)
    return f"{label}-{folder.name.split(':')[1]}" if label == "dram" else label


def _label(folder: Path) -> str:
    try:
        return (folder / "name").read_text().strip()
    except OSError:
        return ""
