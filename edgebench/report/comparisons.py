"""Models against each other, image by image, on the set of the paper's tables."""

from __future__ import annotations

from edgebench.records.evaluation_summary import Evaluation, paired
from edgebench.report.evaluated import NOT_EVALUATED, View, name, part
from edgebench.report.grid import MODELS, ORIGINAL, REDUCED, SMALL
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import um_interval
from edgebench.report.rows import SETS

SINGLES = {ORIGINAL: "original-single", REDUCED: "reduced-single"}  # by the model of the same width and input size
OTHER_IMAGES = "other images"
PAIRS: tuple[tuple[str, str], ...] = (  # base, other
    *((single, difference) for difference, single in SINGLES.items()),
    *((REDUCED, each) for each in SMALL),
    *((ORIGINAL, each) for each in MODELS if each not in (ORIGINAL, *SMALL)),
)


def table(view: View, notes: Notes) -> Table:
    """How much larger the error of each model is than that of its base, um, with a row for every pair."""
    rows = []
    for base, other in PAIRS:
        ones = view.named(base), view.named(other)
        named = (name(one, notes) if one else each for one, each in zip(ones, (base, other), strict=True))
        rows.append((*list(named)[::-1], *(_cell(*ones, split, notes) for split, _ in SETS)))
    return Table(("Model", "Minus", *(f"{title} [95 %]" for _, title in SETS)), tuple(rows), left=2)


def _cell(base: Evaluation | None, other: Evaluation | None, split: str, notes: Notes) -> str:
    if base is None or other is None or split not in base.splits or split not in other.splits:
        return NOT_EVALUATED
    found = paired(base, other, split)
    return um_interval(found.mean_um, found.interval, 3, "+") + part(other, split, notes) if found else OTHER_IMAGES
