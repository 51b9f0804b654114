"""The report on the paper's Tables 1 to 6: the whole document as text, from published tables and evaluations alone."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.records import canary
from edgebench.records.evaluation_summary import Evaluation
from edgebench.records.published import Published
from edgebench.records.schema import Record
from edgebench.report import (
    comparisons,
    evaluated,
    grid,
    metrics,
    other_sets,
    paper_tables,
    sensitivity,
    targets,
)
from edgebench.report.charts import defocus, sensitivities
from edgebench.report.charts.chart import Drawing
from edgebench.report.document import Block, Bullets, Document, Notes, Picture, Table
from edgebench.report.evaluated import View
from edgebench.report.formats import markdown
from edgebench.report.pages.parts import blocks
from edgebench.report.rows import SETS

Part = str | Block

TITLE = "Tables 1 to 6, evaluated again"
NAME = "tables-1-6"
INTRO = (
    "Focusing errors of {cite}, Tables 1 to 6 and section 4.5, beside those of our models, and what the paper does not "
    "ask. Everything here is recomputed from the raw answers in `results/evaluations/` by `edgebench report`; do not "
    "edit it."
)
READ = (
    "An image is a pair of planes 2 um apart; its label is the defocus of the upper plane; the error is |predicted - "
    "true| in um, mean ± standard deviation over images. **Median**: the paper's answer of an image, the median over "
    "its tiles. **Weighted**: a median in which empty tiles lose their vote (`focus/aggregate.py`), ours. 95 % "
    "intervals count whole stacks, not images (docs/measurement.md); counting whole slides would be "
    "wider. In the paper Set 1 is stained by the protocol of the training slides, Set 2 by another."
)
TRAINING = (
    "Of the simulated sets neither is the training's own: `edgebench data simulate --split train` draws its stains "
    "around and beyond both protocols. Models of single images are the exception: they learn from stacks with the "
    "tests' own instrument (`--microscope one`)."
)
SIMULATED = (
    "**The slides are simulated.** No figure of ours was measured on tissue under a microscope: they say how the "
    "models do on this simulation, and must not be read as a reproduction of the paper's errors. Only the paper's "
    "columns come from real slides."
)
MIXED = "**Some of the slides are simulated.** Rows and columns marked as simulated say nothing about tissue."
NOTHING = (
    "**Nothing has been evaluated yet:** there is no record below `results/evaluations/`, so our cells say "
    "`not evaluated`. `edgebench evaluate MODEL --data DIR` makes some."
)
COLLAPSED = (
    "Right direction: of those more than 1 um out of focus. Slope is of prediction against truth (1 is right, 0 is a "
    "constant answer); constant is the mean error of the best constant answer. A stack has collapsed where the answers "
    f"do not follow its focus: their error is not below {canary.ERROR:.0%} of the best constant answer's, their slope "
    f"is below {canary.SLOPE:g}, or their correlation with the label is below {canary.CORRELATION:g}."
)
REMARKS = ("means", "constant", "resolution", "count", "jpeg", "since")


def document(paper: Published, evaluations: Sequence[Evaluation]) -> str:
    """The page as Markdown. Figures lie beside it."""
    return markdown.render(page(paper, evaluations))


def page(paper: Published, evaluations: Sequence[Evaluation]) -> Document:
    """The same for the same records: sorted, without a date of its making."""
    view, notes = evaluated.view(evaluations), Notes()
    kinds = {one.simulated for one in view.shown}
    cite = f"{paper.citation['authors']} ({paper.citation['year']})"
    title = TITLE + (" on simulated slides" if kinds == {True} else "")
    parts: list[Part] = [INTRO.format(cite=cite), READ]
    parts += [] if True not in kinds else [SIMULATED if kinds == {True} else MIXED, TRAINING]
    parts += ["## Data", Bullets(tuple(_data(view.shown)))] if view.shown else [NOTHING]
    parts += _tables(paper, view, notes)
    parts += _targets(view, notes)
    parts += _grid(paper, view, notes)
    parts += _metrics(paper, view, notes)
    parts += _others(view, notes)
    parts += _sensitivity(view, notes)
    parts += ["## The paper's tables, checked", Bullets(tuple(paper.remarks[name] for name in REMARKS))]
    if view.shown:
        parts += ["## Models and software", Bullets(tuple(_made(view)))]
    citation = paper.citation
    parts += ["## Source", f"{citation['authors']}: {citation['title']}. {citation['venue']}, {citation['year']}."]
    return Document(NAME, title, blocks(parts), notes)


def _tables(paper: Published, view: View, notes: Notes) -> list[Part]:
    parts: list[Part] = []
    for id, caption in paper_tables.CAPTIONS.items():
        ours = view.named(paper_tables.model(id))
        parts += [
            f"## Table {id[-1]}",
            caption + " The paper's figures: real slides." + _said_of(id, ours),
            paper_tables.table(paper, id, view, notes),
        ]
    return parts


def _said_of(id: str, ours: Evaluation | None) -> str:
    if ours is None:
        return ""
    matched = ours.simulated and id in paper_tables.BY_SAMPLE
    return evaluated.said([ours]) + (" They are matched by the number of stacks alone." if matched else "")


def _grid(paper: Published, view: View, notes: Notes) -> list[Part]:
    said = evaluated.said(view.main)
    parts: list[Part] = ["## Section 4.5: width and input size", f"Difference images, median, um.{said}"]
    parts += ["### Widths, input 224 px", grid.table(grid.ALPHAS, paper, view, notes)]
    parts += ["### Input sizes, alpha 0.4", grid.table(grid.SIZES, paper, view, notes)]
    parts += ["### The rule of 4.5", Bullets(tuple(grid.rule(paper, view)))]
    return parts + _figure(sensitivities.macs(view), said)


def _targets(view: View, notes: Notes) -> list[Part]:
    said = evaluated.said(view.shown)
    about = f"Error of a model minus that of another, paired image by image, median, um; above 0 is worse.{said}"
    return [
        "## Targets",
        targets.read(view) + said,
        targets.table(view, notes),
        "## Models against each other",
        about,
        comparisons.table(view, notes),
    ]


def _metrics(paper: Published, view: View, notes: Notes) -> list[Part]:
    parts: list[Part] = []
    said = evaluated.said(view.main)
    for split, title in SETS:
        table = metrics.errors(view.main, split, paper, notes)
        about = "In um. Bias is predicted minus true; `tiles` has every tile's answer for itself."
        parts += _section(f"## All figures: {title}", about + said, [table])
        if table.rows:
            fallen = metrics.collapsed(view.main, split) or ["No model collapses on a stack."]
            parts += [COLLAPSED + said, metrics.shares(view.main, split, notes), Bullets(tuple(fallen))]
    for split, title in SETS:
        tables = metrics.by_defocus(view.main, split, notes)
        parts += _section(f"## By defocus: {title}", f"Mean error of the median by the label, um.{said}", tables)
    parts += _figure(defocus.of_evaluations(view), said)
    for split, title in SETS:
        tables = metrics.by_sample(view.main, split, notes)
        parts += _section(f"## Sample by sample: {title}", f"Error of the median, um.{said}", tables)
    return parts


def _others(view: View, notes: Notes) -> list[Part]:
    if not view.others:
        return []
    about = (
        "Every data set but that of Tables 1 to 6. Objects: what the planes show; a stack whose real image was in the "
        f"training of a model is marked, and says nothing of unseen tissue. {COLLAPSED}{evaluated.said(view.others)}"
    )
    parts: list[Part] = ["## Other data sets", about, other_sets.what(view.others)]
    for place in other_sets.places(view.others):
        data, split = place
        said = evaluated.said([one for one in view.others if one.about["set"] == data])
        parts += [f"### {data}, {split}", f"In um; shares are of images.{said}"]
        parts.append(other_sets.overview(view.others, place, notes))
        for model, table in other_sets.stacks(view.others, place, notes):
            parts += [f"`{model}` on {data}, {split}, stack by stack, um.{said}", table]
    return parts


def _sensitivity(view: View, notes: Notes) -> list[Part]:
    parts: list[Part] = []
    said = evaluated.said(view.qualities)
    for place in sensitivity.places(view.qualities):
        parts += [f"### {place[0]}, {place[1]}", sensitivity.errors(view.qualities, place, notes)]
        minus = sensitivity.differences(view.qualities, place, notes)
        if minus.rows:
            parts += ["Minus the error as stored, paired image by image; above 0 is worse." + said, minus]
    samplings = {one.about["jpeg_sampling"] for one in view.qualities} - {None}
    about = (
        "Mean error, um, where each plane is compressed once more before all else: JPEG of the quality given, "
        f"colour sampling {' and '.join(sorted(samplings))} (half the resolution both ways), whatever the stored file "
        "has. A row is about one set of images. The paper (section 5) says without numbers that a lower quality makes "
        f"the error much larger, and that of single images less so.{said}"
    )
    figure = _figure(sensitivities.jpeg(view), said)
    return ["## Sensitivity to JPEG compression", about, *parts, *figure] if parts else []


def _section(title: str, text: str, tables: Sequence[Table]) -> list[Part]:
    there = [table for table in tables if table.rows]
    return [title, text, *there] if there else []


def _figure(drawing: Drawing | None, said: str) -> list[Part]:
    if drawing is None:
        return []
    return [Picture(drawing.name, drawing.caption + said, drawing.alternative, drawing.chart)]


def _data(shown: Sequence[Evaluation]) -> list[str]:
    """One line a data set: what it is, its counting rule and its counts."""
    lines = set()
    for one in shown:
        data = one.about["data"]
        counts = "; ".join(
            f"{split}: {n['stacks']:,} stacks, {n['images']:,} images, {n['patches']:,} patches"
            for split, n in sorted(data["splits"].items())
        )
        kind = f"**simulated**, seed {data['seed']}" if data["simulated"] else "real slides"
        lines.add(f"{one.about['set']}: {kind}, SHA-256 `{data['sha256']}`. Rule: {data['rule']}. {counts}.")
    return sorted(lines)


def _trained_on(model: Record) -> str:
    sets = [
        f"the training split of {one['name']} ({'simulated' if one['simulated'] else 'real images'}"
        f"{', real images as objects: ' + str(one['objects']) if one['objects'] else ''}, `{one['sha256'][:12]}`)"
        for one in model.get("trained_on", [])
    ]
    return " and ".join(sets) or "data that its record does not name"


def _made(view: View) -> list[str]:
    """One line a model, then the software, then which records stand in no table."""
    models, backends = {}, set()
    for one in view.shown:
        model, backend = one.about["model"], one.about["backend"]
        sha256 = backend["sha256"] or model["sha256"]
        looks = f"{model['kind']} images, input {model['input_size']} px"
        models[f"`{one.name}`: {looks}, SHA-256 `{sha256[:12]}`; trained on {_trained_on(model)}."] = 0
        versions = ", ".join(f"{name} {version}" for name, version in sorted(backend["versions"].items()))
        backends.add(f"backend {backend['name']}: {versions or 'no version'}.")
    days = sorted({one.about["created"][:10] for one in view.shown})
    codes = ", ".join(sorted({one.about["edgebench"] for one in view.shown}))
    span = days[0] if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    lines = [*sorted(models), *sorted(backends), f"edgebench {codes}; evaluated {span}."]
    if view.left_out:
        ids = ", ".join(f"`{id}`" for id in view.left_out)
        lines.append(f"Of an older model or data set, or of fewer stacks than another record, in no table: {ids}.")
    return lines
