"""Section 4.5: widths and input sizes, and the model that the paper's rule picks of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.records.evaluation_summary import MEDIAN, Evaluation, paired
from edgebench.records.published import Published
from edgebench.report.evaluated import NOT_EVALUATED, View, name, part
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, published, um, um_interval
from edgebench.report.rows import SETS

Row = tuple[str, float, int]  # name of our model, width multiplier, input size in px
ORIGINAL, REDUCED = "original", "reduced"
ALPHAS: tuple[Row, ...] = (
    (ORIGINAL, 1.0, 224),
    ("alpha-0.75", 0.75, 224),
    ("alpha-0.6", 0.6, 224),
    ("alpha-0.5", 0.5, 224),
    ("alpha-0.4", 0.4, 224),
    ("alpha-0.25", 0.25, 224),
)
SIZES: tuple[Row, ...] = (("alpha-0.4", 0.4, 224), ("size-168", 0.4, 168), (REDUCED, 0.4, 112), ("size-56", 0.4, 56))
NOMINAL = (
    "**On simulated slides this limit is nominal:** Jiang et al. measured it on tissue, and our errors say nothing "
    "about tissue. What carries over is at most the order of the models."
)


def table(rows: Sequence[Row], paper: Published, view: View, notes: Notes) -> Table:
    """Sizes and errors of one of the two grids, beside what the paper gives, um."""
    sets = [title for _, title in SETS]
    headers = ["Model", "Alpha", "Input (px)", "Params", "MACs (M)"]
    headers += [f"{title}, ± SD [95 %]" for title in sets] + [f"{title} (paper)" for title in sets]
    cells = []
    for row in rows:
        one = view.named(row[0])
        about: dict[str, Any] = one.about["model"] if one else {"alpha": row[1], "input_size": row[2]}
        cells.append(
            (
                name(one, notes) if one else row[0],
                NONE if about["alpha"] is None else f"{about['alpha']:g}",
                f"{about['input_size']}",
                _count(about.get("parameters"), 1) if one else NOT_EVALUATED,
                _count(about.get("macs"), 1_000_000) if one else NOT_EVALUATED,
                *(_error(one, split, notes) for split, _ in SETS),
                *(published(cell) for cell in of_paper(paper, row)),
            )
        )
    return Table(tuple(headers), tuple(cells))


def minus_original(view: View, notes: Notes) -> Table:
    """How much larger the error of each grid model is than that of `original`, image by image, um."""
    base = view.named(ORIGINAL)
    rows = []
    for each in dict.fromkeys(row[0] for row in (*ALPHAS, *SIZES)):
        one = view.named(each)
        if base is None or one is None or one is base:
            continue
        found = (paired(base, one, split) for split, _ in SETS)
        cells = (um_interval(by.mean_um, by.interval, 3, "+") if by else NOT_EVALUATED for by in found)
        rows.append((name(one, notes), *cells))
    return Table(("Model", *(f"{title} [95 %]" for _, title in SETS)), tuple(rows))


def rule(paper: Published, view: View) -> list[str]:
    """The selection rule of 4.5 applied to our models, in sentences."""
    limit = float(paper.tables["table-2"][1]["jiang_best"]["mean"])
    errors = {row[0]: _mean(view.named(row[0])) for row in (*ALPHAS, *SIZES)}
    widths = _passing(ALPHAS, errors, limit)
    lines = [
        f"Rule: the smallest width multiplier whose error on Set 2 is no worse than the best of Jiang et al. "
        f"({um(limit)} um), then the smallest input size of that width. The paper's choice: alpha 0.4, 112 px."
    ]
    if any(one.simulated for one in view.main):
        lines.append(NOMINAL)
    missing = [model for model, found in errors.items() if found is None]
    if not widths:
        tried = len(missing) < len(errors)
        lines.append("No width passes." if tried else "Nothing to choose from: no model of the grid is evaluated.")
    else:
        alpha = min(row[1] for row in widths)
        chosen = min(_passing((*ALPHAS, *SIZES), errors, limit, alpha), key=lambda row: row[2])
        lines.append(
            f"**Chosen of ours: `{chosen[0]}`** (alpha {chosen[1]:g}, {chosen[2]} px): {um(errors[chosen[0]] or 0)} um."
        )
        if alpha != SIZES[0][1]:
            lines.append(_other_width(alpha, errors, limit))
    if missing and len(missing) < len(errors):
        lines.append(f"Not evaluated, so not in the choice: {', '.join(f'`{model}`' for model in missing)}.")
    return lines


def of_paper(paper: Published, row: Row) -> tuple[Any, Any]:
    """What the paper says of this width and size, on both sets; None where it says nothing."""
    if row[0] in (ORIGINAL, REDUCED):
        found = paper.tables["table-7"][(ORIGINAL, REDUCED).index(row[0])]
        return found["set1"], found["set2"]
    for found in paper.tables["section-4.5"]:
        if (found["alpha"], found["input_size"]) == row[1:]:
            return found["set1"], found["set2"]
    return None, None


def _other_width(alpha: float, errors: dict[str, float | None], limit: float) -> str:
    """Sizes were tried at alpha 0.4 alone, as in the paper."""
    sizes = _passing(SIZES, errors, limit)
    text = f"Sizes other than 224 px are trained at alpha {SIZES[0][1]:g} only, as in the paper, not at {alpha:g}; "
    if not sizes:
        return text + "none of them passes."
    smallest = min(sizes, key=lambda row: row[2])
    return text + f"there the smallest that passes is `{smallest[0]}` ({smallest[2]} px)."


def _passing(
    rows: Sequence[Row], errors: dict[str, float | None], limit: float, alpha: float | None = None
) -> list[Row]:
    found = [row for row in rows if alpha in (None, row[1])]
    return [row for row in found if (error := errors[row[0]]) is not None and error <= limit]


def _mean(one: Evaluation | None) -> float | None:
    """Of Set 2, um; a mean of 0.53 exactly is not made worse than 0.53 by the rounding of floats."""
    return round(one.splits["test-2"][MEDIAN].score.mean_um, 6) if one and "test-2" in one.splits else None


def _error(one: Evaluation | None, split: str, notes: Notes) -> str:
    if one is None or split not in one.splits:
        return NOT_EVALUATED
    found = one.splits[split][MEDIAN].score
    between = f" [{um(found.interval.low)}, {um(found.interval.high)}]" if found.interval else ""
    return f"{um(found.mean_um)} ± {um(found.std_um)}{between}{part(one, split, notes)}"


def _count(value: int | None, unit: int) -> str:
    if value is None:
        return NONE
    return f"{value:,}" if unit == 1 else f"{value / unit:,.1f}"
