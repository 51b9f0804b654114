"""Models x JPEG qualities x splits of one data set, each kept as soon as it is done; none is done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

import edgebench
from edgebench.backends import base as backends
from edgebench.data import datasets, jiang2018, layout
from edgebench.data.splits import TEST, present_tests, sample_numbers
from edgebench.errors import DatasetError, UsageError
from edgebench.evaluation import predict, provenance
from edgebench.evaluation.predict import Loaded
from edgebench.evaluation.subjects import Subject
from edgebench.models import store
from edgebench.records import evaluation as records
from edgebench.records.schema import Record
from edgebench.records.store import check_writable
from edgebench.types import FocalStack

SAMPLING = "4:2:0"  # of the JPEGs that planes.recompress makes

Tell = Callable[[str, int, int], None]  # what is being done, images done, images in all


@dataclass(frozen=True)
class Plan:
    splits: tuple[str, ...] = ()  # none: every test split that there is
    qualities: tuple[int | None, ...] = (None,)  # None: the planes as they are stored
    stacks: int | None = None  # at most so many of each split, spread evenly
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    subject: Subject
    quality: int | None
    path: Path
    skipped: bool  # everything asked for was there
    seen_stacks: dict[str, list[str]]  # of the splits asked for: those whose objects the training showed


@dataclass(frozen=True)
class _Data:
    about: dict[str, Any]  # "data" of a record
    set: str
    stacks: dict[str, tuple[FocalStack, ...]]
    objects: dict[str, dict[str, str]]  # as provenance.objects, of the test splits


def evaluate(
    subjects: Sequence[Subject],
    root: Path,
    results: Path,
    plan: Plan,
    tell: Tell = lambda what, done, total: None,
    *,
    machine: Mapping[str, Any] | None = None,
) -> Iterator[Outcome]:
    """One outcome for each model and quality, in the order of the qualities; records are written split by split.

    machine: what records say of it, beside the threads. Raises UsageError, DatasetError, ModelError or BackendError;
    what was finished before stays.
    """
    _check_names(subjects)
    data = _read(root, plan.splits, results)
    check_writable(results, "evaluations")
    loaded: dict[int, Loaded] = {}
    for quality in plan.qualities:
        wanted = [_begun(subject, data, quality, plan, machine or {}) for subject in subjects]
        kept = [None if plan.force else _stored(record, results) for record in wanted]
        done = [set(found["splits"]) if found else set() for found in kept]
        made: list[dict[str, list[Record]]] = [{} for _ in subjects]  # images by split
        for split, stacks in data.stacks.items():
            missing = [i for i in range(len(subjects)) if split not in done[i]]
            if not missing:
                continue
            loaded.update({i: _load(subjects[i]) for i in missing if i not in loaded})
            what = f"{split}, {'as stored' if quality is None else f'JPEG {quality}'}, {len(missing)} model(s)"
            chosen = _spread(stacks, plan.stacks)
            answers = predict.run(
                [loaded[i] for i in missing],
                chosen,
                quality=quality,
                progress=partial(tell, what),
            )
            for i, images in zip(missing, answers, strict=True):
                made[i][split] = images
                _keep(wanted[i], loaded[i], made[i], results)
        for subject, record, had in zip(subjects, wanted, done, strict=True):
            path = records.path_of(results, record["id"])
            seen = {split: names for split, names in record["seen_stacks"].items() if split in data.stacks}
            yield Outcome(subject, quality, path, set(data.stacks) <= had, seen)


def _check_names(subjects: Sequence[Subject]) -> None:
    """Names are parts of file names, so that two models of one name would replace one another."""
    for place, subject in enumerate(subjects):
        store.check_name(subject.model["name"], f"Rename the model of {subject.path}.")
        if subject.model["name"] == records.CLASSICAL:
            raise UsageError(f"{subject.path}: a model may not be named {records.CLASSICAL!r} here. Rename it.")
        for other in subjects[:place]:
            if other.label == subject.label:
                raise UsageError(f"{subject.path} and {other.path} are both {subject.label!r}. Name one, or rename it.")


def _read(root: Path, splits: Sequence[str], results: Path) -> _Data:
    about = asdict(datasets.describe(root))
    found = layout.find(root)
    every = jiang2018.all_stacks(found)
    there = present_tests(root, every, splits)
    _refuse_shared_samples(root, every)
    about["splits"] = {split: about["splits"][split] for split in there}
    name = records.set_name(about, records.load_each(results))
    shown = {split: of for split, of in provenance.objects(found.manifest).items() if split in there}
    return _Data(about, name, {split: every[split] for split in there if not splits or split in splits}, shown)


def _refuse_shared_samples(root: Path, every: dict[str, tuple[FocalStack, ...]]) -> None:
    training = {stack.sample: split for split in ("train", "validation") for stack in every.get(split, ())}
    for split in TEST:
        shared = sorted({stack.sample for stack in every.get(split, ())} & training.keys())
        if shared:
            raise DatasetError(
                f"{root}: sample {shared[0]} is in {training[shared[0]]} and in {split}: {len(shared)} sample(s) would "
                "be tested on what was learnt. Move one of the folders."
            )


def _begun(subject: Subject, data: _Data, quality: int | None, plan: Plan, machine: Mapping[str, Any]) -> Record:
    """A record without answers; the backend's versions are known once it is loaded."""
    backend: Record = {"name": subject.backend, "versions": {}, "target": subject.target, "sha256": subject.sha256}
    whole = plan.stacks is None or all(plan.stacks >= len(stacks) for stacks in data.stacks.values())
    record: Record = {
        "schema": records.VERSION,
        "id": "",
        "created": "",
        "edgebench": edgebench.__version__,
        "model": subject.model,
        "backend": backend,
        "set": data.set,
        "data": data.about,
        "code": provenance.code_sha256(subject.backend),
        "machine": {**machine, "threads": predict.threads()},
        "seen_stacks": provenance.seen_stacks(data.objects, subject.objects),
        "jpeg_quality": quality,
        "jpeg_sampling": None if quality is None else SAMPLING,
        "stacks_limit": None if whole else plan.stacks,
        "sample_name": {split: sample_numbers(stacks, split) for split, stacks in data.stacks.items()},
        "splits": {},
    }
    return {**record, "id": records.identifier(record)}


