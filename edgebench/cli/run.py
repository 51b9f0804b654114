"""edgebench run: artifacts or a suite, measured on a device; every finished cell is a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.cli.screen import say
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.bench.cells import Cell, Data
    from edgebench.bench.gates import Check
    from edgebench.bench.plan import Plan
    from edgebench.bench.session import Outcome
    from edgebench.bench.suite import Suite

FAILED = 1  # exit code: a gate, twice
EMULATED_IMAGES = 16  # of each split: 640 patches of 26,240 and more take half an hour and more, not minutes
SHIPPED = "reduced/tflite-int8"  # of the repository itself: it can be run before anything is converted


def run(
    context: typer.Context,
    artifacts: Annotated[
        Optional[list[str]],
        typer.Argument(
            autocompletion=complete.artifacts,
            help=f"Files, or MODEL/TARGET below --models; without one, and without --suite: {SHIPPED}.",
        ),
    ] = None,
    suite: Annotated[
        Optional[str], typer.Option(autocompletion=complete.suites, help="What to run: benchmarks/NAME.toml.")
    ] = None,
    model: Annotated[
        Optional[list[str]],
        typer.Option(
            autocompletion=complete.models, help="Model, in place of the suite's; may be given several times."
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(autocompletion=complete.devices, help="Where: local, raspberrypi, ssh, or one of edgebench.toml."),
    ] = "local",
    emulate: Annotated[
        Optional[str],
        typer.Option(autocompletion=complete.boards, help="Raspberry Pi to emulate: pi3, pi4 (if none is named), pi5."),
    ] = None,
    host: Annotated[
        Optional[str], typer.Option(help="Board to reach over SSH: user@board, or a name of your ssh configuration.")
    ] = None,
    python: Annotated[
        str, typer.Option(help="Python to run in; on a board the newest of 3.9 and later if not given.")
    ] = "",
    fleet: Annotated[
        Optional[Path], typer.Option(help="TOML file of devices of one type, who share the accuracy by stacks.")
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Leave nothing on that board, not even for the next run.")
    ] = False,
    governor: Annotated[
        str, typer.Option(help="CPU governor for the time of the run, such as performance; what was there comes back.")
    ] = "",
    backend: Annotated[
        Optional[str],
        typer.Option(autocompletion=complete.backends, help="Runtime; by the file's suffix if not given."),
    ] = None,
    data: Annotated[Path, typer.Option(help="Data set.")] = Path("data/simulated"),
    split: Annotated[
        Optional[list[str]],
        typer.Option(autocompletion=complete.splits, help="Split to measure; may be given several times."),
    ] = None,
    batch: Annotated[Optional[int], typer.Option(min=1, help="Patches of one call; 8 if not given.")] = None,
    threads: Annotated[Optional[int], typer.Option(min=1, help="Threads, and cores; 1 if not given.")] = None,
    images: Annotated[Optional[int], typer.Option(min=0, help="Images of each split, spread evenly; 0: all.")] = None,
    repeats: Annotated[Optional[int], typer.Option(min=1, help="Latency processes; 5 if not given.")] = None,
    iterations: Annotated[
        Optional[int], typer.Option(min=1, help="Timed calls of each; without it 60 s in all.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="4 processes of 256 calls: a first look.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="10 processes: for a published table.")] = False,
    sustained: Annotated[
        Optional[int], typer.Option(min=0, help="Minutes of a further process that never rests; 0: none.")
    ] = None,
    memory_limit: Annotated[
        bool, typer.Option("--memory-limit", help="Search the smallest limit of memory that is survived.")
    ] = False,
    energy: Annotated[
        Optional[str], typer.Option(help="Source of joules: auto (a counter, if there is one), off, rapl, hwmon, pmic.")
    ] = None,
    energy_command: Annotated[
        Optional[str], typer.Option(help="Command on the device that prints '12.3 J', a counter, or '4.5 W'.")
    ] = None,
    input_size: Annotated[
        Optional[int], typer.Option(min=1, help="Side of the input, px; for a file without a sidecar.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = Path("results"),
    models: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    seed: Annotated[Optional[int], typer.Option(min=0, help="Of the choice and order of patches.")] = None,
    baseline: Annotated[
        Optional[Path], typer.Option(help="Former records for the suite's gates: results/runs/DEVICE.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Measure again what has a record, and replace it.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print cells, order and an estimate; measure nothing.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Measure focusing error, time and memory; a second call goes on where the first was stopped."""
    from edgebench.bench import estimate, gates, session
    from edgebench.bench import fleet as fleets
    from edgebench.bench import plan as plans
    from edgebench.bench.suite import PRESETS
    from edgebench.cli import ending, machine
    from edgebench.cli import gates as printed_gates
    from edgebench.cli import plan as printed
    from edgebench.cli.progress import progress
    from edgebench.cli.run_table import summaries, table
    from edgebench.devices import base as devices
    from edgebench.devices import governor as governors
    from edgebench.devices.warn import warnings

    numbers = {"batch_size": batch, "threads": threads, "images": images}
    numbers |= {"repeats": repeats, "iterations": iterations, "seed": seed, "sustained": sustained}
    if quick and publish:
        raise UsageError("--quick and --publish exclude each other. Give one.")
    given: dict[str, Any] = dict(PRESETS["quick"] if quick else PRESETS["publish"] if publish else {})
    given |= {name: number for name, number in numbers.items() if number is not None}
    given |= {"memory_limit": True} if memory_limit else {}
    given |= {"energy": _energy(energy, energy_command)} if energy or energy_command else {}

    if fleet is not None and (emulate or host or python or device != "local"):
        raise UsageError("--fleet names its own devices. Leave out --device, --host, --emulate and --python.")
    if fleet is not None and governor:
        raise UsageError(f"--governor {governor}: of a fleet the first device alone would have it. Set it on each.")
    context.with_resource(ending.by_exception())
    several = None if fleet is None else fleets.load(fleet)
    if several is None:
        target = devices.connect(device, devices.Asked(emulate or "", host or "", python, say))
    else:
        target = fleets.first(several, say)
    if clean:
        context.with_resource(ending.Cleaned(target, ending.others(several)))
    if target.emulated:
        given = _emulated(given, 0 if several else EMULATED_IMAGES)
    asked = _suite(artifacts or [], suite, model or [], backend, given)
    cells = _cells(asked, models, input_size, energy_command or "")
    if isinstance(target, devices.Remote):
        target.need(sorted({cell.package for cell in cells if cell.package}))
    measured = read(data, split or list(asked.splits))
    todo = plans.make(cells, target, measured, results, force=force, seed=0)
    pace = estimate.pace(todo, measured.about["sha256"])
    wanted = _gates(_without_times(asked) if target.emulated else asked, todo, baseline)
    if plan:
        expected = estimate.estimate(todo, pace)
        screen.document(machine.of_plan(todo, expected)) if as_json else printed.show(todo, expected)
        return
    if several is not None:
        fleets.measure(todo, several, say)
        todo = plans.make(cells, target, measured, results, force=force, seed=0)
    outcomes: list[Outcome] = []
    with governors.held(target, governor, say), progress(measured, pace) as tell:
        for line in warnings(target.name, target.state()):
            say(line)
        for outcome in session.follow(todo, target, measured, tell):
            outcomes.append(outcome)
            said = "skipped, its record is there (--force measures again)" if outcome.skipped else "done"
            say(f"{outcome.cell.name}: {said}: {outcome.path}")
    if not as_json:
        table(outcomes, list(measured.stacks))
    found: Sequence[Check] = ()
    if wanted:
        with progress(measured, pace) as tell:
            found = gates.confirm(gates.evaluate(wanted, todo), todo, target, measured, tell)
    if as_json:
        cells_found = [machine.of_summary(path, summary) for path, summary in summaries(outcomes)]
        screen.document({"cells": cells_found, "gates": machine.of_gates(found, todo)})
    elif found:
        printed_gates.show(found, todo)
    raise typer.Exit(FAILED if any(check.confirmed for check in found) else 0)


