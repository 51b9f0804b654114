"""edgebench recommend: from records alone, which model, precision and runtime to take, and what the others lack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import typer

from edgebench.cli import complete, quantities, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.records.candidates import Candidate
    from edgebench.records.choice import Choice
    from edgebench.records.outcome import Microscope, Outcome

NOTHING = 1  # exit code: nothing is proven to meet the limits


def recommend(
    max_error: Annotated[Optional[str], typer.Option(metavar="0.43um", help="Mean focusing error: um, nm.")] = None,
    max_increase: Annotated[
        Optional[str], typer.Option(metavar="0.02um", help="Increase of the error against the model's float32.")
    ] = None,
    max_latency: Annotated[
        Optional[str],
        typer.Option(metavar="10ms", help="Time of a decision, from two images in memory to one answer: us, ms, s."),
    ] = None,
    max_latency_per_patch: Annotated[
        Optional[str], typer.Option(metavar="1ms", help="Time of one patch in steady state, prediction alone.")
    ] = None,
    max_memory: Annotated[Optional[str], typer.Option(metavar="100MB", help="Peak RSS: KB, MB, MiB, GB.")] = None,
    max_size: Annotated[Optional[str], typer.Option(metavar="1MB", help="Size of the file.")] = None,
    device: Annotated[
        Optional[str],
        typer.Option(
            autocompletion=complete.measured,
            help="Records of which device; raspberrypi: of a real board, else emulated. Without: all real ones.",
        ),
    ] = None,
    set: Annotated[str, typer.Option(autocompletion=complete.splits, help="Whose errors count.")] = "test-2",
    prefer: Annotated[
        Literal["error", "speed", "size"], typer.Option(help="What is asked first of those that meet everything.")
    ] = "error",
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    field_ms: Annotated[Optional[float], typer.Option(min=0, help="Way to the next field.")] = None,
    move_ms: Annotated[Optional[float], typer.Option(min=0, help="Move along z.")] = None,
    settle_ms: Annotated[Optional[float], typer.Option(min=0, help="Rest after a move.")] = None,
    exposure_ms: Annotated[Optional[float], typer.Option(min=0, help="Exposure of an image.")] = None,
    transfer_ms: Annotated[Optional[float], typer.Option(min=0, help="Transfer of an image.")] = None,
    depth_of_field_um: Annotated[Optional[float], typer.Option(min=0.01, help="Depth of field.")] = None,
    planes: Annotated[Optional[int], typer.Option(min=2, help="Planes of the sweep to compare with.")] = None,
    json: screen.Json = False,
) -> None:
    """The choice under limits, its reason, the runners-up, and why each other one was refused.

    A limit is met only if the upper end of the 95 % interval is below it. The times of the microscope give time to
    focus and fields an hour, by a model; docs/outcome.md has their defaults, and what a decision is.
    """
    from edgebench.records import candidates as finding
    from edgebench.records import choice as choosing
    from edgebench.records import outcome, store
    from edgebench.records.limits import Limits
    from edgebench.records.summary import summarise

    limits = Limits(
        error_um=quantities.read("--max-error", max_error, quantities.LENGTHS_UM),
        increase_um=quantities.read("--max-increase", max_increase, quantities.LENGTHS_UM),
        decision_ms=quantities.read("--max-latency", max_latency, quantities.TIMES_MS),
        patch_ms=quantities.read("--max-latency-per-patch", max_latency_per_patch, quantities.TIMES_MS),
        memory_bytes=quantities.read("--max-memory", max_memory, quantities.BYTES),
        size_bytes=quantities.read("--max-size", max_size, quantities.BYTES),
    )
    given = {
        "field_ms": field_ms, "move_ms": move_ms, "settle_ms": settle_ms, "exposure_ms": exposure_ms,
        "transfer_ms": transfer_ms, "depth_of_field_um": depth_of_field_um,
    }  # fmt: skip
    scope = outcome.Microscope(**{name: value for name, value in given.items() if value is not None})
    if not results.is_dir():
        raise UsageError(f"{results}: no such folder. Name the one that edgebench run wrote to with --results.")
    summaries = [summarise(record) for record in store.load_all(results)]
    found = finding.find(summaries, device, set)
    if not found:
        known = ", ".join(finding.splits(summaries, device)) or "none"
        raise UsageError(f"--set {set}: no record of that device has errors on it. Sets there: {known}.")
    made = choosing.choose(found, limits, prefer)
    sweep = outcome.sweep(planes or outcome.SWEEP, scope)
    if json:
        screen.document(_data(made, set, device, scope, sweep, planes or outcome.SWEEP))
    else:
        _print(made, set, device, scope, sweep, planes or outcome.SWEEP)
    raise typer.Exit(0 if made.chosen else NOTHING)


def _every(made: Choice) -> list[Candidate]:
    first = [made.chosen] if made.chosen else []
    return [*first, *(one for one, _ in made.runners_up), *(j.candidate for j in (*made.open, *made.refused))]


def _print(made: Choice, set: str, device: str | None, scope: Microscope, sweep: Outcome, planes: int) -> None:
    from edgebench.report import choice_words as words

    every = _every(made)
    boards = ", ".join(sorted({one.record["device"]["name"] for one in every}))
    emulated = every[0].estimated
    where = f"{device}: no record of a real board, so emulated: {boards}" if emulated else f"device: {boards}"
    screen.line(f"Asked: {words.asked(made.limits)}. Set: {set}. {where}.")
    screen.line(words.DECISION)
    if every[0].record["data"]["simulated"]:
        screen.line(
            "The slides are simulated: errors, and the times to focus that follow, hold for that simulation only."
        )
    screen.line("")
    if made.chosen:
        screen.line(f"Choice: {made.chosen.name}")
        told = [words.numbers_of(made.chosen), made.reason, words.speaks_against(made.chosen), words.rests_on(made)]
        _lines(told)
    else:
        screen.line("Choice: none. Nothing is proven to meet every limit.")
        _lines(words.relief(made.relief, made.limits) if made.relief else [])
    _group("Runners-up, which meet every limit too", [f"{one.name}: {why}" for one, why in made.runners_up])
    _group(
        "Open: below the limits by value, not proven to be; never chosen over one that is",
        [f"{one.candidate.name}: {words.why(one, made.limits)}" for one in made.open],
    )
    if made.open and not made.chosen and made.open[0].candidate.estimated:
        _lines([f"To settle the first on a board: {words.settle(made.open[0].candidate)}"])
    for name, some in words.grouped(made.refused):
        _group(f"Refused for {name}", [f"{one.candidate.name}: {words.why(one, made.limits)}" for one in some])
    _outcomes(made, scope, sweep, planes)


def _outcomes(made: Choice, scope: Microscope, sweep: Outcome, planes: int) -> None:
    from edgebench.records.outcome import of
    from edgebench.report import choice_words as words

    first = [one.candidate for one in made.open or next(iter(words.grouped(made.refused)), ("", ()))[1]]
    shown = [made.chosen, *(one for one, _ in made.runners_up)] if made.chosen else first
    rows = [(one.name, *words.outcome_cells(of(one, scope))) for one in shown]
    rows.append((f"sweep of {planes} planes, taken to be always right", *words.outcome_cells(sweep)))
    screen.line("")
    screen.line(words.MODEL)
    screen.line(f"Of the microscope: {words.microscope(scope)}.")
    screen.table(("", *words.OUTCOME_HEADERS), rows, right=(1, 2, 3, 4))


def _lines(lines: list[str]) -> None:
    for one in lines:
        if one:
            screen.line(f"  {one}")


def _group(title: str, lines: list[str]) -> None:
    if lines:
        screen.line("")
        screen.line(f"{title} ({len(lines)}):")
        _lines(lines)


def _data(made: Choice, set: str, device: str | None, scope: Microscope, sweep: Outcome, planes: int) -> dict[str, Any]:
    from edgebench.report import choice_data

    found = choice_data.of(made, scope)
    about = {"set": set, "device": device, "simulated": bool(_every(made)[0].record["data"]["simulated"])}
    return {**about, **found, "microscope": scope, "sweep": {"planes": planes, "outcome": sweep}}
