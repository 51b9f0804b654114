"""results/reports/classical.md: classical autofocus beside the regressor, from the records alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edgebench.records import classical_summary, evaluation, evaluation_summary
from edgebench.records.classical_summary import Row, Scene
from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.records.schema import Record
from edgebench.report.markdown import Notes, Table, bullets, footnotes, mark, render
from edgebench.report.numbers import NONE, mean_std, um

SETS = {"test-1": "Set 1, same protocol", "test-2": "Set 2, different protocol"}
HEADERS = ("Figure of merit", "Search", "Error (um)", "p95", "Max", "Bias", "Within {} um")
COSTS = ("Captures", "Most", "Moves", "Turns")
REGRESSOR_CAPTURES, REGRESSOR_MOVES = 2, 2
SIMULATED = "**The slides are simulated**: the errors, and how smooth the curves are, hold for that simulation only."
FEW = "Linear between order statistics; of fewer than 72 stacks it is close to the maximum and has no interval."
REGRESSOR = (
    "Every image of the split, so every start in the range; median over the tiles. Two captures {delta} um apart, then "
    "one move to focus: the step between the captures is the other move. Turns: where the answer lies below the upper "
    "image."
)


def document(records: Sequence[Record], regressors: Sequence[Evaluation]) -> str:
    """The whole page; a regressor stands in the table of the data whose SHA-256 is its own, uncompressed further."""
    notes: Notes = {}
    simulated = any(record["data"]["simulated"] for record in records)
    parts = [f"# Classical autofocus beside the regressor{' (simulated slides)' if simulated else ''}", _lead()]
    parts += [_section(record, regressors, notes) for record in records]
    parts += ["## How it was measured", bullets(_method(records)), footnotes(notes)]
    return "\n\n".join(part for part in parts if part) + "\n"


def regressors(results: Path) -> Iterator[Evaluation]:
    """Every evaluated model, one at a time; raises RecordError for a damaged record."""
    yield from map(evaluation_summary.summarise, evaluation.load_each(results))


def table(record: Record, split: str, regressors: Sequence[Evaluation], notes: Notes) -> Table:
    """Measure x search, then a row for each regressor; errors are absolute distances from best focus."""
    headers = [name.format(f"{record['settings']['success_um']:g}") for name in HEADERS]
    rows = list(classical_summary.rows(record, split))
    headers[3] += mark(notes, FEW) if any(row.stacks < 72 for row in rows) else ""
    peaks = classical_summary.peaks(record, split)
    cells = [(*_cells(row), _false(peaks[row.measure])) for row in rows]
    for one in regressors:
        same = one.about["data"]["sha256"] == record["data"]["sha256"] and one.about["jpeg_quality"] is None
        if same and split in one.splits:
            cells.append(_regressor(one, split, notes))
    return Table((*headers, *COSTS, "False peaks"), tuple(cells), left=2)


def caption(record: Record, scene: Scene) -> tuple[str, str]:
    """Title and note of a figure; "SIMULATED" stands in the title where the slides are."""
    data, stack = record["data"], scene.stack
    found = "False peaks" if any(scene.false_peaks.values()) else "No false peaks"
    what = "Figures of merit along one stack" if scene.measure is None else found
    simulated = f" (SIMULATED, seed {data['seed']})" if data["simulated"] else ""
    title = f"{what}: {data['name']}, {stack['split']}, stack {stack['stack']}{simulated}"
    if scene.measure is None:
        return title, "Each figure from its lowest to its highest value. The stack of median contrast of the data set."
    counts = ", ".join(f"{name.replace('-', ' ')} {count}" for name, count in scene.false_peaks.items() if count)
    prominence = f"of {record['settings']['prominence']:.0%} prominence or more"
    none = f"No stack here has a false peak {prominence}; this one comes closest."
    images = f"Images: highest peaks of {scene.measure.replace('-', ' ')}."
    return title, f"{f'False peaks {prominence}: {counts}.' if counts else none} {images}"


def _lead() -> str:
    return (
        "The peak searches of the paper's section 2 on the test stacks: what each finds, and how many images it must "
        "capture for it, beside the regressor, which needs two. Recomputed from the raw curves and searches in "
        "`results/evaluations/`; do not edit it. Figures: [Figure 1](figure-1.png), [Figure 2](figure-2.png)."
    )


def _section(record: Record, regressors: Sequence[Evaluation], notes: Notes) -> str:
    data = record["data"]
    kind = f"**Simulated**, seed {data['seed']}" if data["simulated"] else "Real slides"
    parts = [f"## {data['name']}{' (simulated)' if data['simulated'] else ''}", SIMULATED if data["simulated"] else ""]
    parts.append(f"{kind}, SHA-256 `{data['sha256']}`; measured {record['created'][:10]}.")
    for split in dict.fromkeys(stack["split"] for stack in record["stacks"]):
        of_split = [stack for stack in record["stacks"] if stack["split"] == split]
        planes = sorted({len(stack["z_um"]) for stack in of_split})
        span = f"{min(s['z_um'][0] for s in of_split):+.2f} to {max(s['z_um'][-1] for s in of_split):+.2f} um"
        parts += [
            f"### {SETS.get(split, split)}",
            f"{len(of_split)} stacks of {' or '.join(map(str, planes))} planes, {span}.",
            render(table(record, split, regressors, notes)),
        ]
    if not any(one.about["data"]["sha256"] == data["sha256"] for one in regressors):
        parts.append("No regressor was evaluated on exactly these data: `edgebench evaluate MODEL --data ...` does.")
    return "\n\n".join(part for part in parts if part)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.measure.replace("-", " "),
        row.search,
        mean_std(row.mean_um, row.std_um),
        um(row.p95_um),
        um(row.max_um),
        f"{row.bias_um:+.2f}",
        f"{row.success:.0%}",
        f"{row.captures:.1f}",
        str(row.most_captures),
        f"{row.moves:.1f}",
        f"{row.direction_changes:.1f}",
    )


def _false(counts: Sequence[int]) -> str:
    return f"{sum(counts)} in {sum(count > 0 for count in counts)} stacks" if any(counts) else "none"


def _regressor(one: Evaluation, split: str, notes: Notes) -> tuple[str, ...]:
    level = one.splits[split][MEDIAN]
    score = level.score
    return (
        one.name,
        f"regressor{mark(notes, REGRESSOR.format(delta=2))}",
        mean_std(score.mean_um, score.std_um),
        NONE if score.p95_um is None else um(score.p95_um),
        um(score.max_um),
        f"{score.bias_um:+.2f}",
        f"{score.far:.0%}",
        f"{REGRESSOR_CAPTURES:.1f}",
        str(REGRESSOR_CAPTURES),
        f"{REGRESSOR_MOVES:.1f}",
        f"{np.mean(level.answers.value_um > 0):.1f}",
        NONE,
    )


def _method(records: Sequence[Record]) -> list[str]:
    lines = [
        "Error: distance between the answer and z = 0, best focus by the names of the files. Mean ± standard deviation "
        "over the stacks (over the images for a regressor). Bias is the signed mean: one that all figures share says "
        "where the data set puts its zero; no classical search can know that, and a regressor learns it.",
        "Figures of merit: of the whole field's luma; formulas and sources stand in `edgebench/focus/measures.py`.",
    ]
    for settings in {json.dumps(record["settings"]): record["settings"] for record in records}.values():
        step, flat = settings["steps_um"], settings["flat"]
        lines += [
            f"uniform: from the lowest plane up in steps of {step['uniform']:g} um, then back to the highest figure.",
            f"adaptive: from a random plane (seed {settings['seed']}) in steps of {step['adaptive']:g} um until the "
            f"figure falls by {flat:.0%}, then back and forth with half the step each time, down to one plane.",
            f"fit: from the same plane in steps of {step['fit']:g} um until the highest figure has lower neighbours, "
            "then straight to the vertex of a parabola through the three reciprocals (Yazdanfar et al. 2008).",
            f"False peaks: local maxima beside the highest that stand out by {settings['prominence']:.0%} or more of "
            "the curve's range.",
        ]
    return [
        *lines,
        "Captures: images before the last move; the one taken in focus is not counted. Most: of one stack. Moves and "
        "turns (changes of direction) count the last move. Backlash is not simulated; each turn risks it.",
    ]
