"""One pruning, from a model and a data set to models/<name>/."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data import datasets, patches
from edgebench.errors import UsageError
from edgebench.models import quiet, store

VALIDATION = 4096  # patches


@dataclass(frozen=True)
class Wanted:
    channels: int
    patches: int
    seed: int


def run(
    source: Path,
    folder: Path,
    root: Path,
    wanted: Wanted,
    progress: Callable[[str, int, int | None], None] = lambda what, done, total: None,
    hardware: dict[str, Any] | None = None,
) -> store.Card:
    """Prune models/<source> into `folder`; its card has the difference of both on validation patches, in um.

    Raises UsageError for a data set that the model was not trained on: other patches need not show what its answers
    hang on.
    """
    from edgebench.models import prune, teacher

    began = time.perf_counter()
    card = store.load_card(source)
    described = datasets.describe(root)
    if described.sha256 not in {one["sha256"] for one in card.data}:
        raise UsageError(f"{root}: not the data that {card.name} was trained on. Give that with --data.")
    quiet.import_tensorflow()
    model, card = store.load(source)
    kind = card.kind or "difference"
    progress("reading patches", 0, None)
    training, validation = (
        patches.drawn(root, [split], count, data_sha256=described.sha256, kind=kind, seed=wanted.seed)
        for split, count in (("train", wanted.patches), ("validation", VALIDATION))
    )
    pruned = prune.prune(
        model, training, wanted.channels, wanted.seed, lambda done, total: progress("patches seen", done, total)
    )
    before, after = (teacher.ask(each, validation) for each in (model, pruned))
    about = {
        "alpha": card.alpha,
        "kind": card.kind,
        "network": card.network,
        "seed": wanted.seed,
        "settings": {
            "pruned": {"name": card.name, "sha256": card.sha256},
            "channels": wanted.channels,
            "patches": len(training),
        },
        "data": card.data,
        "results": {
            "difference_um": float(np.abs(after - before).mean()),
            "validation_um": float(np.abs(after - validation.z_um).mean()),
            "source_validation_um": float(np.abs(before - validation.z_um).mean()),
            "validation_patches": len(validation),
        },
        "made": {
            "command": _command(source, folder, root, wanted),
            "hardware": hardware or {},
            "seconds": round(time.perf_counter() - began),
        },
        "versions": store.versions(),
    }
    return store.save(folder, pruned, about)


def _command(source: Path, folder: Path, root: Path, wanted: Wanted) -> str:
    parts = ["edgebench", "prune", source.name, folder.name, "--channels", str(wanted.channels), "--data", str(root)]
    return shlex.join([*parts, "--patches", str(wanted.patches), "--seed", str(wanted.seed)])
