"""Which evaluations stand in the report, in which order, and what every table says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records.evaluation_summary import MEDIAN, Evaluation
from edgebench.report.markdown import Notes, mark
from edgebench.report.numbers import mean_std, um_interval

NOT_EVALUATED = "not evaluated"
ORDER = (  # of rows and columns: the paper's, then its grid
    "original-single",
    "original",
    "alpha-0.75",
    "alpha-0.6",
    "alpha-0.5",
    "alpha-0.4",
    "alpha-0.25",
    "size-168",
    "reduced-single",
    "reduced",
    "size-56",
    "small",
    "student",
)


@dataclass(frozen=True)
class View:
    """All that the report shows: the newest of everything, in the order of its rows."""

    main: tuple[Evaluation, ...]  # on the data set that stands beside the paper's, as stored
    others: tuple[Evaluation, ...]  # on other data sets, as stored
    qualities: tuple[Evaluation, ...]  # of models and sets that were evaluated at several JPEG qualities, all of them
    left_out: tuple[str, ...]  # ids of records that a newer or larger one replaces

    @property
    def shown(self) -> tuple[Evaluation, ...]:
        return tuple({one.about["id"]: one for one in (*self.main, *self.others, *self.qualities)}.values())

    def named(self, name: str) -> Evaluation | None:
        """The model of that name, as trained, on the main data set."""
        return next((one for one in self.main if one.name == name), None)


def view(evaluations: Sequence[Evaluation]) -> View:
    kept, left_out = _current(evaluations)
    chosen = _main_set(kept)
    plain = [one for one in kept if one.about["jpeg_quality"] is None]
    sweeps: dict[tuple[str, str], list[Evaluation]] = {}
    for one in kept:
        sweeps.setdefault((one.name, one.about["set"]), []).append(one)
    return View(
        main=tuple(one for one in plain if one.about["set"] == chosen),
        others=tuple(one for one in plain if one.about["set"] != chosen),
        qualities=tuple(one for sweep in sweeps.values() if len(sweep) > 1 for one in sweep),
        left_out=left_out,
    )


def said(evaluations: Sequence[Evaluation]) -> str:
    """The end of a caption: whether ours are simulated."""
    kinds = {one.simulated for one in evaluations}
    if kinds == {True}:
        return " Our figures: **simulated** slides."
    return " Our figures: some of the slides are **simulated**." if True in kinds else ""


def slides(one: Evaluation, notes: Notes) -> str:
    """The mark of a row or column: on which data set, and whether that is simulated."""
    data = one.about["data"]
    about = f"data set {one.about['set']}, SHA-256 `{data['sha256'][:12]}`"
    if not data["simulated"]:
        return mark(notes, f"Real slides: {about}.")
    return mark(notes, f"Simulated slides, not tissue under a microscope: {about}, seed {data['seed']}.")


def seen(one: Evaluation, split: str) -> tuple[str, ...]:
    """The stacks of this split, of those that were evaluated, whose objects the model was trained on; by name."""
    known = one.about.get("seen_stacks", {}).get(split, ())
    return tuple(stack.name for stack in one.splits[split][MEDIAN].stacks if stack.name in known)


def part(one: Evaluation, split: str, notes: Notes) -> str:
    """The marks of a figure over a part of the images, and of one over stacks whose objects the training showed."""
    known = one.about["data"]["splits"].get(split, {}).get("images", 0)
    found, limit, shown = one.splits[split][MEDIAN], one.about["stacks_limit"], seen(one, split)
    count = found.score.count
    few = mark(notes, f"A quick look: {count:,} of {known:,} images, of {limit} stacks.") if count < known else ""
    if not shown:
        return few
    names = f"{len(shown)} of {len(found.stacks)} stacks of {split}: {', '.join(shown)}"
    return few + mark(notes, f"Not unseen: `{one.name}` was trained on the objects of {names}.")


def name(one: Evaluation, notes: Notes) -> str:
    return one.name + slides(one, notes)


def error(one: Evaluation | None, split: str, notes: Notes, level: str = MEDIAN) -> str:
    """`0.28 ± 0.22`, or that it was not evaluated."""
    if one is None or split not in one.splits:
        return NOT_EVALUATED
    found = one.splits[split][level].score
    return mean_std(found.mean_um, found.std_um) + part(one, split, notes)


def error_interval(one: Evaluation | None, split: str, notes: Notes, level: str = MEDIAN) -> str:
    """`0.28 [0.25, 0.31]`: the mean with its interval."""
    if one is None or split not in one.splits:
        return NOT_EVALUATED
    found = one.splits[split][level].score
    return um_interval(found.mean_um, found.interval) + part(one, split, notes)


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _current(evaluations: Sequence[Evaluation]) -> tuple[tuple[Evaluation, ...], tuple[str, ...]]:
    """The newest state of each data set and model, and of several numbers of stacks the largest; ids of the rest."""
    by_age = sorted(evaluations, key=lambda one: (one.about["created"], one.about["id"]))
    data = {one.about["set"]: one.about["data"]["sha256"] for one in by_age}
    models = {  # of a name: the newest of the model as trained, else of its artifacts
        one.about["model"]["name"]: one.about["model"]["sha256"]
        for one in sorted(by_age, key=lambda one: one.about["backend"]["target"] is None)
    }
    largest: dict[tuple[object, ...], Evaluation] = {}
    for one in sorted(by_age, key=lambda one: one.about["stacks_limit"] or 10**9):
        fresh = one.about["data"]["sha256"] == data[one.about["set"]]
        if fresh and one.about["model"]["sha256"] == models[one.about["model"]["name"]]:
            largest[one.name, one.about["set"], one.about["jpeg_quality"]] = one
    kept = tuple(sorted(largest.values(), key=_row))
    ids = {one.about["id"] for one in kept}
    return kept, tuple(sorted(one.about["id"] for one in evaluations if one.about["id"] not in ids))


def _row(one: Evaluation) -> tuple[object, ...]:
    model = one.about["model"]["name"]
    return (
        one.about["set"],
        ORDER.index(model) if model in ORDER else len(ORDER),
        model,
        one.about["backend"]["target"] or "",
        -(one.about["jpeg_quality"] or 101),
    )


def _main_set(kept: Sequence[Evaluation]) -> str | None:
    """The set with both of the paper's test sets: real before simulated, then that of most models, then the newest."""
    whole = [one for one in kept if {"test-1", "test-2"} <= one.about["data"]["splits"].keys()]
    sets = {one.about["set"] for one in whole}

    def rank(chosen: str) -> tuple[object, ...]:
        of = [one for one in whole if one.about["set"] == chosen]
        return not of[0].simulated, len({one.name for one in of}), max(one.about["created"] for one in of), chosen

    return max(sets, key=rank, default=None)
