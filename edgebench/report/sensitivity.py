"""How much an error grows when the planes are compressed more."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation
from edgebench.report.evaluated import name, part
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, um

STORED = "as stored"


def places(swept: Sequence[Evaluation]) -> list[tuple[str, str]]:
    return sorted({(one.about["set"], split) for one in swept for split in one.splits})


def table(swept: Sequence[Evaluation], place: tuple[str, str], notes: Notes) -> Table:
    """Mean |e| in um by the median / weighted: a row a model, a column a JPEG quality."""
    there = [one for one in swept if one.about["set"] == place[0] and place[1] in one.splits]
    qualities = sorted({one.about["jpeg_quality"] for one in there}, key=order)
    rows = []
    for model in dict.fromkeys(one.name for one in there):
        of = {one.about["jpeg_quality"]: one for one in there if one.name == model}
        cells = (_cell(of[quality], place[1], notes) if quality in of else NONE for quality in qualities)
        rows.append((name(next(iter(of.values())), notes), *cells))
    return Table(("Model", *(STORED if quality is None else f"{quality}" for quality in qualities)), tuple(rows))


def order(quality: int | None) -> int:
    """As stored, then from the best quality to the worst."""
    return -101 if quality is None else -quality


def _cell(one: Evaluation, split: str, notes: Notes) -> str:
    found = (um(one.splits[split][level].score.mean_um) for level in (MEDIAN, WEIGHTED))
    return " / ".join(found) + part(one, split, notes)