def _emulated(given: Mapping[str, Any], images: int) -> dict[str, Any]:
    """Instructions in place of times, which mean nothing; so many images, unless others are asked for (--images 0)."""
    timed = sorted({"sustained", "memory_limit"} & {name for name, value in given.items() if value})
    if timed:
        raise UsageError(f"an emulated board cannot do {' and '.join(timed)}. Leave it out, or measure on a board.")
    return {"images": images, **given, "repeats": 0, "energy": "off"}


def _without_times(suite: Suite) -> Suite:
    """Its gates that need no time; a line names the others."""
    from dataclasses import replace

    from edgebench.bench import gates

    kept = gates.without_times(suite.gates)
    left = [name for name in suite.gates if name not in kept]
    if left:
        say(f"Left out: gate {' and '.join(left)}. An emulated board has no times.")
    return replace(suite, gates=tuple(kept))


def _gates(suite: Suite, todo: Plan, given: Path | None) -> list[Check]:
    from edgebench.bench import gates

    if given and not suite.gates:
        raise UsageError("--baseline is for the gates of a suite. Name one that has them with --suite.")
    baseline = given or (Path(suite.baseline) if suite.baseline else None)
    return gates.checks(suite.gates, todo, baseline) if suite.gates else []


def _energy(source: str | None, command: str | None) -> str:
    from edgebench.energy.choose import COMMAND

    if bool(command) is not (source in (None, COMMAND)):
        raise UsageError(f"--energy {source} and --energy-command {command!r} do not fit. Give one of them.")
    return source or COMMAND


