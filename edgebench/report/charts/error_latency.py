"""The choice at one glance: focusing error against the time of a patch, with the Pareto front of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgebench.records import estimate
from edgebench.records.statistics import Estimate
from edgebench.records.summary import Summary
from edgebench.report.charts import looks
from edgebench.report.charts.chart import Axis, Chart, Drawing, Panel, Series, Style, front
from edgebench.report.numbers import ms_interval, um_interval
from edgebench.report.rows import SETS

HOLLOW = "hollow: est. of emulated boards"
X, Y = (
    Axis("time of a patch, preprocessed, in steady state", "ms", log=True),
    Axis("mean focusing error", "um", lowest=0),
)


@dataclass(frozen=True)
class Spot:
    """A run in one panel; estimated: its time is."""

    run: Summary
    error: Estimate
    ms: Estimate
    estimated: bool
    name: str  # beside the point


def picture(runs: Sequence[Summary]) -> Drawing | None:
    """One panel a test set; None where no run has both an error and a time."""
    panels = [(split, title, spots) for split, title in SETS if (spots := _spots(runs, split))]
    if not panels:
        return None
    every = [spot for _, _, spots in panels for spot in spots]
    styles = looks.styles((_name(spot) for spot in every), line=False)
    labels = looks.simulated_runs(spot.run for spot in every)
    labels += (HOLLOW,) if any(spot.estimated for spot in every) else ()
    chart = Chart(
        "Focusing error against latency",
        tuple(_panel(split, title, spots, styles) for split, title, spots in panels),
        (*labels, looks.INTERVALS),
        columns=1,
        height_in=3.3,
    )
    told = [_told(title, spots) for _, title, spots in panels]
    about = "simulated slides, " if any(label.endswith("simulated slides") for label in labels) else ""
    return Drawing("error-latency", _caption(every, panels), f"Scatter plot, {about}{' '.join(told)}", chart)


def beaten(spot: Spot, spots: Sequence[Spot]) -> bool:
    """Whether another is shown to be better: its intervals of both error and time lie wholly below this one's."""
    return any(o.error.high < spot.error.low and o.ms.high < spot.ms.low for o in spots)


def on_front(spots: Sequence[Spot]) -> list[Spot]:
    """Of the measured ones, by value, the fastest first."""
    measured = [spot for spot in spots if not spot.estimated]
    best = front(tuple(_point(spot) for spot in measured))
    return sorted((spot for spot in measured if _point(spot) in best), key=_point)


def _spots(runs: Sequence[Summary], split: str) -> list[Spot]:
    found = []
    real = [one for one in runs if not one.record["device"]["emulated"] and one.latency]
    for one in runs:
        error = one.errors.get(split)
        if error is None:
            continue
        ends = error.interval or Estimate(error.mean_um, error.mean_um, error.mean_um)
        emulated, batch = one.record["device"]["emulated"], one.record["settings"]["batch_size"]
        counted = estimate.counted(one.record) if emulated else None
        guess = counted.latency_ms.get(one.record["settings"]["threads"]) if counted else None
        if guess is not None:
            spot = Spot(one, ends, guess.scaled(1 / batch), True, f"{one.record['device']['name']} est.")
            found.append(spot)
        elif one.latency and not emulated:
            value = one.latency.patch_ms
            found.append(
                Spot(one, ends, one.latency.patch or Estimate(value, value, value), False, looks.short(one, real))
            )
    return found


def _panel(split: str, title: str, spots: Sequence[Spot], styles: dict[str, Style]) -> Panel:
    groups: dict[tuple[str, bool], list[Spot]] = {}
    for spot in spots:
        groups.setdefault((_name(spot), spot.estimated), []).append(spot)
    series = []
    for (name, estimated), of in groups.items():
        told = "" if estimated and (name, False) in groups else name
        series.append(
            Series(
                told,
                tuple(spot.ms.value for spot in of),
                tuple(spot.error.value for spot in of),
                replace(styles[name], hollow=estimated),
                x_low=tuple(spot.ms.low for spot in of),
                x_high=tuple(spot.ms.high for spot in of),
                y_low=tuple(spot.error.low for spot in of),
                y_high=tuple(spot.error.high for spot in of),
                hover=tuple(_hover(spot, split) for spot in of),
                labels=tuple(spot.name for spot in of),
            )
        )
    return Panel(title, X, Y, "points", tuple(series), front=tuple(dict.fromkeys(map(_point, on_front(spots)))))


def _hover(spot: Spot, split: str) -> str:
    images = len(spot.run.errors[split].images)
    name, *rest = looks.footnotes(spot.run, split, "backend", "latency", "device")
    est = "est. " if spot.estimated else ""
    settings = spot.run.record["settings"]
    return "\n".join(
        (
            name,
            f"error {_um(spot)} um, {images:,} images",
            f"{est}{_ms(spot)} ms a patch, batch {settings['batch_size']}",
            *rest,
            *(["est.: an estimate from counted instructions, never measured."] if spot.estimated else []),
        )
    )


def _told(title: str, spots: Sequence[Spot]) -> str:
    measured = [spot for spot in spots if not spot.estimated]
    guessed = [spot for spot in spots if spot.estimated]
    parts = []
    if measured:
        best = [f"{_whole(spot)} with {_um(spot)} um at {_ms(spot)} ms" for spot in on_front(spots)]
        errors, times = [spot.error.value for spot in measured], [spot.ms.value for spot in measured]
        parts.append(
            f"{title}: {len(measured)} measured run{_s(measured)}, {looks.spread(errors, 2)} um at "
            f"{looks.spread(times, 2)} ms a patch; on the Pareto front {looks.listed(best)}."
        )
    if guessed:
        start = "" if measured else f"{title}: "
        times = [spot.ms.value for spot in guessed]
        parts.append(
            f"{start}{len(guessed)} estimate{_s(guessed)} of emulated boards (hollow), {looks.spread(times, 1)} ms."
        )
    return " ".join(parts)


def _caption(every: Sequence[Spot], panels: Sequence[tuple[str, str, list[Spot]]]) -> str:
    parts = ["Focusing error against the time of a patch; lower left is better, bars are 95 % intervals."]
    told = []
    for _, title, spots in panels:
        measured, best = [spot for spot in spots if not spot.estimated], on_front(spots)
        open_ = sum(spot not in best and not beaten(spot, best) for spot in measured)
        if measured:
            told.append(f"{open_} of {len(measured) - len(best)} in {title}")
    if told:
        parts.append(
            f"The front is drawn by value. Off it, with an interval that overlaps the front's in error or in time: "
            f"{looks.listed(told)}; a paired difference of the same images shows more (table7, quantisation)."
        )
    if any(spot.estimated for spot in every):
        parts.append(
            "Hollow: boards that were emulated, whose time is an estimate from counted instructions and stands on no "
            "front, and whose error is of few images."
        )
    return " ".join(parts)


def _s(many: Sequence[Spot]) -> str:
    return "s" if len(many) > 1 else ""


def _point(spot: Spot) -> tuple[float, float]:
    return spot.ms.value, spot.error.value


def _name(spot: Spot) -> str:
    return " ".join(looks.variant(spot.run.record))


def _whole(spot: Spot) -> str:
    return f"{_name(spot)} ({spot.name})"


def _um(spot: Spot) -> str:
    return um_interval(spot.error.value, spot.error if spot.error.low < spot.error.high else None)


def _ms(spot: Spot) -> str:
    return ms_interval(spot.ms.value, spot.ms if spot.ms.low < spot.ms.high else None)
