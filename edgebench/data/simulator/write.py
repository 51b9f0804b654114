"""Writes simulated splits in the published layout with a `dataset.json`; every stack appears whole or not at all."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data.layout import FOLDERS, INNER
from edgebench.data.simulator.exact import EVALUATION_POINTS, IMAGE_SLICES, TRAINING_POINTS
from edgebench.data.simulator.histology import LAYERS
from edgebench.data.simulator.objects import object_files
from edgebench.data.simulator.parameters import MICROSCOPES, ONE, Parameters, protocol, training
from edgebench.data.simulator.render import encode, planes
from edgebench.data.workers import begin_worker
from edgebench.errors import DatasetError, UsageError
from edgebench.files import replace_text, sha256

VERSION = 5  # of the simulator: raised whenever the same seed gives other images
# Stacks a slide: the paper's Samples 1-6 and 7-13, by their image counts in Tables 3-6 over 41.
SLIDES = {
    "test-1": {"s16": 4, "s17": 2, "s101": 1, "s102": 6, "s103": 2, "s104": 2},
    "test-2": {"s201": 1, "s202": 3, "s203": 5, "s204": 6, "s205": 6, "s206": 5, "s207": 6},
}
TRAINING_STACKS, STACKS_A_SLIDE, VALIDATION_SLIDES = 4000, 8, 10  # every tenth training slide is for validation
FIELDS = {"full": (1024, 1224), "small": (448, 672)}  # H, W of a test plane: 20 tiles, or 6
TRAINING_FIELD = (224, 224)
SUFFIXES = {"jpeg": ".jpg", "png": ".png"}
OPTICS = ("linear", "exact", "mixed")
MIXED_SHARE = 0.1  # of the training stacks that "mixed" makes with the exact model

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class _Job:
    root: str
    split: str
    slide: str
    slide_number: int
    field: int
    seed: int
    objects: str | None
    microscope: str | None
    number: int  # of the stack in its split
    optics: str = "linear"
    size: tuple[int, int] = FIELDS["full"]
    suffix: str = ".jpg"
    source_points: int | None = None

    @property
    def stack(self) -> str:
        return f"{self.slide}_l{self.field}"


def simulate(
    root: Path,
    splits: Sequence[str],
    *,
    seed: int = 2019,
    jobs: int | None = None,
    objects: Path | None = None,
    microscope: str | None = None,
    stacks: int | None = None,
    optics: str = "linear",
    source_points: int | None = None,
    field: str = "full",
    file_format: str = "jpeg",
    progress: Progress | None = None,
) -> None:
    """Write the splits below `root`; what is there already from the same call is kept, so a killed call goes on.

    splits: of "train" (which holds the validation slides too), "test-1", "test-2". stacks: at most so many a split.
    objects: a folder of in-focus images that take the place of the procedural tissue (for 60 % of the training
    stacks; for the test stacks one after another); every fifth is kept for the validation slides, and train and test
    splits cannot share a call. microscope: one of MICROSCOPES, for the test splits, or ONE, for training.
    optics: "linear", "exact" (Abbe's sum, exact.py), or "mixed", for training: a tenth of the stacks exact, the others
    as with "linear". source_points: of the exact model; EVALUATION_POINTS for tests, TRAINING_POINTS for training if
    not given. field: one of FIELDS, for the test splits. file_format: "jpeg", or "png" without loss.
    Raises UsageError for an unknown name, DatasetError where `root` holds something else or cannot be written.
    """
    _refuse(splits, objects, microscope, optics, field, file_format)
    if source_points is not None and (optics == "linear" or source_points < 1):
        raise UsageError(f"--source-points {source_points} needs --optics exact or mixed, and at least one point.")
    kinds = (optics if optics != "linear" else None, "objects" if objects else None, microscope)
    header: dict[str, Any] = {
        "name": "-".join(["simulated", *filter(None, kinds)]),
        "simulated": True,
        "version": VERSION,
        "seed": seed,
        "microscope": microscope,
        "stacks_limit": stacks,
        "objects": None if objects is None else {path.name: sha256(path) for path in object_files(objects)},
        "optics": optics,
        "source_points": source_points,
        "field": field,
        "format": file_format,
    }
    manifest = _begin(root, header)  # what an earlier call has finished
    for split in dict.fromkeys(splits):
        if split in manifest["splits"]:
            continue
        size = TRAINING_FIELD if split == "train" else FIELDS[field]
        every = _jobs(root, split, seed, objects, microscope)[:stacks]
        suffix = SUFFIXES[file_format]
        work = [replace(job, optics=optics, source_points=source_points, size=size, suffix=suffix) for job in every]
        described: dict[str, object] = {}
        spawn = multiprocessing.get_context("spawn")  # a fork beside the thread of a progress bar can hang
        with ProcessPoolExecutor(jobs or len(os.sched_getaffinity(0)), spawn, begin_worker) as pool:
            futures = [pool.submit(_write_stack, job) for job in work]
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    stack, entry = future.result()
                    described[stack] = entry
                    if progress is not None:
                        progress(split, done, len(work))
            finally:
                pool.shutdown(cancel_futures=True)
        manifest["splits"][split] = {"stacks": {job.stack: described[job.stack] for job in work}}
        if split == "train":
            slides = list(dict.fromkeys(job.slide for job in work))
            manifest["validation_samples"] = [s for k, s in enumerate(slides) if _validates(k)] or slides[-1:]
        replace_text(root / "dataset.json", json.dumps(manifest, indent=1) + "\n")
    (root / ".simulating.json").unlink(missing_ok=True)


def _refuse(
    splits: Sequence[str], objects: Path | None, microscope: str | None, optics: str, field: str, file_format: str
) -> None:
    """Raises UsageError for an unknown name, and for what does not go together."""
    unknown = [split for split in splits if split not in FOLDERS]
    if unknown:
        raise UsageError(f"split {unknown[0]!r} is unknown. Simulated splits are: {', '.join(FOLDERS)}.")
    if microscope not in (None, ONE, *MICROSCOPES):
        names = ", ".join((*MICROSCOPES, ONE))
        raise UsageError(f"microscope {microscope!r} is unknown. Known, beside the standard: {names}.")
    for option, value, known in (
        ("optics", optics, OPTICS),
        ("field", field, FIELDS),
        ("format", file_format, SUFFIXES),
    ):
        if value not in known:
            raise UsageError(f"{option} {value!r} is unknown. Known: {', '.join(known)}.")
    if microscope in MICROSCOPES and "train" in splits:
        raise UsageError(f"--microscope {microscope} is for the test splits; training draws its own. Leave one out.")
    if microscope == ONE and set(splits) != {"train"}:
        raise UsageError(f"--microscope {ONE} is for training alone; the test splits are of one anyway. Leave it out.")
    if field != "full" and "train" in splits:
        raise UsageError("--field is for the test splits; a training tile is 224 px. Leave one of them out.")
    if optics == "mixed" and set(splits) != {"train"}:
        raise UsageError("--optics mixed is for training alone. Give --split train, or --optics exact.")
    if objects is not None and len({split == "train" for split in splits}) > 1:
        raise UsageError(
            "--objects for train and test splits in one call would show the test's images to the training."
        )


def _begin(root: Path, header: dict[str, Any]) -> dict[str, Any]:
    """The manifest so far; refuses a folder that another call made, so that two data sets never mix."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        manifest_path, mark = root / "dataset.json", root / ".simulating.json"
        for path in (manifest_path, mark):
            if path.exists():
                there = json.loads(path.read_text())
                there = {"optics": "linear", "field": "full", "format": "jpeg", **there}  # of before these were options
                differs = [key for key in header if there.get(key) != header[key]]
                if differs:
                    raise DatasetError(
                        f"{root} holds a data set with another {differs[0]} ({there.get(differs[0])!r}, asked for "
                        f"{header[differs[0]]!r}). Choose another folder, or delete this one."
                    )
        if not manifest_path.exists() and not mark.exists() and any(root.iterdir()):
            raise DatasetError(f"{root} is not empty and holds no simulated data set. Choose another folder.")
        replace_text(mark, json.dumps(header) + "\n")
        manifest: dict[str, Any] = (
            json.loads(manifest_path.read_text()) if manifest_path.exists() else {**header, "splits": {}}
        )
        return manifest
    except (json.JSONDecodeError, TypeError) as error:
        raise DatasetError(
            f"{root}/dataset.json is damaged ({error}). Delete the folder and simulate again."
        ) from error
    except OSError as error:
        raise DatasetError(f"{root} cannot be written ({error.strerror}). Choose another folder.") from error


def _validates(slide_number: int) -> bool:
    return slide_number % VALIDATION_SLIDES == VALIDATION_SLIDES - 1


def _jobs(root: Path, split: str, seed: int, objects: Path | None, microscope: str | None) -> list[_Job]:
    if split == "train":
        slides = {f"s{1000 + k}": STACKS_A_SLIDE for k in range(TRAINING_STACKS // STACKS_A_SLIDE)}
    else:
        slides = SLIDES[split]
    folder = None if objects is None else str(objects)
    places = [
        (slide, number, field)
        for number, (slide, fields) in enumerate(slides.items())
        for field in range(1, fields + 1)
    ]
    return [
        _Job(str(root), split, slide, slide_number, field, seed, folder, microscope, number)
        for number, (slide, slide_number, field) in enumerate(places)
    ]


def _parameters(job: _Job) -> Parameters:
    """As drawn, for the linear model; for the exact one a real image is cut into more slices, as thick in all."""
    drawn = _drawn(job)
    if job.optics == "linear" or (job.optics == "mixed" and _rng(job, 2).uniform() >= MIXED_SHARE):
        return drawn
    points = job.source_points or (TRAINING_POINTS if job.split == "train" else EVALUATION_POINTS)
    if drawn.kind == "image":
        step_nm = drawn.layer_step_nm * (LAYERS - 1) // (IMAGE_SLICES - 1)
        drawn = replace(drawn, slices=IMAGE_SLICES, layer_step_nm=step_nm)
    return replace(drawn, optical_model="exact", source_points=points)


def _rng(job: _Job, *purpose: int) -> np.random.Generator:
    return np.random.default_rng([job.seed, list(FOLDERS).index(job.split), job.slide_number, job.field, *purpose])


def _drawn(job: _Job) -> Parameters:
    part = list(FOLDERS).index(job.split)
    slide = np.random.default_rng([job.seed, part, job.slide_number])
    rng = _rng(job)
    images = () if job.objects is None else tuple(path.name for path in object_files(Path(job.objects)))
    if job.split == "train":
        kept = images[::5] if len(images) > 1 else ()
        shown = kept if _validates(job.slide_number) else tuple(name for name in images if name not in kept)
        return training(slide, rng, shown, one=job.microscope == ONE)
    image = images[job.number % len(images)] if images else ""
    return protocol(1 if job.split == "test-1" else 2, slide, rng, image=image, microscope=job.microscope)


def _write_stack(job: _Job) -> tuple[str, dict[str, object]]:
    """Render one stack into a hidden folder and rename it; an existing stack is only hashed again."""
    parameters = _parameters(job)
    parent = Path(job.root) / INNER / FOLDERS[job.split]
    folder = parent / job.stack
    prefix = "Seg1_" if job.split == "train" else ""
    if len(list(folder.glob(f"*{job.suffix}"))) != parameters.planes:
        for left in (folder, *parent.glob(f".{job.stack}.*")):
            shutil.rmtree(left, ignore_errors=True)
        part = parent / f".{job.stack}.{os.getpid()}.part"
        part.mkdir(parents=True)
        objects = None if job.objects is None else Path(job.objects)
        for z_nm, image in planes(parameters, job.size, _rng(job, 1), objects):
            (part / f"{prefix}defocus{z_nm}{job.suffix}").write_bytes(encode(image, parameters, job.suffix))
        part.rename(folder)
    files = sorted(folder.iterdir(), key=lambda path: int(path.stem.split("defocus")[1]))
    hashes = {path.relative_to(job.root).as_posix(): sha256(path) for path in files}
    return job.stack, {"parameters": parameters.as_dict(), "files": hashes}
