"""edgebench check and compare: what a record says against itself; two records, or two devices, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.records.comparison import Comparison

FOUND = 1  # exit code: a verdict, or a regression


def check(
    records: Annotated[list[Path], typer.Argument(metavar="RECORD...", help="Files of results/runs/DEVICE/.")],
) -> None:
    """Validate records and print what speaks against their numbers. Exit code 0: nothing does, 1: something does."""
    from edgebench.records import store, summary

    spoken = False
    for path in records:
        found = summary.summarise(store.load(path))
        spoken = spoken or bool(found.verdicts)
        typer.echo(f"{path}: {found.verdict}")
        if found.sustained:
            about = f"{found.sustained.minutes} minutes without rest"
            typer.echo(f"  {about}: the last takes {found.sustained.ratio:.3f} times as long a call as the first")
        for verdict in found.verdicts:
            typer.echo(f"  {verdict.name}, {verdict.about}: {verdict.reason}")
    raise typer.Exit(FOUND if spoken else 0)


def compare(
    records: Annotated[
        Optional[list[str]],
        typer.Argument(help="Two records measured alike, the base first; with --device artifacts, MODEL/TARGET."),
    ] = None,
    margin: Annotated[float, typer.Option(min=0.001, help="Difference of the error that does not count, um.")] = 0.05,
    device: Annotated[
        Optional[tuple[str, str]],
        typer.Option(
            metavar="A B", help="Answers of two devices, by their names in --results, in place of two records."
        ),
    ] = None,
    layers: Annotated[
        bool,
        typer.Option("--layers", help="Run both devices once more, to see in which layer the answers part, and why."),
    ] = False,
    data: Annotated[Path, typer.Option(help="Data set of which --layers takes 8 patches.")] = Path("data/simulated"),
    models: Annotated[Path, typer.Option(help="Folder of the models, for --layers.")] = Path("models"),
    results: Annotated[Path, typer.Option(help="Folder of the records, for --device.")] = Path("results"),
) -> None:
    """Ratios of times with intervals, errors paired image by image. Exit code 0: nothing is worse, 1: something is.

    With --device: how far the answers of the same artifacts are apart on two devices. Exit code 0, whatever is found.
    """
    from edgebench.records import comparison, store

    if device is not None:
        from edgebench.cli import agreement

        agreement.show(device, records or [], results, (models, data) if layers else None)
        return
    if layers or len(records or ()) != 2:
        raise UsageError("compare takes two records; or --device A B, with --layers and artifacts as you like.")
    base, other = map(Path, records or ())
    found = comparison.compare(store.load(base), store.load(other), margin)
    _print(found)
    for one in found.regressions:
        typer.echo(f"worse: {one}")
    raise typer.Exit(FOUND if found.regressions else 0)


def _print(found: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "base", "other", "other / base [95 %]", "", box=None, pad_edge=False)
    for one in ((found.latency,) if found.latency else ()) + found.single:
        interval = f" [{one.found.low:.3f}, {one.found.high:.3f}]" if one.found else ""
        said = one.verdict if one is found.latency else "one process: no interval"
        said = "" if one.what == "file size" else said
        ratio = f"{one.other / one.base:.3f}{interval}"
        table.add_row(one.what, f"{one.base:.4g} {one.unit}", f"{one.other:.4g} {one.unit}", ratio, said)
    Console().print(table)
    table = Table("", "base", "other", "other - base [95 %]", "", box=None, pad_edge=False)
    for split, error in found.errors.items():
        base, other = (f"{one.errors[split].mean_um:.3f} um" for one in (found.base, found.other))
        if error is None:
            table.add_row(f"error, {split}", base, other, "", "too few stacks")
            continue
        interval = f"{error.mean_um:+.3f} [{error.interval.low:+.3f}, {error.interval.high:+.3f}] um"
        said = f"{error.verdict} (margin {error.margin_um:g} um, detectable {error.detectable_um:.3f} um)"
        table.add_row(f"error, {split}", base, other, interval, said)
    Console().print(table)
    for name, summary in (("base", found.base), ("other", found.other)):
        typer.echo(f"{name}: {summary.record['id']}: {summary.verdict}")
    if found.base.record["data"]["simulated"]:
        typer.echo("Measured on simulated images: the errors are no result for real tissue.")
