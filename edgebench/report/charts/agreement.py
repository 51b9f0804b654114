"""How far the answers of other devices are from a real machine's, for the same artifact, backend and data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records.agreement import Agreement, agreement, identity
from edgebench.records.summary import Summary
from edgebench.report.charts import looks
from edgebench.report.charts.chart import COLOURS, Axis, Chart, Drawing, Panel, Series, Style

KEPT_UM = 0.0001  # of an answer in a record
NM = 1000.0
MEAN, MOST = "mean", "largest"


@dataclass(frozen=True)
class Pair:
    base: Summary
    other: Summary
    found: Agreement

    @property
    def name(self) -> str:
        device = self.other.record["device"]
        emulated = " (emulated)" if device["emulated"] else ""
        return f"{' '.join(looks.variant(self.other.record))}, {looks.place(self.other)}{emulated}"


def picture(runs: Sequence[Summary]) -> Drawing | None:
    """One row a run whose artifact a real device has measured too; None where there is none."""
    found = pairs(runs)
    if not found:
        return None
    places = tuple(map(float, range(len(found))))
    hover = tuple(_hover(pair) for pair in found)
    mean, most = (tuple(um * NM for um in of) for of in zip(*((p.found.mean_um, p.found.max_um) for p in found)))
    told = tuple("none differs" if pair.found.max_um == 0 else "" for pair in found)
    panel = Panel(
        "",
        Axis("|difference| of the answer to a patch; records keep 0.1", "nm"),
        Axis("run", names=tuple(pair.name for pair in found)),
        "points",
        (
            Series(MEAN, mean, places, Style(COLOURS[0], "circle"), hover=hover),
            Series(MOST, most, places, Style(COLOURS[3], "diamond", hollow=True, size_pt=8), hover=hover, labels=told),
        ),
    )
    labels = looks.simulated_runs(pair.other for pair in found)
    labels += ("some devices emulated",) if any(p.other.record["device"]["emulated"] for p in found) else ()
    bases = sorted({looks.place(pair.base) for pair in found})
    chart = Chart(
        f"Difference of answers from those of {', '.join(bases)}",
        (panel,),
        labels,
        height_in=max(1.2, 0.3 * len(found) + 0.3),
    )
    return Drawing("device-agreement", _caption(found), _alternative(found, labels), chart)


def pairs(runs: Sequence[Summary]) -> list[Pair]:
    """Every run of another device with a real one of the same artifact; of two real ones the later by name."""
    real = [one for one in runs if not one.record["device"]["emulated"]]
    found = []
    for other in runs:
        for base in real:
            names = looks.place(base), looks.place(other)
            later = other.record["device"]["emulated"] or names[0] < names[1]
            if not later or names[0] == names[1] or identity(base.record) != identity(other.record):
                continue
            apart = agreement(base.record, other.record)
            if apart is not None:
                found.append(Pair(base, other, apart))
                break
    return found


def _hover(pair: Pair) -> str:
    found = pair.found
    name, _, *notes = looks.footnotes(pair.other)
    where = [f"largest at {found.worst}"] if found.max_um else ["no answer differs in what a record keeps (0.1 nm)"]
    return "\n".join(
        (
            name,
            f"against {looks.place(pair.base)}: mean {_nm(found.mean_um)}, largest {_nm(found.max_um)}",
            f"{found.patches:,} patches, {found.differing:.1%} differ",
            *where,
            *notes,
        )
    )


def _nm(um: float) -> str:
    return f"{um * NM:,.0f} nm" if um * NM >= 100 else f"{um * NM:.2g} nm"


def _caption(found: Sequence[Pair]) -> str:
    exact = sum(pair.found.max_um == 0 for pair in found)
    return (
        "Difference of the answers to the same patches, of the same artifact and backend, from those of a real device; "
        f"{exact} of {len(found)} runs show none. A record keeps answers to {KEPT_UM:g} um. Every patch was compared: "
        "no interval."
    )


def _alternative(found: Sequence[Pair], labels: Sequence[str]) -> str:
    exact = [pair.name for pair in found if pair.found.max_um == 0]
    worst = max(found, key=lambda pair: pair.found.max_um)
    none = f" None differs of {looks.listed(exact)}." if exact else ""
    most = (
        f" The largest difference is {_nm(worst.found.max_um)} (mean {_nm(worst.found.mean_um)} of "
        f"{worst.found.patches:,} patches), of {worst.name}."
    )
    about = "".join(f", {label}" for label in labels)
    return f"Differences of the answers of {len(found)} runs{about}.{none}{most if worst.found.max_um else ''}"
