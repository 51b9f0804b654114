"""edgebench evaluate: models on the test splits of a data set, and the report on the paper's Tables 1 to 6."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.evaluation.session import Outcome, Plan, Tell

MODEL = "Models below --models, their folders, artifact files, or MODEL/TARGET. Without one the report is made anew."
QUALITY = "Compress each plane as a JPEG of this quality first; may be given several times. As stored if not given."
METHOD = (
    "Classical autofocus: all, or by name a figure of merit (tenengrad, laplacian, brenner, boddeke, "
    "normalised-variance) or a search (uniform, adaptive, fit); may be given several times."
)
STACKS = "At most so many stacks of each split, spread evenly: a quick look."


def evaluate(
    model: Annotated[Optional[list[str]], typer.Argument(autocompletion=complete.subjects, help=MODEL)] = None,
    data: Annotated[Path, typer.Option(help="Data set.")] = Path("data/simulated"),
    split: Annotated[
        Optional[list[str]],
        typer.Option(autocompletion=complete.splits, help="Test split; may be given several times."),
    ] = None,
    method: Annotated[Optional[list[str]], typer.Option(help=METHOD)] = None,
    jpeg_quality: Annotated[Optional[list[str]], typer.Option(help=QUALITY + " 'stored' is one, too.")] = None,
    stacks: Annotated[Optional[int], typer.Option(min=1, help=STACKS)] = None,
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    force: Annotated[bool, typer.Option("--force", help="Evaluate again what has a record, and replace it.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Ask models for the focus of every test image; a second call does only what is missing."""
    _check_options(model, stacks, jpeg_quality)
    _check_report()
    from edgebench.report import write

    if method:  # a wrong name is said before an hour of models
        from edgebench.evaluation.classical import chosen

        chosen(method)
    if model:
        from edgebench.evaluation.session import Plan

        qualities = tuple(dict.fromkeys(map(_quality, jpeg_quality or ["stored"])))
        plan = Plan(tuple(dict.fromkeys(split or ())), qualities, stacks, force)
        outcomes = _evaluate(model, data, models, results, plan)
        _json(outcomes) if as_json else _table(outcomes)
    if model or not method:
        (screen.say if as_json else screen.line)(f"The report: {write.tables(results, results / 'reports')}")
    if method:
        from edgebench.cli.classical import classical

        with _progress() as tell:
            classical(data, tuple(dict.fromkeys(split or ())), results, method, tell, force=force)


def _check_options(model: Sequence[str] | None, stacks: int | None, jpeg_quality: Sequence[str] | None) -> None:
    given = {"--stacks": stacks is not None, "--jpeg-quality": bool(jpeg_quality)}
    for option in given if not model else ():
        if given[option]:
            raise UsageError(f"{option} is for models, and no model is named. Name one, or leave {option} out.")


def _check_report() -> None:
    """What the report needs is asked for before an hour of evaluating, not after."""
    for name in ("tabulate", "matplotlib"):
        try:
            importlib.import_module(name)
        except ImportError as missing:
            raise UsageError(
                f"the report needs {name}, which {sys.executable} cannot import ({missing}). "
                "Install it there: pip install 'edgebench[report]'."
            ) from missing


def _machine() -> dict[str, Any]:
    from edgebench.runner import host

    facts = host.facts()
    return {key: facts[key] for key in ("cpu", "cpu_flags", "cores", "memory_bytes")}


def _evaluate(names: Sequence[str], data: Path, models: Path, results: Path, plan: Plan) -> list[Outcome]:
    from edgebench.evaluation import session, subjects

    chosen = [subjects.find(name, models) for name in dict.fromkeys(names)]
    outcomes: list[Outcome] = []
    with _progress() as tell:
        for outcome in session.evaluate(chosen, data, results, plan, tell, machine=_machine()):
            if outcome.seen_stacks and outcome.subject not in (one.subject for one in outcomes):
                _warn_of_seen(outcome)
            outcomes.append(outcome)
            said = "skipped, its record is there (--force evaluates again)" if outcome.skipped else "done"
            screen.say(f"{outcome.subject.label}: {said}: {outcome.path}")
    return outcomes


def _warn_of_seen(outcome: Outcome) -> None:
    count = sum(map(len, outcome.seen_stacks.values()))
    names = "; ".join(f"{split}: {', '.join(stacks)}" for split, stacks in outcome.seen_stacks.items())
    typer.echo(
        f"edgebench: warning: {outcome.subject.label} was trained on the objects of {count} of these stacks ({names}): "
        "their errors say nothing of unseen tissue.",
        err=True,
    )


def _quality(given: str) -> int | None:
    if given == "stored":
        return None
    if not (given.isdecimal() and 1 <= int(given) <= 100):
        raise UsageError(f"--jpeg-quality is {given!r}. Give 1 to 100, or 'stored' for the files as they are.")
    return int(given)


@contextmanager
def _progress() -> Iterator[Tell]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    with screen.bars(*columns) as bar:
        task = bar.add_task("starting", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield tell


def _table(outcomes: Sequence[Outcome]) -> None:
    """The main figures, from the records alone: mean error ± standard deviation by both aggregates, um."""
    from edgebench.records import evaluation, evaluation_summary
    from edgebench.report.numbers import mean_std, um

    rows = []
    simulated = False
    for outcome in outcomes:
        found = evaluation_summary.summarise(evaluation.load(outcome.path))
        simulated = simulated or found.simulated
        for split, levels in found.splits.items():
            median, weighted = levels[evaluation_summary.MEDIAN], levels[evaluation_summary.WEIGHTED].score
            interval = median.score.interval
            rows.append(
                (
                    outcome.subject.label,
                    split if outcome.quality is None else f"{split} q{outcome.quality}",
                    mean_std(median.score.mean_um, median.score.std_um),
                    f"{um(interval.low)}-{um(interval.high)}" if interval else "",
                    mean_std(weighted.mean_um, weighted.std_um),
                    f"{100 * median.score.catastrophic:.1f} %",
                    f"{sum(stack.collapsed for stack in median.stacks)}/{len(median.stacks)}",
                )
            )
    headers = ("error, um", "split", "median", "95 %", "weighted", "> 2 um", "collapsed")
    screen.table(headers, rows, right=range(2, 7), whole=range(1, 7))
    if simulated:
        screen.line("Evaluated on simulated images: the errors are no result for real tissue.")


def _json(outcomes: Sequence[Outcome]) -> None:
    """Of each record its path, what it is of, and each split's score by each aggregate; um."""
    from edgebench.records import evaluation, evaluation_summary

    found = []
    for outcome in outcomes:
        one = evaluation_summary.summarise(evaluation.load(outcome.path))
        levels = {
            split: {name: {"score": level.score, "canary": level.canary} for name, level in of.items()}
            for split, of in one.splits.items()
        }
        about = {"record": outcome.path, "name": one.name, "simulated": one.simulated, "jpeg_quality": outcome.quality}
        found.append({**about, "skipped": outcome.skipped, "splits": levels})
    screen.document({"evaluations": found})