def _suite(
    artifacts: Sequence[str], suite: str | None, models: Sequence[str], backend: str | None, given: Mapping[str, Any]
) -> Suite:
    from edgebench.backends import base as backends
    from edgebench.bench import suite as suites

    if suite is not None:
        if artifacts or backend:
            raise UsageError(f"--suite {suite} names its own artifacts and backends. Leave out the others, or it.")
        return suites.load(suite, given, models=models)
    if models:
        raise UsageError("--model is of a suite. Name artifacts as MODEL/TARGET, or a suite with --suite.")
    if backend is not None:
        backends.entry(backend)
    settings = suites.settings(given)
    return suites.Suite(
        "", (), tuple(suites.Line(artifact, backend or "", settings) for artifact in artifacts or (SHIPPED,))
    )


def _cells(suite: Suite, models: Path, input_size: int | None, energy_command: str) -> list[Cell]:
    from edgebench.backends import base as backends
    from edgebench.bench import artifacts
    from edgebench.bench.cells import Cell

    cells = []
    for line in suite.lines:
        if line.backend:
            backends.entry(line.backend)
        artifact = artifacts.find(line.artifact, models, input_size)
        backend = line.backend or backends.for_artifact(artifact.path)
        backends.check_reads(backend, artifact.path)
        cells.append(Cell(artifact, backend, backends.entry(backend).package, line.settings, energy_command))
    return cells


def read(root: Path, splits: Sequence[str]) -> Data:
    """The data set as plain values: the test splits that it has, if none are named."""
    from dataclasses import asdict

    from edgebench.bench.cells import Data
    from edgebench.data import datasets, jiang2018
    from edgebench.types import StackFiles

    about = asdict(datasets.describe(root))
    there = about["splits"]
    chosen = splits or [name for name in ("test-1", "test-2") if name in there]
    unknown = [name for name in chosen if name not in there]
    if unknown or not chosen:
        what = f"no split {unknown[0]!r}" if unknown else "no test split"
        raise UsageError(f"{root}: {what}. Splits: {', '.join(there) or 'none'}.")
    stacks = {
        name: tuple(
            StackFiles(
                stack.id,
                stack.sample,
                tuple((plane.path.relative_to(root).as_posix(), plane.z_nm) for plane in stack.planes),
            )
            for stack in jiang2018.stacks(root, name)
        )
        for name in chosen
    }
    fields = ("name", "simulated", "seed", "sha256", "rule")
    counts = {name: there[name] for name in chosen}
    return Data(str(root.resolve()), {**{field: about[field] for field in fields}, "splits": counts}, stacks)
