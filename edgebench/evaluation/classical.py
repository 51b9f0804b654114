"""Classical autofocus on the test stacks: every figure of merit at every plane, which every peak search is tried on.

A plane of the stack is what a capture at that height would give, so that what a search finds, from wherever it starts,
follows from the curves alone (records/classical_summary.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np

import edgebench
from edgebench.data import datasets, jiang2018, layout
from edgebench.data.splits import present_tests
from edgebench.errors import DatasetError, RecordError, UsageError
from edgebench.files import sha256
from edgebench.focus import measures, preprocess, search
from edgebench.focus.images import read_image
from edgebench.records import classical as records
from edgebench.records.classical_summary import Scene
from edgebench.records.schema import Record
from edgebench.types import FocalStack

DIGITS = 7  # of a figure, significant
Progress = Callable[[str, int, int], None]  # split, stacks done, stacks in all


def chosen(methods: Sequence[str]) -> tuple[list[str], list[str]]:
    """Measures and searches of these names; "all", and no name of one kind, is all of that kind. Raises UsageError."""
    known = ["all", *measures.MEASURES, *search.SEARCHES]
    for name in methods:
        if name not in known:
            raise UsageError(f"no classical method {name!r}. Methods: {', '.join(known)}.")
    figures = [name for name in measures.MEASURES if name in methods]
    searches = [name for name in search.SEARCHES if name in methods]
    everything = "all" in methods
    return (
        list(measures.MEASURES) if everything or not figures else figures,
        list(search.SEARCHES) if everything or not searches else searches,
    )


def evaluate(
    root: Path,
    splits: Sequence[str],
    results: Path,
    methods: Sequence[str],
    progress: Progress | None = None,
    *,
    force: bool = False,
) -> Record:
    """Measure every plane of the splits' stacks, and write the record; returns it.

    splits: none for every test split there is. methods: see chosen(). A record that is there already is given back
    where it is of the same data and settings; another one is a RecordError unless `force` is given. Raises UsageError
    for an unknown method or split, and DatasetError.
    """
    figures, searches = chosen(methods)
    stacks_of = jiang2018.all_stacks(layout.find(root))
    there = present_tests(root, stacks_of, splits)
    every = {split: stacks_of[split] for split in there if not splits or split in splits}
    about = asdict(datasets.describe(root))
    about["splits"] = {split: about["splits"][split] for split in there}
    record: Record = {
        "schema": 1,
        "kind": "classical",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "versions": {"numpy": np.__version__, "opencv": cv2.__version__},
        "settings": {
            "measures": figures,
            "searches": searches,
            "code_sha256": {"measures": sha256(Path(measures.__file__))},
        },
        "set": records.set_name(about, results, force=force),
        "data": about,
    }
    stored = None if force else records.find(results, record["set"])
    if stored is not None:
        seen = [(stack["split"], stack["stack"]) for stack in stored["stacks"]]
        asked = [(split, stack.id) for split, stacks in every.items() for stack in stacks]
        if seen == asked and all(stored[part] == record[part] for part in ("settings", "data")):
            return stored
        raise RecordError(
            f"{records.path_of(results, record['set'])}: already there, of other data, settings or code. Replace it "
            "with --force."
        )
    record["stacks"] = []
    for split, stacks in every.items():
        for done, stack in enumerate(stacks, start=1):
            record["stacks"].append({"split": split, **_stack(stack, figures)})
            if progress is not None:
                progress(split, done, len(stacks))
    records.save(record, results)
    return record


def thumbnails(root: Path, scene: Scene) -> list[np.ndarray]:
    """The tile with most detail, (224, 224, 3) uint8 RGB, at each plane that the scene shows."""
    stack = next((s for s in jiang2018.stacks(root, scene.stack["split"]) if s.id == scene.stack["stack"]), None)
    if stack is None or len(stack.planes) != len(scene.stack["z_um"]):
        raise DatasetError(f"{root}: not the data of the record: stack {scene.stack['stack']} differs. Name the other.")
    seen = [preprocess.tiles(read_image(stack.planes[plane].path)) for plane in scene.planes]
    detail = sum(tiles.std(axis=(1, 2, 3)) for tiles in seen)
    at = int(np.argmax(detail))
    return [tiles[at] for tiles in seen]


def _stack(stack: FocalStack, figures: Sequence[str]) -> Record:
    curves: dict[str, list[float]] = {name: [] for name in figures}
    for plane in stack.planes:
        grey = measures.luminance(read_image(plane.path))
        for name, curve in curves.items():
            curve.append(float(f"{measures.MEASURES[name](grey):.{DIGITS}g}"))
    z_um = [plane.z_um for plane in stack.planes]
    return {"stack": stack.id, "sample": stack.sample, "z_um": z_um, "curves": curves}
