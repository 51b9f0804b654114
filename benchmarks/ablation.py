"""What each part of the training data is worth on tissue and optics that no training has seen.

python benchmarks/ablation.py --data data/training --test data/unseen-exact --test data/unseen-reversed

One network, one recipe and one number of patches shown; what differs is which stacks of a simulated training set are
seen. Each choice is a data set of links below --out; trainings and evaluations that are there are not made again.
Prints the table of docs/training.md; --out keeps the models, the evaluations and the table.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.data.layout import FOLDERS, INNER, MANIFEST
from edgebench.evaluation import session, subjects
from edgebench.records import evaluation, evaluation_summary
from edgebench.training import job as jobs
from edgebench.training.job import Job

SEED = 1
EPOCHS, EPOCH_PATCHES, PAIRS_PER_STACK = 6, 12000, 18
ALPHA, INPUT_SIZE = 0.4, 56
VALIDATION_STACKS = 80
Stack = dict[str, Any]


def standard_signs(parameters: Stack) -> bool:
    """Whether chromatic order, aberration and phase have the signs of the standard test microscope."""
    red, _, blue = parameters["optics"]["focal_shift_um"]
    return bool(red < 0 < blue and parameters["optics"]["spherical_waves"] > 0 and parameters["phase_per_density"] > 0)


def kind(*names: str) -> Callable[[Stack], bool]:
    return lambda parameters: parameters["kind"] in names


def choices(few: int) -> dict[str, tuple[Callable[[Stack], bool], int]]:
    """Which stacks, and how many at most; `few`: as many as there are with the standard signs."""
    return {
        "procedural tissue alone": (kind("histology"), few),
        "dead leaves alone": (kind("leaves"), few),
        "real images alone": (kind("image"), few),
        "procedural tissue and leaves": (kind("histology", "leaves"), few),
        "all three, one instrument's signs": (standard_signs, few),
        "all three": (lambda _: True, few),
        "all three, three times the stacks": (lambda _: True, 3 * few),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="simulated training set")
    parser.add_argument("--test", type=Path, action="append", required=True, help="data set with test-2")
    parser.add_argument("--stacks", type=int, help="at most so many of each test set")
    parser.add_argument("--out", type=Path, default=Path("out/ablation"))
    given = parser.parse_args()
    manifest = json.loads((given.data / MANIFEST).read_text())
    training, validation = divided(manifest)
    few = sum(map(standard_signs, training.values()))
    counts = {}
    for name, (wanted, most) in choices(few).items():
        fitting = [stack for stack in sorted(training) if wanted(training[stack])]
        chosen = sorted(np.random.default_rng(SEED).permutation(fitting)[:most].tolist())
        view(given.data, manifest, [*chosen, *validation], given.out / "data" / folder(name))
        counts[name] = len(chosen)
        print(f"{name}: {counts[name]} stacks", flush=True)
        train(folder(name), given.out)
    columns = [errors(list(counts), root, given.stacks, given.out) for root in given.test]
    lines = ["| training stacks | number | " + " | ".join(root.name for root in given.test) + " |"]
    lines += ["| --- " * (2 + len(columns)) + "|"]
    lines += [
        f"| {name} | {counts[name]} | " + " | ".join(column[name] for column in columns) + " |" for name in counts
    ]
    (given.out / "ablation.md").write_text("\n".join(lines) + "\n")
    print(*lines, sep="\n")


def folder(name: str) -> str:
    return re.sub("[^a-z]+", "-", name)


def divided(manifest: dict[str, Any]) -> tuple[dict[str, Stack], list[str]]:
    """Parameters of the training stacks by their names, and the names of some validation stacks."""
    stacks = {name: entry["parameters"] for name, entry in manifest["splits"]["train"]["stacks"].items()}
    held_out = set(manifest["validation_samples"])
    kept = [name for name in stacks if name.split("_")[0] in held_out]
    training = {name: parameters for name, parameters in stacks.items() if name not in set(kept)}
    return training, kept[:: max(1, len(kept) // VALIDATION_STACKS)]


def view(root: Path, manifest: dict[str, Any], names: Iterable[str], to: Path) -> None:
    """A data set of links to some stacks of another."""
    inner = Path(INNER) / FOLDERS["train"]
    (to / inner).mkdir(parents=True, exist_ok=True)
    stacks = manifest["splits"]["train"]["stacks"]
    part = {**manifest, "splits": {"train": {"stacks": {name: stacks[name] for name in names}}}}
    (to / MANIFEST).write_text(json.dumps(part))
    for name in part["splits"]["train"]["stacks"]:
        link = to / inner / name
        if not link.is_symlink():
            link.symlink_to((root / inner / name).resolve())


def train(name: str, out: Path) -> None:
    job = Job(
        name,
        (str(out / "data" / name),),
        alpha=ALPHA,
        input_size=INPUT_SIZE,
        epochs=EPOCHS,
        epoch_patches=EPOCH_PATCHES,
        pairs_per_stack=PAIRS_PER_STACK,
        seed=SEED,
        models=str(out / "models"),
        cache=str(out / "cache"),
    )
    if not jobs.finished(job):
        process = multiprocessing.get_context("spawn").Process(target=jobs.run, args=(job,))
        process.start()  # TensorFlow takes its number of threads once a process: here, later, that of the evaluation
        process.join()
        if process.exitcode:
            raise SystemExit(f"the training of {name} ended with exit code {process.exitcode}; start again to go on")


def errors(names: Sequence[str], root: Path, stacks: int | None, out: Path) -> dict[str, str]:
    """Mean error (weighted answer, um) of all images and of the worst stack, and the least share of right sides."""
    every = [subjects.find(folder(name), out / "models") for name in names]
    plan = session.Plan(("test-2",), (None,), stacks)
    found = {}
    for name, outcome in zip(names, session.evaluate(every, root, out, plan), strict=True):
        level = evaluation_summary.summarise(evaluation.load(outcome.path)).splits["test-2"]
        weighted = level[evaluation_summary.WEIGHTED]
        worst = max(stack.mean_um for stack in weighted.stacks)
        right = min(stack.direction for stack in weighted.stacks if stack.direction is not None)
        found[name] = f"{weighted.score.mean_um:.2f}, {worst:.2f}, {right:.2f}"
    return found


if __name__ == "__main__":
    main()
