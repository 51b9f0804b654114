"""Two sets of records, before and after a change or of two boards: cell by cell what comparison.py shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgebench.errors import RecordError, UsageError
from edgebench.records import cells, comparison, estimate, store
from edgebench.records.comparison import Comparison
from edgebench.records.equivalence import MARGIN_UM
from edgebench.records.schema import Record
from edgebench.records.statistics import Estimate
from edgebench.records.summary import Summary, summarise

NO_TIMES = "no times"  # of emulated boards
TOO_FEW = "too few stacks"


@dataclass(frozen=True)
class Cell:
    name: str
    compared: Comparison | None
    estimated: Estimate | None = None  # ratio of the estimated times of two emulated boards; never a measurement
    reason: str = ""  # why it is not comparable

    @property
    def latency(self) -> str:
        """A verdict of ratio.judge, or why there is none."""
        if self.compared is None:
            return "not comparable"
        return self.compared.latency.verdict if self.compared.latency else NO_TIMES

    def error(self, split: str) -> str:
        if self.compared is None or split not in self.compared.errors:
            return "not comparable"
        found = self.compared.errors[split]
        return found.verdict if found else TOO_FEW


@dataclass(frozen=True)
class Sets:
    cells: tuple[Cell, ...]  # compared ones first, then those that are not, each by name
    margin_um: float

    @property
    def compared(self) -> tuple[Cell, ...]:
        return tuple(one for one in self.cells if one.compared is not None)

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(sorted({split for one in self.cells if one.compared for split in one.compared.errors}))

    @property
    def regressions(self) -> tuple[str, ...]:
        return tuple(
            f"{one.name}: {what}" for one in self.compared if one.compared for what in one.compared.regressions
        )

    @property
    def simulated(self) -> bool:
        return any(one.compared.base.record["data"]["simulated"] for one in self.cells if one.compared)

    def counted(self) -> dict[str, Counter[str]]:
        """How many cells have which verdict, of the latency and of the error of each split; why the rest has none."""
        found = {"latency": Counter(one.latency for one in self.compared)}
        found |= {f"error, {split}": Counter(one.error(split) for one in self.compared) for split in self.splits}
        return {**found, "not comparable": Counter(one.reason for one in self.cells if one.compared is None)}


def load(folder: Path) -> tuple[Summary, ...]:
    """Of a results folder or what has one, or of one device's folder in it; RecordError where there is no record."""
    below = ("runs/*/[!.]*.json", "results/runs/*/[!.]*.json", "[!.]*.json")
    paths = next((found for pattern in below if (found := sorted(folder.glob(pattern)))), None)
    if paths is None:
        raise RecordError(
            f"{folder}: no records in it, nor in runs/DEVICE/ below. Name a results folder, or one of a device in it."
        )
    return tuple(summarise(store.load(path)) for path in paths)


def compare(
    base: Sequence[Summary], other: Sequence[Summary], margin_um: float = MARGIN_UM, *, across_devices: bool = False
) -> Sets:
    """The newest of each cell in both; across_devices: cells of any device, of which each set then has one."""
    sides = [_by_cell(side, across_devices) for side in (base, other)]
    found = []
    for key in sorted({*sides[0], *sides[1]}, key=str):
        there = [side[key] for side in sides if key in side]
        name = _name(next(iter(there[0].values())), across_devices)
        if len(there) < 2:
            found.append(Cell(name, None, reason=f"only in {'the base' if key in sides[0] else 'the other'}"))
            continue
        one, two = _alike(*there)
        if across_devices and any(len({device for device, _ in side}) > 1 for side in there):
            found.append(Cell(name, None, reason="of several devices in one set"))
        elif one == two:
            found.append(Cell(name, None, reason="the same record in both"))
        else:
            found.append(_cell(name, one, two, margin_um, across_devices))
    return Sets(tuple(sorted(found, key=lambda one: (one.compared is None, one.name))), margin_um)


def _by_cell(side: Sequence[Summary], across: bool) -> dict[tuple[object, ...], dict[tuple[str, int], Record]]:
    """By what a cell is for this comparison: the newest record of each device and number of images."""
    found: dict[tuple[object, ...], dict[tuple[str, int], Record]] = {}
    for one in sorted(side, key=lambda one: (cells.created(one.record), one.record["id"])):
        record = one.record
        device = record["device"]["name"]
        key = (*cells.place(record), "" if across else device)
        found.setdefault(key, {})[device, record["settings"]["images"]] = record
    return found


def _alike(base: dict[tuple[str, int], Record], other: dict[tuple[str, int], Record]) -> tuple[Record, Record]:
    """One of each side, the newest of as many images as the other side has, too, if there are such."""
    both = {images for _, images in base} & {images for _, images in other}
    one, two = (
        max((r for (_, images), r in side.items() if images in both or not both), key=cells.created)
        for side in (base, other)
    )
    return one, two


def _name(record: Record, across: bool) -> str:
    name = cells.name(record)
    return name.rsplit(", ", 1)[0] if across else name


def _cell(name: str, base: Record, other: Record, margin_um: float, across: bool) -> Cell:
    try:
        compared = comparison.compare(base, other, margin_um, across_devices=across)
    except UsageError as error:
        return Cell(name, None, reason=comparison.difference(str(error)))
    return Cell(name, compared, _estimated(base, other))


def _estimated(base: Record, other: Record) -> Estimate | None:
    """Of two emulated boards on one thread: the estimates' ends against each other."""
    counts = [estimate.counted(record) for record in (base, other)]
    times = [one.latency_ms.get(1) if one else None for one in counts]
    a, b = times
    same = base["device"]["name"] == other["device"]["name"]
    return None if a is None or b is None or same else Estimate(b.value / a.value, b.low / a.high, b.high / a.low)
