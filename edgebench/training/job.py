"""One training as data, from the folders of the data to models/<name>/: `train` runs one, `sweep` many."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.data import datasets, jiang2018, layout, patches
from edgebench.data.datasets import Dataset
from edgebench.data.patches import Choice, PatchSet
from edgebench.errors import DatasetError, UsageError
from edgebench.files import sha256
from edgebench.focus.preprocess import KINDS
from edgebench.models import recipes, regressor, stages, state, store
from edgebench.quantise import calibration

if TYPE_CHECKING:
    from edgebench.models.train import Report

Making = Callable[[str, int, int], None]  # what is made, done, in all


@dataclass(frozen=True)
class Job:
    """All that `edgebench train` can be told; paths as strings, so that it is plain JSON."""

    name: str
    data: tuple[str, ...]
    recipe: str = "default"
    network: str = "mobilenetv2"
    kind: str = "difference"
    alpha: float = 0.4
    input_size: int = 112
    epochs: int = 20
    epoch_patches: int | None = None
    pairs_per_stack: int | None = None
    seed: int = 0
    teacher: str | None = None
    start: str | None = None
    models: str = "models"
    cache: str = ".cache"

    @property
    def folder(self) -> Path:
        return Path(self.models) / self.name

    @property
    def needs(self) -> tuple[str, ...]:
        """Folders of the models that must be there before it: its teacher, and the one that it begins with."""
        return tuple(needed for needed in (self.teacher, self.start) if needed)

    def command(self) -> str:
        """The command line that makes this model."""
        parts = ["edgebench", "train", self.name]
        for root in self.data:
            parts += ["--data", root]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("teacher", "start") and value and Path(value).parent == Path(self.models):
                value = str(Path("models") / Path(value).name)  # as data: where it lies by default
            if field.name not in ("name", "data", "models", "cache") and value != field.default:
                parts += [f"--{field.name.replace('_', '-')}", str(value)]
        return shlex.join(parts)


def check(job: Job) -> None:
    """Raise UsageError for what no data could mend, before any is read."""
    store.check_name(job.name, "Use another name.")
    regressor.check(job.alpha, job.input_size, job.network)
    how = recipes.recipe(job.recipe)
    first = stages.plan(job.epochs, job.input_size, how)[0]
    if job.start and first.side != job.input_size:
        raise UsageError(
            f"recipe {job.recipe!r} begins on {first.side} px, where weights for {job.input_size} px do not fit. "
            "Use --recipe continue."
        )
    if job.kind not in KINDS:
        raise UsageError(f"no kind {job.kind!r} of input. Use one of: {', '.join(KINDS)}.")
    if bool(how.distil) != bool(job.teacher):
        wanted = "--teacher" if how.distil else "a recipe that distils, such as --recipe distil"
        raise UsageError(f"recipe {job.recipe!r} and teacher {job.teacher!r} do not fit. Give {wanted}.")


def finished(job: Job) -> bool:
    return (job.folder / store.CARD).is_file() and not (job.folder / state.NAME).is_file()


def run(
    job: Job,
    *,
    force: bool = False,
    making: Making = lambda what, done, total: None,
    report: Report = lambda status: None,
    hardware: dict[str, Any] | None = None,
) -> store.Card:
    """Train, or go on; UsageError where the model is finished already and `force` does not say to replace it."""
    from edgebench.models import quiet, teacher
    from edgebench.models import train as training

    check(job)
    if finished(job) and not force:
        raise UsageError(f"{job.folder}: already trained. Use another name, or --force to replace it.")
    guide = None if job.teacher is None else Path(job.teacher)
    taught_by = None if guide is None else _teacher(guide, job)
    origin = None if job.start is None else _start(Path(job.start), job)
    begun = job.folder / state.NAME
    roots = [Path(root) for root in job.data]
    sets = [datasets.describe(root) for root in roots]
    for root in roots:
        _refuse_shared_samples(root)
    found = {split: _patches(job, roots, sets, split, making) for split in ("train", "validation")}
    about = [
        {
            "name": one.name,
            "simulated": one.simulated,
            "sha256": one.sha256,
            "setup": one.setup,
            "pairs_per_stack": job.pairs_per_stack,
            "patches": {split: len(parts[i]) for split, parts in found.items()},
        }
        for i, one in enumerate(sets)
    ]
    settings = training.Settings(
        recipe=job.recipe,
        alpha=job.alpha,
        input_size=job.input_size,
        epochs=job.epochs,
        epoch_patches=job.epoch_patches,
        seed=job.seed,
        kind=job.kind,
        network=job.network,
        teacher=taught_by,
        start=None if origin is None else origin["sha256"],
    )
    training.check(settings, sum(map(len, found["train"])))
    if force or not begun.is_file():
        chosen = calibration.of_patches(found["train"], about, job.seed, job.input_size)
        for root, one in zip(roots, sets):
            calibration.refuse_test_stacks(chosen, root, one)
        job.folder.mkdir(parents=True, exist_ok=True)
        begun.unlink(missing_ok=True)
        calibration.save(job.folder / calibration.NAME, chosen)
    quiet.import_tensorflow()
    answers = None
    if guide is not None:
        answers = teacher.answers(guide, found["train"], Path(job.cache), lambda done, of: making("teacher", done, of))
    made = {"command": job.command(), "job": asdict(job), "hardware": hardware or {}}
    made |= {} if origin is None else {"start": origin}
    return training.train(
        job.folder,
        settings,
        found["train"],
        found["validation"],
        about,
        report,
        teacher_um=answers,
        start=None if job.start is None else store.load(Path(job.start))[0],
        made=made,
    )


def _patches(job: Job, roots: Sequence[Path], sets: Sequence[Dataset], split: str, making: Making) -> list[PatchSet]:
    augment = recipes.recipe(job.recipe).augment and split == "train"
    drawn = augment or job.pairs_per_stack is not None  # else every seed gives the same patches, and shares them
    choice = Choice(job.kind, job.pairs_per_stack, augment, job.seed if drawn else 0)
    return [
        patches.cached(
            root,
            split,
            choice,
            Path(job.cache),
            data_sha256=one.sha256,
            progress=lambda done, total, root=root: making(f"{root} {split} patches", done, total),  # type: ignore[misc]
        )
        for root, one in zip(roots, sets)
    ]


def _teacher(guide: Path, job: Job) -> str:
    """SHA-256 of the teacher; UsageError where it looks at other patches than the student."""
    identity = store.identity(guide)
    kind = None if guide.suffix == ".keras" else store.load_card(guide).kind
    if kind not in (None, job.kind):
        raise UsageError(f"{guide}: a teacher of {kind} patches, the student's are {job.kind}. Use --kind {kind}.")
    return identity


def _start(folder: Path, job: Job) -> dict[str, Any]:
    """What the card of the first weights says of their making; UsageError where they do not fit."""
    card = store.load_card(folder)
    check_start(str(folder), card, job)
    return {"name": card.name, "sha256": card.sha256, "made": card.made}


def check_start(name: str, start: store.Card | Job, job: Job) -> None:
    """Raise UsageError unless the weights of one fit into the other."""
    for key in ("network", "kind", "alpha", "input_size"):
        there, wanted = getattr(start, key), getattr(job, key)
        if there != wanted:
            raise UsageError(
                f"start {name}: its {key.replace('_', ' ')} is {there}, not {wanted}. "
                f"Use --{key.replace('_', '-')} {there}, or begin with another model."
            )


def _refuse_shared_samples(root: Path) -> None:
    """A slide on both sides would show the test to the training."""
    splits = jiang2018.all_stacks(layout.find(root))
    seen = {stack.sample for split in ("train", "validation") for stack in splits.get(split, ())}
    for split in ("test-1", "test-2"):
        shared = sorted(seen & {stack.sample for stack in splits.get(split, ())})
        if shared:
            raise DatasetError(
                f"{root}: sample {shared[0]} is in the training split and in {split}. "
                "Train on other slides than you test."
            )


def fingerprint(job: Job) -> dict[str, Any]:
    """What a finished or begun model must have been made with to count as this job: all but where it lies."""
    how = asdict(job)
    recipe = Path(job.recipe)
    how["recipe"] = sha256(recipe) if recipe.suffix == ".toml" else job.recipe
    return {key: value for key, value in how.items() if key not in ("models", "cache")}
