"""Classical autofocus on the test stacks: every figure of merit with every peak search, against best focus at z = 0.

A plane of the stack is what a capture at that height would give; a search starts at the lowest plane (uniform) or at
a random plane of the stack, drawn from the seed and the stack's name (the others): the regressor, too, may start
anywhere in the range.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import cv2
import numpy as np

import edgebench
from edgebench.data import datasets, jiang2018
from edgebench.errors import DatasetError, RecordError, UsageError
from edgebench.files import sha256
from edgebench.focus import measures, preprocess, search
from edgebench.focus.images import read_image
from edgebench.records import classical as records
from edgebench.records.classical_summary import Scene
from edgebench.records.schema import Record
from edgebench.types import FocalStack

SUCCESS_UM = 1.0  # about the depth of field (paper, 3.5)
DIGITS = 7  # of a figure, significant
STARTS = {"uniform": "lowest plane", "adaptive": "seeded random plane", "fit": "seeded random plane"}
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
    seed: int = 0,
    force: bool = False,
) -> Record:
    """Measure every plane of the splits' stacks, search them, and write the record; returns it.

    methods: see chosen(). A record that is there already is given back where it is of the same data and settings;
    another one is a RecordError unless `force` is given. Raises DatasetError.
    """
    figures, searches = chosen(methods)
    about = datasets.describe(root)
    by_split = {split: jiang2018.stacks(root, split) for split in splits}
    record: Record = {
        "schema": 1,
        "kind": "classical",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "edgebench": edgebench.__version__,
        "versions": {"numpy": np.__version__, "opencv": cv2.__version__},
        "settings": {
            "seed": seed,
            "success_um": SUCCESS_UM,
            "prominence": search.PROMINENCE,
            "flat": search.FLAT,
            "steps_um": {"uniform": search.UNIFORM_UM, "adaptive": search.COARSE_UM, "fit": search.FIT_UM},
            "starts": {name: STARTS[name] for name in searches},
            "measures": figures,
            "code_sha256": {
                name: sha256(Path(measures.__file__).with_name(f"{name}.py")) for name in ("measures", "search")
            },
        },
        "data": asdict(about),
    }
    stored = records.find(results, about.name)
    if stored is not None and not force:
        seen = [(stack["split"], stack["stack"]) for stack in stored["stacks"]]
        asked = [(split, stack.id) for split, stacks in by_split.items() for stack in stacks]
        if seen == asked and all(stored[part] == record[part] for part in ("settings", "data")):
            return stored
        raise RecordError(
            f"{records.path_of(results, about.name)}: already there, of other data, settings or code. Replace it with "
            "--force."
        )
    record["stacks"] = []
    for split, stacks in by_split.items():
        for done, stack in enumerate(stacks, start=1):
            record["stacks"].append({"split": split, **_stack(stack, figures, searches, seed)})
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


def start_plane(seed: int, stack: str, planes: int) -> int:
    """The random plane at which a search of this stack starts, whatever other stacks there are."""
    return int(np.random.default_rng([seed, zlib.crc32(stack.encode())]).integers(planes))


def _stack(stack: FocalStack, figures: Sequence[str], searches: Sequence[str], seed: int) -> Record:
    z_um = [plane.z_um for plane in stack.planes]
    curves: dict[str, list[float]] = {name: [] for name in figures}
    for plane in stack.planes:
        grey = measures.luminance(read_image(plane.path))
        for name, curve in curves.items():
            curve.append(float(f"{measures.MEASURES[name](grey):.{DIGITS}g}"))
    at = start_plane(seed, stack.id, len(z_um))
    found = []
    for name, curve in curves.items():
        for how in searches:
            start = 0 if how == "uniform" else at
            one = search.SEARCHES[how](z_um, curve.__getitem__, start=start)
            z_found = round(one.z_um, 4)
            found.append({"measure": name, "search": how, "start_um": z_um[start], **asdict(one), "z_um": z_found})
    return {"stack": stack.id, "sample": stack.sample, "z_um": z_um, "curves": curves, "searches": found}
