"""One cell over time as a page: a table with what is shown to have changed, and the latency as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from edgebench.records import cells
from edgebench.records.history import Point
from edgebench.records.statistics import Estimate
from edgebench.report import numbers
from edgebench.report.charts.chart import COLOURS, Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.document import Block, Cell, Document, Picture, Table, Text, Value

ABOUT = (
    "Oldest first, each against the one before it: latency as a ratio of process medians, error as a paired "
    "difference. Marked is what is shown to be beyond the floor (3 % of the latency) or outside the margin of the "
    "error (0.05 um)."
)
SIMULATED = "simulated slides"


def document(name: str, points: Sequence[Point]) -> Document:
    blocks: list[Block] = [Text(f"`{name}`. {ABOUT}"), table(points)]
    drawn = drawing(name, points)
    if drawn is not None:
        blocks.append(Picture(drawn.name, drawn.caption, drawn.alternative, drawn.chart))
    if any(one.summary.record["data"]["simulated"] for one in points):
        blocks.append(Text("**The slides are simulated.** The errors hold for that simulation only."))
    return Document("history", "A cell over time", tuple(blocks))


def table(points: Sequence[Point]) -> Table:
    splits = sorted({split for one in points for split in one.summary.errors})
    headers = ["Measured", "Code", "p50 of a call (ms)", "Against the one before"]
    for split in splits:
        headers += [f"Error, {split} (um)", "Against the one before"]
    headers += ["Peak (MiB)", "File (MB)", "Shown to have changed", "Verdict", "In"]
    return Table(tuple(headers), tuple(_row(one, splits) for one in points), left=2, key="history")


def drawing(name: str, points: Sequence[Point]) -> Drawing | None:
    """Latency and, of each split, the error over time; None where there is no time, or one record alone."""
    timed = [(one, one.summary.latency) for one in points]
    some = [(one, latency) for one, latency in timed if latency is not None]
    if len(some) < 2:
        return None
    when = Axis("measured, and code", names=tuple(_when(one) for one, _ in some))
    values = [(latency.p50_ms, latency.p50) for _, latency in some]
    breaks = [place for place, (one, _) in enumerate(some) if place and one.change is None]
    series = _series("p50 of a call", values, breaks, Style(COLOURS[0], "circle", "solid"))
    panels = [Panel("Latency", when, Axis("p50 of a call", "ms", lowest=0.0), "lines", series)]
    panels += _errors([one for one, _ in some], breaks, when)
    simulated = any(one.summary.record["data"]["simulated"] for one, _ in some)
    told = "; ".join(f"{_when(one)}: {latency.p50_ms:.3g} ms" for one, latency in some)
    parted = " Where no line joins two, they do not compare." if breaks else ""
    caption = f"{name} over time, with 95 % intervals.{parted}"
    chart = Chart(name, tuple(panels), labels=(SIMULATED,) if simulated else (), columns=1)
    return Drawing("history", caption, f"{caption} Latency: {told}.", chart)


def _errors(some: Sequence[Point], breaks: Sequence[int], when: Axis) -> list[Panel]:
    series: list[Series] = []
    styles = (Style(COLOURS[1], "square", "solid"), Style(COLOURS[2], "diamond", "dashed"))
    for split, style in zip(sorted(set.intersection(*({*one.summary.errors} for one in some))), styles):
        found = [one.summary.errors[split] for one in some]
        series += _series(split, [(each.mean_um, each.interval) for each in found], breaks, style)
    return [Panel("Focusing error", when, Axis("error", "um", lowest=0.0), "lines", tuple(series))] if series else []


def _series(
    name: str, values: Sequence[tuple[float, Estimate | None]], breaks: Sequence[int], style: Style
) -> tuple[Series, ...]:
    """One for each run of points that compare with the one before; the first has the name."""
    found: list[Series] = []
    for start, end in pairwise([0, *breaks, len(values)]):
        ends = [interval or Estimate(value, value, value) for value, interval in values[start:end]]
        found.append(
            Series(
                "" if found else name,
                tuple(map(float, range(start, end))),
                tuple(value for value, _ in values[start:end]),
                style,
                y_low=tuple(one.low for one in ends),
                y_high=tuple(one.high for one in ends),
            )
        )
    return tuple(found)


def _when(one: Point) -> str:
    record = one.summary.record
    return f"{cells.created(record):%Y-%m-%d %H:%M}, {record['code_sha256'][:8]}"


def _row(one: Point, splits: Sequence[str]) -> tuple[Cell, ...]:
    found, change = one.summary, one.change
    when, _, code = _when(one).partition(", ")
    row: list[Cell] = [when, code]
    if found.latency:
        text = numbers.ms_interval(found.latency.p50_ms, found.latency.p50)
        row.append(numbers.ranged(text, found.latency.p50_ms, found.latency.p50))
    else:
        row.append(Value(numbers.NONE))
    row.append(_ratio(one))
    for split in splits:
        error = found.errors.get(split)
        row.append(
            numbers.ranged(numbers.um_interval(error.mean_um, error.interval, 3), error.mean_um, error.interval)
            if error
            else Value(numbers.NONE)
        )
        paired = change.errors.get(split) if change else None
        told = numbers.um_interval(paired.mean_um, paired.interval, 3, "+") if paired else ""
        row.append(f"{told} {paired.verdict}" if paired else one.reason or numbers.NONE)
    peak = found.memory.peak_mib if found.memory else None
    marks = "; ".join(one.marks) or numbers.NONE
    return (*row, Value(numbers.mib(peak), peak), Value(f"{found.file_mb:.3f}", found.file_mb), marks, found.verdict,
            one.folder)  # fmt: skip


def _ratio(one: Point) -> str:
    found = one.change.latency if one.change else None
    if found is None:
        return one.reason or numbers.NONE
    ends = f" [{found.found.low:.3f}, {found.found.high:.3f}]" if found.found else ""
    return f"x {found.value:.3f}{ends} {found.verdict}"
