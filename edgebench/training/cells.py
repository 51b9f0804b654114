"""The cells of a sweep: each is trained, gone on with, or found finished; one that fails stops no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.errors import EdgebenchError, UsageError
from edgebench.models import recipes, state, store
from edgebench.models.recipes import Recipe
from edgebench.training import job as jobs
from edgebench.training.job import Job

if TYPE_CHECKING:
    from edgebench.models.train import Status

Making = Callable[[str, str, int, int], None]  # cell, what is made, done, in all
Report = Callable[[str, "Status"], None]  # cell, and what its training tells


@dataclass(frozen=True)
class Outcome:
    name: str
    what: str  # "trained", "skipped" or "failed"
    said: str  # one line


def state_of(job: Job) -> str:
    """finished, differs (a model made otherwise has its name), begun, or to do."""
    if jobs.finished(job):
        return "differs" if otherwise(job) else "finished"
    return "begun" if (job.folder / state.NAME).is_file() else "to do"


def otherwise(job: Job) -> str:
    """The first thing in which a finished model differs from its job; empty where it was made just so.

    A recipe counts by its values, teacher and start by their files; none by its name. ModelError for a damaged card.
    """
    card = store.load_card(job.folder)
    made = card.made.get("job")
    if not made:
        return "its card does not tell how it was made"
    plain = {field.name: field.default for field in fields(Job)}  # what an older card does not know
    for key, value in json.loads(json.dumps(jobs.fingerprint(job))).items():
        if key not in ("name", "recipe", "teacher", "start") and made.get(key, plain[key]) != value:
            return f"{key} {made.get(key, plain[key])!r}, not {value!r}"
    plain = {field.name: field.default for field in fields(Recipe)}
    for key, value in asdict(recipes.recipe(job.recipe)).items():
        before = (card.recipe or {}).get(key, plain[key])
        if before != value:
            return f"recipe with {key} {before!r}, not {value!r}"
    for role in ("teacher", "start"):
        needed, by = getattr(job, role), card.settings.get(role)
        if needed is None and by:
            return f"with a {role}"
        there = needed and ((Path(needed) / store.CARD).is_file() or Path(needed).is_file())
        if there and store.identity(Path(needed)) != by:
            return f"{role} not {needed} as it is now"
    return ""


def run(
    cells: Sequence[Job],
    *,
    force: bool = False,
    making: Making = lambda cell, what, done, total: None,
    report: Report = lambda cell, status: None,
    hardware: Callable[[], dict[str, Any]] = dict,
) -> Iterator[Outcome]:
    """One cell after the other, in this process."""
    done: dict[str, Outcome] = {}
    for job in cells:
        outcome = train(job, needed(job, done), force=force, making=making, report=report, hardware=hardware)
        done[str(job.folder)] = outcome
        yield outcome


def needed(job: Job, done: Mapping[str, Outcome]) -> tuple[Outcome, ...]:
    """What became of the cells that a job needs."""
    return tuple(done[folder] for folder in job.needs if folder in done)


def train(
    job: Job,
    needed: Sequence[Outcome],
    *,
    force: bool,
    making: Making,
    report: Report,
    hardware: Callable[[], dict[str, Any]],
) -> Outcome:
    """Train a cell, or go on with it, or find it finished. What a user can cause is an outcome, too, and no error.

    `force` replaces only what was made, or begun, otherwise: the same command again goes on from there.
    """
    try:
        if jobs.finished(job):
            other = otherwise(job)
            if not other:
                return Outcome(job.name, "skipped", "finished already")
            if not force:
                raise UsageError(f"{job.folder}: made otherwise ({other}). Use another name, or --force to replace it.")
        lost = [one.name for one in needed if one.what == "failed"]
        if lost:
            return Outcome(job.name, "failed", f"not trained, as {lost[0]} failed, which it needs")
        card = _train(job, force, making, report, hardware())
    except (EdgebenchError, OSError, BrokenExecutor) as error:
        return Outcome(job.name, "failed", " ".join(str(error).split()) or type(error).__name__)
    results = card.results
    said = f"mean error {results['validation_um']:.3f} um over {results['validation_patches']} validation patches"
    return Outcome(job.name, "trained", said)


def _train(job: Job, force: bool, making: Making, report: Report, hardware: dict[str, Any]) -> store.Card:
    begun = (job.folder / state.NAME).is_file()
    run = partial(jobs.run, job, making=partial(making, job.name), report=partial(report, job.name), hardware=hardware)
    try:
        return run(force=force and not begun)
    except UsageError:  # begun with other settings; anything else is refused a second time
        if not (force and begun):
            raise
        return run(force=True)
    finally:
        if "keras" in sys.modules:  # it numbers the layers of a process, and keeps its networks
            sys.modules["keras"].backend.clear_session()
