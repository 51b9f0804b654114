"""A training that takes no time: for tests of sweeps, in this process and in a Dask worker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgebench.errors import UsageError
from edgebench.models import recipes, state, store
from edgebench.models.train import Status
from edgebench.training.job import Job


class FakeTraining:
    """Stands in for job.run: writes a card and a file for the weights, and remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.fails: dict[str, Exception] = {}

    def __call__(
        self, job: Job, *, force: bool, making: Any, report: Any, hardware: dict[str, Any] | None = None
    ) -> store.Card:
        self.calls.append((job.name, force))
        if job.name in self.fails:
            raise self.fails[job.name]
        begun = job.folder / state.NAME
        if begun.is_file() and not force and json.loads(begun.read_text())["epochs"] != job.epochs:
            raise UsageError("begun with other settings")
        making("patches", 1, 1)
        report(Status(1, 8, 8, 0.5, 9.0, 1.0))
        report(Status(1, 8, 8, 0.5, 0.0, 0.0, 0.25)) if job.epochs == 1 else None
        begun.unlink(missing_ok=True)
        return write(job, hardware or {})

    def checkpoint(self, job: Job) -> None:
        job.folder.mkdir(parents=True)
        (job.folder / state.NAME).write_text(json.dumps({"epochs": job.epochs}))


def write(job: Job, hardware: dict[str, Any]) -> store.Card:
    job.folder.mkdir(parents=True, exist_ok=True)
    weights = json.dumps(asdict(job)).encode()
    (job.folder / store.MODEL).write_bytes(weights)
    card = store.Card(
        name=job.name,
        sha256=hashlib.sha256(weights).hexdigest(),
        input_size=job.input_size,
        parameters=1,
        macs=1,
        kind=job.kind,
        recipe={"name": job.recipe, **asdict(recipes.recipe(job.recipe))},
        settings={
            role: None if folder is None else store.identity(Path(folder))
            for role, folder in (("teacher", job.teacher), ("start", job.start))
        },
        data=[{"name": "tests", "simulated": True}],
        history=[{"epoch": 1, "loss": 0.5, "validation_um": 0.25, "seconds": 1.0}],
        results={"validation_um": 0.25, "validation_patches": 8},
        made={"job": asdict(job), "hardware": hardware},
    )
    (job.folder / store.CARD).write_text(json.dumps(asdict(card)))
    return card
