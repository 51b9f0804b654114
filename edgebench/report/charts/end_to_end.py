"""Where the end-to-end time of a set goes, as stacked bars; of emulated boards no time is known."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.summary import Summary, Times
from edgebench.report.charts import looks
from edgebench.report.charts.chart import COLOURS, HATCHES, Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.main_table import TIMED
from edgebench.report.numbers import seconds
from edgebench.report.rows import SETS
from edgebench.report.speed import ONE_PROCESS

PARTS = ("read + decode", "preprocess", "predict", "aggregate + rest")
_COLOURS = (COLOURS[0], COLOURS[4], COLOURS[1], "#FFFFFF")  # in grey too from dark to light


def picture(runs: Sequence[Summary]) -> Drawing | None:
    """One bar a real run over the whole of Set 2, of those with the most patches; None where there is none."""
    timed = [one for one in runs if TIMED in one.times and not one.record["device"]["emulated"]]
    patches = max((one.times[TIMED].patches for one in timed), default=0)
    shown = [one for one in timed if one.times[TIMED].patches == patches]
    if not shown:
        return None
    names = tuple(f"{' '.join(looks.variant(one.record))}, {looks.short(one, shown)}" for one in shown)
    parts = [_parts(one.times[TIMED]) for one in shown]
    totals = tuple(f"{seconds(one.times[TIMED].wall_s)} s" for one in shown)
    series = tuple(
        Series(
            name,
            tuple(split[at] for split in parts),
            tuple(map(float, range(len(shown)))),
            Style(_COLOURS[at], hatch=HATCHES[at]),
            hover=tuple(_hover(one, name, split[at]) for one, split in zip(shown, parts)),
            labels=totals,
        )
        for at, name in enumerate(PARTS)
    )
    title = f"{dict(SETS)[TIMED]}: {patches:,} patches, one process each"
    panel = Panel(title, Axis("wall time", "s", lowest=0), Axis("run", names=names), "bars", series)
    labels = looks.simulated_runs(shown)
    chart = Chart("Where the end-to-end time goes", (panel,), labels, height_in=max(1.0, 0.27 * len(shown) + 0.2))
    return Drawing("end-to-end", _caption(len(runs) - len(shown)), _told(shown, names, parts, labels), chart)


def _parts(times: Times) -> tuple[float, ...]:
    return times.read_s, times.preprocess_s, times.predict_s, max(times.other_s, 0.0)


def _hover(one: Summary, name: str, part_s: float) -> str:
    wall_s = one.times[TIMED].wall_s
    run, *rest = looks.footnotes(one, TIMED, "backend")
    share = f"{name} {seconds(part_s)} s, {part_s / wall_s:.0%} of {seconds(wall_s)} s"
    return "\n".join((run, share, "n = 1 process: no interval", *rest))


def _told(
    shown: Sequence[Summary], names: Sequence[str], parts: Sequence[tuple[float, ...]], labels: Sequence[str]
) -> str:
    order = sorted(range(len(shown)), key=lambda at: shown[at].times[TIMED].wall_s)
    ends = dict.fromkeys((order[0], order[-1]))
    about = "".join(f", {label}" for label in labels)
    told = [
        f"{names[at]} takes {seconds(shown[at].times[TIMED].wall_s)} s: "
        + ", ".join(f"{name} {seconds(part)} s" for name, part in zip(PARTS, parts[at]))
        for at in ends
    ]
    return f"Stacked bars of {len(shown)} runs over Set 2{about}. {'; '.join(told)}."


def _caption(others: int) -> str:
    left_out = f" Not shown, as emulated or of fewer patches: {others}." if others else ""
    return (
        "End-to-end wall time for the patches of Set 2: reading and decoding the files, preprocessing, prediction, and "
        f"the rest (median over the tiles, loop). {ONE_PROCESS}{left_out}"
    )
