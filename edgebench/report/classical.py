"""results/reports/classical.md: classical autofocus beside the regressor, from the records alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgebench.records import classical_summary, clusters
from edgebench.records.classical_summary import FLAT, PROMINENCE, STEPS_UM, SUCCESS_UM, Row, Scene
from edgebench.records.clusters import Mean
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.records.schema import Record
from edgebench.report import evaluated, sets
from edgebench.report.document import Block, Bullets, Document, Notes, Table
from edgebench.report.evaluated import View
from edgebench.report.formats import markdown
from edgebench.report.markdown import mark
from edgebench.report.numbers import NONE, percent_interval, um, um_interval
from edgebench.report.pages.parts import blocks

HEADERS = ("Error (um) [95 %]", "SD", "p95", "Max", "Bias [95 %]", f"Within {SUCCESS_UM:g} um [95 %]")
COSTS = ("Captures, median (mean)", "Most", "Moves", "Turns", "False peaks")
LEAD = (
    "The peak searches of the paper's section 2 on the test stacks: what each finds, and how many images it must "
    "capture for it, beside the regressor, which needs two, or one if it looks at single images. Recomputed from the "
    "raw curves and answers in `results/evaluations/` by `edgebench report`; do not edit it. "
    "[Figure 1](figure-1.png) and [Figure 2](figure-2.png) are drawn by `edgebench evaluate --method`, of the data set "
    "that it evaluated last."
)
SIMULATED = (
    "**The slides are simulated**: the errors, and how smooth the curves are, hold for that simulation only. z = 0 is "
    "by construction where the gradient energy of the stack, free of noise, is highest (`data/simulator/zero.py`): the "
    "very thing that Tenengrad and Brenner look for. They miss it by the grid of planes, the noise and the search "
    "alone. **Compare captures and moves with a regressor's, not errors.** Simulated tissue lies in layers 1.25 um "
    "apart: the false peaks of the Laplacian, which answers to the finest detail alone, are those of single layers."
)
ZERO_SIMULATED = (
    "Errors of figures of merit are not to be compared with a regressor's: z = 0 is defined by the gradient energy of "
    "the noise-free stack, so that theirs come from the grid of planes, the noise and the search alone."
)
ZERO_REAL = (
    "Errors of figures of merit are not to be compared with a regressor's: z = 0 was defined by the figure of merit of "
    "the data set's authors, so that a similar figure is asked for its own answer."
)
P95 = "p95 without an interval: starts in one stack are not independent, and there are too few stacks for one."
REGRESSOR = (
    "Every image of the split, so every start in the range; median over the tiles. Two captures {delta} um apart, then "
    "one move to focus: the step between the captures is the other move. Turns: where the answer lies below the upper "
    "image."
)
SINGLE = "Every image of the split, so every start in the range; median over the tiles. One capture, one move to focus."


def document(records: Sequence[Record], evaluations: Sequence[Evaluation]) -> str:
    """The page as Markdown."""
    return markdown.render(page(records, evaluations))


def page(records: Sequence[Record], evaluations: Sequence[Evaluation]) -> Document:
    """A regressor stands in the table of the data whose SHA-256 is its own, uncompressed further."""
    notes: Notes = {}
    simulated = any(record["data"]["simulated"] for record in records)
    view = evaluated.view(evaluations)
    parts: list[str | Block] = [LEAD]
    for record in records:
        parts += _section(record, regressors(view, record), notes)
    parts += ["## How it was measured", Bullets(tuple(_method(records)))]
    title = f"Classical autofocus beside the regressor{' (simulated slides)' if simulated else ''}"
    return Document("classical", title, blocks(parts), notes)


def regressors(view: View, record: Record) -> list[Evaluation]:
    """The models on exactly these data, as stored: of each the newest and largest evaluation."""
    sha256 = record["data"]["sha256"]
    return [one for one in (*view.main, *view.others) if one.about["data"]["sha256"] == sha256]


def table(record: Record, split: str, regressors: Sequence[Evaluation], notes: Notes) -> Table:
    """Measure x search, then a row for each regressor; errors are absolute distances from best focus."""
    headers = list(HEADERS)
    headers[0] += mark(notes, ZERO_SIMULATED if record["data"]["simulated"] else ZERO_REAL)
    found, peaks = list(classical_summary.rows(record, split)), classical_summary.peaks(record, split)
    headers[2] += mark(notes, P95)
    rows = [(*_cells(row), _false(peaks[row.measure])) for row in found]
    rows += [_regressor(one, split, notes) for one in regressors if split in one.splits]
    return Table(("Figure of merit", "Search", *headers, *COSTS), tuple(rows), left=2)


def caption(record: Record, scene: Scene) -> tuple[str, str]:
    """Title and note of a figure; "SIMULATED" stands in the title where the slides are."""
    data, stack = record["data"], scene.stack
    found = "False peaks" if any(scene.false_peaks.values()) else "No false peaks"
    what = "Figures of merit along one stack" if scene.measure is None else found
    simulated = f" (SIMULATED, seed {data['seed']})" if data["simulated"] else ""
    title = f"{what}: {record['set']}, {stack['split']}, stack {stack['stack']}{simulated}"
    if scene.measure is None:
        first = next(iter(stack["curves"])).replace("-", " ")
        chosen = f"The stack whose {first} rises by a factor that is the median of all stacks."
        return title, f"Each figure from its lowest to its highest value. {chosen}"
    counts = ", ".join(f"{name.replace('-', ' ')} {count}" for name, count in scene.false_peaks.items() if count)
    away = f"of {PROMINENCE:.0%} prominence or more, further than {SUCCESS_UM:g} um from focus"
    none = f"No stack here has a false peak {away}; this one comes closest."
    images = f"Images: best focus and the highest such peaks of {scene.measure.replace('-', ' ')}."
    return title, f"{f'Peaks {away}: {counts}.' if counts else none} {images}"


def _section(record: Record, regressors: Sequence[Evaluation], notes: Notes) -> list[str | Block]:
    data = record["data"]
    kind = f"**Simulated**, seed {data['seed']}" if data["simulated"] else "Real slides"
    parts: list[str | Block] = [f"## {record['set']}{' (simulated)' if data['simulated'] else ''}"]
    parts += [SIMULATED] * data["simulated"]
    parts.append(f"{kind}, SHA-256 `{data['sha256']}`; measured {record['created'][:10]}.")
    for split in dict.fromkeys(stack["split"] for stack in record["stacks"]):
        of_split = [stack for stack in record["stacks"] if stack["split"] == split]
        planes = sorted({len(stack["z_um"]) for stack in of_split})
        span = f"{min(s['z_um'][0] for s in of_split):+.2f} to {max(s['z_um'][-1] for s in of_split):+.2f} um"
        parts += [
            f"### {sets.heading(data, record['set'], split)}",
            f"{len(of_split)} stacks of {' or '.join(map(str, planes))} planes, {span}.",
            table(record, split, regressors, notes),
        ]
    if not regressors:
        parts.append("No regressor was evaluated on exactly these data: `edgebench evaluate MODEL --data ...` does.")
    return parts


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.measure.replace("-", " "),
        row.search,
        um_interval(row.error_um.value, row.error_um.interval),
        um(row.std_um),
        _p95(row.p95_um),
        um(row.max_um),
        *_bias_success(row.bias_um, row.success),
        f"{row.median_captures:g} ({row.captures:.1f})",
        str(row.most_captures),
        f"{row.moves:.1f}",
        f"{row.direction_changes:.1f}",
    )


def _false(counts: Sequence[int]) -> str:
    return f"{sum(counts)} in {sum(count > 0 for count in counts)} stacks" if any(counts) else "none"


def _regressor(one: Evaluation, split: str, notes: Notes) -> tuple[str, ...]:
    level = one.splits[split][MEDIAN]
    score = level.score
    single = one.about["model"]["kind"] == "single"
    captures = 1 if single else 2
    return (
        one.name + evaluated.part(one, split, notes),
        f"regressor{mark(notes, SINGLE if single else REGRESSOR.format(delta=2))}",
        um_interval(score.mean_um, score.interval),
        um(score.std_um),
        _p95(score.p95_um),
        um(score.max_um),
        *_bias_success(clusters.bias(level.answers), clusters.shares(level.answers).far),
        f"{captures} ({captures:.1f})",
        str(captures),
        f"{captures:.1f}",  # the step between two captures is a move, too
        f"{0 if single else np.mean(level.answers.value_um > 0):.1f}",
        NONE,
    )


def _p95(value: float | None) -> str:
    return NONE if value is None else um(value)


def _bias_success(bias: Mean, success: Mean) -> tuple[str, str]:
    return um_interval(bias.value, bias.interval, sign="+"), percent_interval(success.value, success.interval)


def _method(records: Sequence[Record]) -> list[str]:
    searches = {name for record in records for name in record["settings"]["searches"]}
    uniform, adaptive, fit = (f"steps of {STEPS_UM[name]:g} um" for name in ("uniform", "adaptive", "fit"))
    how = {
        "uniform": f"uniform: from the lowest plane up in {uniform}, then back to the highest figure.",
        "adaptive": f"adaptive: from each plane once, in {adaptive} until the figure falls by {FLAT:.0%}, then back "
        "and forth with half the step each time, down to one plane.",
        "fit": f"fit: from each plane once, in {fit} until the highest figure has lower neighbours, then straight to "
        "the vertex of a parabola through the three reciprocals (Yazdanfar et al. 2008).",
    }
    return [
        "Error: distance between the answer and z = 0, best focus by the names of the files; mean and standard "
        "deviation over all starts in all stacks (over the images for a regressor). Bias is the signed mean. Intervals "
        "count whole stacks, not images (docs/measurement.md).",
        "Figures of merit: of the whole field's luma; formulas and sources stand in `edgebench/focus/measures.py`.",
        *(text for name, text in how.items() if name in searches),
        f"False peaks: local maxima further than {SUCCESS_UM:g} um from z = 0 that stand out by {PROMINENCE:.0%} or "
        "more of the curve's range; the highest value counts wherever it lies, if it is that far away.",
        "Captures: images before the last move; the one taken in focus is not counted. Most: of one start. Moves and "
        "turns (changes of direction) count the last move. Backlash is not simulated; each turn risks it.",
    ]
