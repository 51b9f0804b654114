"""A current sensor of Texas Instruments' INA family, as the kernel's hwmon shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from edgebench.energy.base import whole_number
from edgebench.errors import DeviceError

ROOT = Path("/sys/class/hwmon")
WHOLE = ("VDD_IN", "5V_IN", "POM_5V_IN")  # labels of the rail that feeds the whole board (NVIDIA's)


@dataclass(frozen=True)
class Rail:
    label: str
    files: tuple[Path, ...]  # power in uW, or voltage in mV and current in mA

    def watts(self) -> float:
        values = [whole_number(file) for file in self.files]
        return values[0] / 1e6 if len(values) == 1 else values[0] * values[1] / 1e6


class Hwmon:
    name = "hwmon"
    counts = False

    def __init__(self, root: Path = ROOT) -> None:
        self._rails = [rail for folder in sorted(root.glob("hwmon*")) for rail in _rails(folder)]
        whole = [rail for rail in self._rails if rail.label in WHOLE]
        self._rail = whole[0] if len(whole) == 1 else self._rails[0] if len(self._rails) == 1 else None

    def available(self) -> Optional[str]:
        if not self._rails:
            return "no INA2xx or INA3221 sensor here"
        if self._rail is None:
            labels = ", ".join(rail.label for rail in self._rails)
            return f"several rails ({labels}), and none is known to feed the whole board: read one by --energy-command"
        try:
            self._rail.watts()
        except DeviceError as error:
            return str(error)
        return None

    def about(self) -> str:
        return self._rail.label if self._rail else ""

    def read(self) -> float:
        if self._rail is None:
            raise DeviceError(f"energy source {self.name}: {self.available()}.")
        return self._rail.watts()


def _rails(folder: Path) -> list[Rail]:
    chip = _text(folder / "name")
    if not chip.startswith(("ina2", "ina3")):
        return []
    power = sorted(folder.glob("power[0-9]_input"))
    if power:
        return [Rail(_text(folder / f"{file.name[:6]}_label") or chip, (file,)) for file in power]
    return [
        Rail(_text(folder / f"in{n}_label") or f"{chip} channel {n}", (volts, folder / f"curr{n}_input"))
        for n in "123"
        if (volts := folder / f"in{n}_input").is_file() and (folder / f"curr{n}_input").is_file()
    ]


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
