"""Section 4.5: widths and input sizes, and the models that the paper's rule picks of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgebench.records import clusters
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.records.published import Published
from edgebench.report import sets
from edgebench.report.evaluated import NOT_EVALUATED, View, name, part
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, published, um, um_interval
from edgebench.report.rows import SETS

Models = dict[str, Evaluation]
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
SIZES: tuple[Row, ...] = (
    ("alpha-0.4", 0.4, 224),
    ("size-168", 0.4, 168),
    (REDUCED, 0.4, 112),
    ("size-56", 0.4, 56),
)
SMALL = ("small", "student")  # not the paper's: at most a quarter of the multiply-accumulates of `reduced`
MODELS = tuple(dict.fromkeys([*(row[0] for row in (*ALPHAS, *SIZES)), *SMALL]))  # that see difference images
NOTHING = "Nothing to choose from: no model of the grid is evaluated on the whole of Set 2."
NOMINAL = (
    "**On simulated slides this limit is nominal:** Jiang et al. measured it on tissue, and our errors say nothing "
    "about tissue. Nor is the order of the models one of widths and sizes alone: they were not shown equally "
    "many patches."
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


def rule(paper: Published, view: View) -> list[str]:
    """The selection rule of 4.5 applied to our models, in sentences: its two steps, then simply the least work."""
    limit = float(paper.tables["table-2"][1]["jiang_best"]["mean"])
    found = {model: one for model in MODELS if (one := view.named(model)) is not None and "test-2" in one.splits}
    judged = {model: one for model, one in found.items() if one.about["stacks_limit"] is None}
    passing = {model: one for model, one in judged.items() if _mean(one) <= limit}
    lines = [
        f"Rule: the smallest width multiplier whose error on Set 2 is no worse than the best of Jiang et al. "
        f"({um(limit)} um), then the smallest input size of that width. The paper's choice: alpha 0.4, 112 px."
    ]
    lines += [NOMINAL] * any(one.simulated for one in judged.values())
    lines += [*_steps(view, judged, passing, limit), *_least_work(view, passing, limit)] if judged else [NOTHING]
    quick = [model for model in found if model not in judged]
    missing = [model for model in MODELS if model not in found]
    if quick:
        lines.append(f"Evaluated on some of the stacks only (a quick look), so not in the choice: {_names(quick)}.")
    if judged and missing:
        lines.append(f"Not evaluated, so not in the choice: {_names(missing)}.")
    return lines


def _steps(view: View, judged: Models, passing: Models, limit: float) -> list[str]:
    """The paper's way: widths at 224 px, then sizes at the width chosen; the models of a later step need not exist."""
    widths = [row for row in ALPHAS if row[0] in judged]
    if not widths:
        return ["By the steps of the paper: nothing to begin with, no width is evaluated at 224 px."]
    if not any(row[0] in passing for row in widths):
        return ["By the steps of the paper: no evaluated width passes at 224 px, so that no size is asked for."]
    alpha = min(row[1] for row in widths if row[0] in passing)
    chosen = min((row for row in (*ALPHAS, *SIZES) if row[0] in passing and row[1] == alpha), key=lambda row: row[2])
    lines = [
        f"**By the steps of the paper: `{chosen[0]}`** (alpha {chosen[1]:g}, {chosen[2]} px): "
        f"{_error_and_limit(judged[chosen[0]], limit)}.{_elsewhere(view, chosen[0])}"
    ]
    smaller = [row[0] for row in ALPHAS if row[1] < alpha and row[0] not in judged]
    smaller += [row[0] for row in SIZES if row[1] == alpha and row[2] < chosen[2] and row[0] not in judged]
    if smaller:
        lines[0] += f" Smaller ones are not evaluated whole and may pass: {_names(smaller)}."
    if alpha != SIZES[0][1]:
        lines.append(
            f"Sizes other than 224 px are trained at alpha {SIZES[0][1]:g} only, as in the paper, not at {alpha:g}."
        )
    return lines


def _least_work(view: View, passing: Models, limit: float) -> list[str]:
    known = {model: one for model, one in passing.items() if one.about["model"]["macs"]}
    if not known:
        return ["By multiply-accumulates: no evaluated model passes."] if not passing else []
    least = min(known, key=lambda model: known[model].about["model"]["macs"])
    macs = known[least].about["model"]["macs"]
    return [
        f"**Fewest multiply-accumulates of all that pass: `{least}`** ({macs / 1e6:,.1f} M a tile): "
        f"{_error_and_limit(known[least], limit)}.{_elsewhere(view, least)}"
    ]


def _elsewhere(view: View, model: str) -> str:
    """What the rule does not ask: the model's worst on real tissue and other optics, if it was evaluated there."""
    found = []
    for one in view.others:
        if one.name == model and sets.outside(one.about["data"]):
            for level in (levels[MEDIAN] for levels in one.splits.values()):
                right = clusters.shares(level.answers).direction
                if right is not None:
                    found.append((right.value, sum(stack.collapsed for stack in level.stacks), one.about["set"]))
    if not found:
        return ""
    least, collapsed, where = min(found)
    return (
        f" The rule does not ask about other tissue and optics: there its worst is {where}, where "
        f"{100 * least:.1f} % of the directions are right and {collapsed} of its stacks collapsed."
    )


def _error_and_limit(one: Evaluation, limit: float) -> str:
    score = one.splits["test-2"][MEDIAN].score
    text = f"{um_interval(score.mean_um, score.interval)} um"
    if score.interval is None:
        return text + ", of one stack, without an interval"
    where = "crosses" if clusters.crosses(score.interval, limit) else "does not cross"
    return f"{text}; its interval {where} the limit"


def _names(models: Sequence[str]) -> str:
    return ", ".join(f"`{model}`" for model in models)


def of_paper(paper: Published, row: Row) -> tuple[Any, Any]:
    """What the paper says of this width and size, on both sets; None where it says nothing."""
    if row[0] in (ORIGINAL, REDUCED):
        found = paper.tables["table-7"][(ORIGINAL, REDUCED).index(row[0])]
        return found["set1"], found["set2"]
    for found in paper.tables["section-4.5"]:
        if (found["alpha"], found["input_size"]) == row[1:]:
            return found["set1"], found["set2"]
    return None, None


def _mean(one: Evaluation) -> float:
    """Of Set 2, um; a mean of 0.53 exactly is not made worse than 0.53 by the rounding of floats."""
    return round(one.splits["test-2"][MEDIAN].score.mean_um, 6)


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
