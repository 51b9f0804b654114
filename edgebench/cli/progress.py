"""How far a session is, with provisional figures: drawn only when an event comes, and then at most twice a second."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgebench.bench.cells import Data
    from edgebench.bench.estimate import Pace
    from edgebench.bench.session import Step, Tell

REFRESH_S = 0.5  # the parent must not disturb the runner: it neither polls nor draws while nothing is told


@contextmanager
def progress(data: Data, pace: Pace) -> Iterator[Tell]:
    """One bar over all processes; gives what a session tells its events to."""
    from rich.progress import BarColumn, TextColumn

    from edgebench.cli import screen

    columns = (TextColumn("{task.description}"), BarColumn(10), TextColumn("{task.fields[state]}"))
    with screen.bars(*columns, refresh=False) as bar:
        task = bar.add_task("starting", total=None, state="")
        figures = Figures(data, pace)
        drawn = 0.0

        def show(step: Step, event: dict[str, Any]) -> None:
            nonlocal drawn
            figures.hear(step, event)
            if time.monotonic() - drawn < REFRESH_S:
                return
            drawn = time.monotonic()
            done = step.number + figures.share(step)
            what = f"{step.cell.name}: {step.phase} ({step.number + 1}/{step.of})"
            bar.update(task, description=what, completed=done, total=step.of, state=figures.text(step))
            bar.refresh()

        yield show


class Figures:
    """What events have told so far: the error of the accuracy process, the medians of finished latency processes, and
    how long the processes took."""

    def __init__(self, data: Data, pace: Pace) -> None:
        self._data, self._pace = data, pace
        self._errors_um: list[float] = []
        self._medians_ms: defaultdict[str, list[float]] = defaultdict(list)
        self._began = time.monotonic()

    def hear(self, step: Step, event: dict[str, Any]) -> None:
        name = event["event"]
        if name == "host":
            self._errors_um.clear()
            self._began = time.monotonic()
        elif name == "image":
            self._errors_um.append(abs(median(event["patches_um"]) - event["z_nm"] / 1000))
        elif name == "latency" and step.phase.startswith("latency"):
            self._medians_ms[step.id].append(median(event["samples_ns"]) / 1e6)
        elif name == "done":
            self._pace.add(step.id, step.phase, time.monotonic() - self._began)

    def share(self, step: Step) -> float:
        """Of the process under way, as far as it tells."""
        images = self._images(step)
        return min(len(self._errors_um) / images, 1.0) if images else 0.0

    def text(self, step: Step) -> str:
        """Provisional: over the images and processes so far."""
        parts = []
        if self._errors_um:
            parts.append(f"{fmean(self._errors_um):.2f} um so far ({len(self._errors_um)}/{self._images(step)})")
        medians = self._medians_ms[step.id]
        if medians:
            parts.append(f"p50 {median(medians):.3g} ms so far ({len(medians)}/{step.cell.settings.repeats})")
        left = self.left_s(step)
        if left is not None:
            parts.append(f"about {duration(left)} left")
        return ", ".join(parts)

    def left_s(self, step: Step) -> float | None:
        """Of the whole session, by what finished processes of each kind took; None while nothing tells."""
        took = [self._pace.near(process) for process in step.left]
        known = [seconds for seconds in took if seconds is not None]
        if len(known) < len(took) / 2:
            return None
        return max(sum(known) * len(took) / len(known) - (time.monotonic() - self._began), 0.0)

    def _images(self, step: Step) -> int:
        of = int(self._data.about["splits"].get(step.phase.removeprefix("accuracy "), {"images": 0})["images"])
        return min(of, step.cell.settings.images or of)


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
