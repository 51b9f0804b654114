"""How much an error grows when the planes are compressed more; only answers to the same images are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebench.records import clusters
from edgebench.records import evaluation_metrics as metrics
from edgebench.records.evaluation_metrics import Answers
from edgebench.records.evaluation_summary import MEDIAN, WEIGHTED, Evaluation
from edgebench.report import sets
from edgebench.report.evaluated import name, part
from edgebench.report.markdown import Notes, Table
from edgebench.report.numbers import NONE, um_interval

SHOWN = (MEDIAN, WEIGHTED)
Place = tuple[str, str]  # data set, split


@dataclass(frozen=True)
class Sweep:
    """A model at several qualities, on one set of images."""

    one: Evaluation  # at one of the qualities
    stacks: int
    answers: dict[int | None, dict[str, Answers]]  # by quality, None as stored; then by level


def places(swept: Sequence[Evaluation]) -> list[Place]:
    """Data set and split, sorted, where a model was asked about compressed planes."""
    compressed = [one for one in swept if one.about["jpeg_quality"] is not None]
    return sorted({(one.about["set"], split) for one in compressed for split in one.splits})


def sweeps(swept: Sequence[Evaluation], place: Place) -> list[Sweep]:
    """One for each model and set of images about which it was asked compressed."""
    there = [one for one in swept if one.about["set"] == place[0] and place[1] in one.splits]
    plain = {one.name: one for one in there if one.about["jpeg_quality"] is None}
    found: dict[tuple[object, ...], list[Evaluation]] = {}
    for one in there:
        if one.about["jpeg_quality"] is not None:
            answers = one.splits[place[1]][MEDIAN].answers
            found.setdefault((one.name, answers.stacks, tuple(answers.z_nm.tolist())), []).append(one)
    return [_sweep(of, plain.get(of[0].name), place[1]) for of in found.values()]


def qualities(found: Sequence[Sweep]) -> list[int | None]:
    """All of them: as stored, then from the best quality to the worst."""
    return sorted({quality for sweep in found for quality in sweep.answers}, key=lambda q: -101 if q is None else -q)


def errors(swept: Sequence[Evaluation], place: Place, notes: Notes) -> Table:
    """Mean |e| with its interval, um: two rows a sweep, a column a JPEG quality."""
    found = sweeps(swept, place)
    asked = qualities(found)
    rows = [(*_start(sweep, level, place, notes), *_errors(sweep, level, asked)) for sweep in found for level in SHOWN]
    titles = (sets.stored(found[0].one.about["data"]) if quality is None else f"{quality}" for quality in asked)
    return Table(("Model", "Answer", "Stacks", *titles), tuple(rows), left=2)


def differences(swept: Sequence[Evaluation], place: Place, notes: Notes) -> Table:
    """Error at each quality minus that as stored, image by image, um."""
    found = [sweep for sweep in sweeps(swept, place) if None in sweep.answers]
    asked = [quality for quality in qualities(found) if quality is not None]
    rows = [(*_start(sweep, level, place, notes), *_minus(sweep, level, asked)) for sweep in found for level in SHOWN]
    return Table(("Model", "Answer", "Stacks", *map(str, asked)), tuple(rows), left=2)


def _errors(sweep: Sweep, level: str, asked: Sequence[int | None]) -> list[str]:
    scores = {quality: metrics.score(of[level]) for quality, of in sweep.answers.items()}
    return [um_interval(scores[q].mean_um, scores[q].interval) if q in scores else NONE for q in asked]


def _minus(sweep: Sweep, level: str, asked: Sequence[int]) -> list[str]:
    base = sweep.answers[None][level]
    found = {q: metrics.paired(base, of[level]) for q, of in sweep.answers.items()}
    return [um_interval(by.mean_um, by.interval, 3, "+") if (by := found.get(q)) else NONE for q in asked]


def _start(sweep: Sweep, level: str, place: Place, notes: Notes) -> tuple[str, str, str]:
    return name(sweep.one, notes) + part(sweep.one, place[1], notes), level, f"{sweep.stacks}"


def _sweep(of: Sequence[Evaluation], plain: Evaluation | None, split: str) -> Sweep:
    """All of `of` are about the same images; of the answers to stored planes only those to these images count."""
    answers: dict[int | None, dict[str, Answers]] = {
        one.about["jpeg_quality"]: {level: one.splits[split][level].answers for level in SHOWN} for one in of
    }
    first = of[0].splits[split][MEDIAN]
    if plain is not None:
        same = {level: clusters.on_images_of(plain.splits[split][level].answers, first.answers) for level in SHOWN}
        if None not in same.values():
            answers[None] = {level: found for level, found in same.items() if found is not None}
    return Sweep(of[0], len(first.stacks), answers)
