"""Latency over the minutes of a run without rest; no picture where no record has such a run."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary
from edgebench.records.sustained import LIMIT, Sustained
from edgebench.report.charts import looks
from edgebench.report.charts.chart import Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.numbers import ms

_LIMIT = Style("#000000", dash="dashed")


def picture(runs: Sequence[Summary]) -> Drawing | None:
    """One line a real run: the median of each minute over that of the first; of emulated boards no time is known."""
    found = [(one, one.sustained) for one in runs if one.sustained is not None and not one.record["device"]["emulated"]]
    if not found:
        return None
    shown = [one for one, _ in found]
    names = [f"{' '.join(looks.variant(one.record))}, {looks.short(one, shown)}" for one in shown]
    styles = looks.styles(names)
    series = tuple(_series(name, styles[name], one, of) for name, (one, of) in zip(names, found))
    ends = (1.0, float(max(of.minutes for _, of in found)))
    limit = Series(f"limit {LIMIT:g}: slower is THROTTLED or DRIFT", ends, (LIMIT, LIMIT), _LIMIT)
    panel = Panel(
        "calls one after the other, without rest",
        Axis("time without rest", "min"),
        Axis("median of the minute over that of the first", "1"),
        "lines",
        (*series, limit),
    )
    labels = looks.simulated_runs(shown)
    told = "; ".join(
        f"{name}: {ms(of.medians_ms[0])} ms a call in the first of {of.minutes} minutes, {ms(of.medians_ms[-1])} ms in "
        f"the last, {of.ratio:.2f} times as long, {_heat(of)}"
        for name, (_, of) in zip(names, found)
    )
    about = "".join(f", {label}" for label in labels)
    return Drawing(
        "sustained",
        "Median time of a call in each minute of calls without rest, over that of the first minute. One process each: "
        "no interval.",
        f"Lines of latency over the minutes{about}. {told}.",
        Chart("Latency of minutes without rest", (panel,), labels),
    )


def _series(name: str, style: Style, one: Summary, of: Sustained) -> Series:
    batch = one.record["settings"]["batch_size"]
    run, *rest = looks.footnotes(one, "", "backend", "device", "sustained")
    return Series(
        name,
        tuple(float(at) for at in range(1, of.minutes + 1)),
        tuple(median / of.medians_ms[0] for median in of.medians_ms),
        style,
        hover=tuple(
            "\n".join((run, f"minute {at}: {ms(median)} ms a call of {batch}", _heat(of), "n = 1 process", *rest))
            for at, median in enumerate(of.medians_ms, start=1)
        ),
    )


def _heat(of: Sustained) -> str:
    return "no temperature known" if of.hottest_c is None else f"at most {of.hottest_c:.0f} deg C"
