"""Which layers lose the accuracy of a quantised artifact: the largest shares that `edgebench explain` found."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.explained import Explained, Share
from edgebench.report.charts import looks
from edgebench.report.charts.chart import COLOURS, Axis, Chart, Drawing, Panel, Series, Style
from edgebench.report.numbers import um_interval

SHOWN = 20
ALONE, SAVED = "this layer alone quantised", "decrease where it alone stays in float"
_LOOKS = {ALONE: Style(COLOURS[0]), SAVED: Style(COLOURS[1], hatch="//")}


def pictures(explained: Sequence[Explained]) -> tuple[Drawing, ...]:
    """One an artifact."""
    return tuple(_drawing(one) for one in explained)


def _drawing(one: Explained) -> Drawing:
    shares = one.shares[:SHOWN]
    names = Axis("layer", names=tuple(_name(share.layer) for share in shares))
    panels = tuple(
        Panel(
            name,
            Axis("mean |difference|", "um"),
            names,
            "bars",
            (_series(name, values, [_hover(one, share) for share in shares]),),
        )
        for name, values in (
            (ALONE, [share.alone_um for share in shares]),
            (SAVED, [share.saved_um for share in shares]),
        )
    )
    labels = looks.simulated([one.simulated])
    first = shares[0]
    rest = len(one.shares) - len(shares)
    title = f"Quantisation error of each layer: {one.model} {one.target}"
    caption = (
        f"What quantising each layer changes in the answers, against float32, for {one.model} {one.target} "
        f"(all of it: {one.whole_um:.4f} um); the {len(shares)} largest"
        f"{f', {rest} more have less' if rest else ''}. Measured once on the patches given: no interval."
    )
    about = "".join(f", {label}" for label in labels)
    told = (
        f"Bars of {len(shares)} layers{about}: mean |difference| from float32 {one.whole_um:.4f} um in all; the "
        f"largest of one layer alone is {first.layer} with {first.alone_um:.4f} um, the smallest shown "
        f"{shares[-1].layer} with {shares[-1].alone_um:.4f} um."
    )
    chart = Chart(title, panels, labels, height_in=max(1.0, 0.24 * len(shares) + 0.2))
    return Drawing(f"layers-{one.model}-{one.target}", caption, told, chart)


def _series(name: str, values: list[float], hover: list[str]) -> Series:
    return Series("", tuple(values), tuple(map(float, range(len(values)))), _LOOKS[name], hover=tuple(hover))


def _hover(one: Explained, share: Share) -> str:
    ratio = share.time_ratio
    return "\n".join(
        (
            f"{share.layer} ({share.kind})",
            f"alone {share.alone_um:.4f} um, saved {share.saved_um:+.4f} um, {share.bytes:,} bytes",
            f"time ratio {um_interval(ratio.value, ratio)}" if ratio else "time ratio not measured",
            f"{one.model} {one.target}, SHA-256 {one.sha256[:12]}; data set {one.data['name']}"
            f"{' (simulated slides)' if one.simulated else ''}",
        )
    )


def _name(layer: str) -> str:
    """Its end tells more than its beginning."""
    return layer if len(layer) <= 28 else f"...{layer[-25:]}"