def _stored(wanted: Record, results: Path) -> Record | None:
    """The record that is there, if it is of the same model, artifact, data and code."""
    path = records.path_of(results, wanted["id"])
    found = records.load(path) if path.is_file() else None
    return found if found and records.same_making(found, wanted) else None


def _keep(wanted: Record, loaded: Loaded, made: dict[str, list[Record]], results: Path) -> None:
    """Add splits to the record that is there, or begin one; code and machine stay where they are true of all splits."""
    old = _stored(wanted, results)
    before = {split: images for split, images in (old["splits"] if old else {}).items() if split not in made}
    record: Record = {
        **wanted,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "backend": {**wanted["backend"], "versions": loaded.backend.versions()},
        "sample_name": {**(old["sample_name"] if old else {}), **wanted["sample_name"]},
        "splits": {**before, **made},
    }
    for part in ("code", "machine"):
        if old and before and old.get(part) != record[part]:
            del record[part]
    records.save(record, results)


def _load(subject: Subject) -> Loaded:
    backend = backends.load(subject.backend)
    return Loaded(subject, backend(subject.path, batch_size=predict.BATCH, threads=predict.threads()))


def _spread(stacks: tuple[FocalStack, ...], limit: int | None) -> tuple[FocalStack, ...]:
    if limit is None or limit >= len(stacks):
        return stacks
    return tuple(stacks[(2 * i + 1) * len(stacks) // (2 * limit)] for i in range(limit))
