"""edgebench check and compare: what a record says against itself; two records, two sets of them, or two devices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Optional

import typer

from edgebench.cli import complete, screen
from edgebench.errors import UsageError

if TYPE_CHECKING:
    from edgebench.records.comparison import Comparison

FOUND = 1  # exit code: a verdict, or a regression


def check(
    records: Annotated[list[Path], typer.Argument(metavar="RECORD...", help="Files of results/runs/DEVICE/.")],
    json: screen.Json = False,
) -> None:
    """Validate records and print what speaks against their numbers."""
    from edgebench.cli import machine
    from edgebench.records import store, summary

    every = [(path, summary.summarise(store.load(path))) for path in records]
    if json:
        screen.document([machine.of_summary(path, found) for path, found in every])
    for path, found in every if not json else ():
        screen.line(f"{path}: {found.verdict}")
        if found.sustained:
            about = f"{found.sustained.minutes} minutes without rest"
            screen.line(f"  {about}: the last takes {found.sustained.ratio:.3f} times as long a call as the first")
        for verdict in found.verdicts:
            screen.line(f"  {verdict.name}, {verdict.about}: {verdict.reason}")
    raise typer.Exit(FOUND if any(found.verdicts for _, found in every) else 0)


def compare(
    records: Annotated[
        Optional[list[str]],
        typer.Argument(help="Two records measured alike, the base first; with --device artifacts, MODEL/TARGET."),
    ] = None,
    sets: Annotated[
        Optional[tuple[Path, Path]],
        typer.Option(
            metavar="A B",
            help="Two results folders, or two of devices (results/runs/pi4), cell by cell; the base first.",
        ),
    ] = None,
    across: Annotated[
        Optional[Literal["devices"]], typer.Option(help="With --sets: cells of two devices are what is compared.")
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(help="With --sets: a page of it; its suffix is the format: md, html, csv, json, tex."),
    ] = None,
    margin: Annotated[float, typer.Option(min=0.001, help="Difference of the error that does not count, um.")] = 0.05,
    device: Annotated[
        Optional[tuple[str, str]],
        typer.Option(
            metavar="A B",
            autocompletion=complete.measured,
            help="Answers of two devices, by their names in --results, in place of two records.",
        ),
    ] = None,
    layers: Annotated[
        bool,
        typer.Option("--layers", help="Run both devices once more, to see in which layer the answers part, and why."),
    ] = False,
    data: Annotated[Path, typer.Option(help="Data set of which --layers takes 8 patches.")] = Path("data/simulated"),
    models: Annotated[Path, typer.Option(help="Folder of the models, for --layers.")] = Path("models"),
    results: Annotated[Path, typer.Option(help="Folder of the records, for --device.")] = Path("results"),
    json: screen.Json = False,
) -> None:
    """Ratios of times with intervals, errors paired image by image.

    With --device: how far the answers of the same artifacts are apart on two devices. Exit code 0, whatever is found.
    """
    from edgebench.records import comparison, store

    if sets is None and (across or out):
        raise UsageError("--across and --out are of --sets. Name two folders with --sets A B.")
    if sets is not None:
        from edgebench.cli import sets as two_sets

        if records or device or layers:
            raise UsageError("--sets compares two folders, without records, --device or --layers. Leave those out.")
        worse = two_sets.show(sets, margin, across_devices=across is not None, out=out, json=json)
        raise typer.Exit(FOUND if worse else 0)
    if device is not None:
        from edgebench.cli import agreement

        agreement.show(device, records or [], results, (models, data) if layers else None, as_json=json)
        return
    if layers or len(records or ()) != 2:
        raise UsageError("compare takes two records; or --sets A B; or --device A B, with --layers and artifacts.")
    base, other = map(Path, records or ())
    found = comparison.compare(store.load(base), store.load(other), margin)
    if json:
        from edgebench.cli import machine

        both = {"base": machine.of_summary(base, found.base), "other": machine.of_summary(other, found.other)}
        numbers = {"latency": found.latency, "single": found.single, "errors": found.errors}
        screen.document({**both, **numbers, "regressions": found.regressions})
        raise typer.Exit(FOUND if found.regressions else 0)
    _print(found)
    for one in found.regressions:
        screen.line(f"worse: {one}")
    raise typer.Exit(FOUND if found.regressions else 0)


def _print(found: Comparison) -> None:
    rows = []
    for one in ((found.latency,) if found.latency else ()) + found.single:
        interval = f" [{one.found.low:.3f}, {one.found.high:.3f}]" if one.found else ""
        said = one.verdict if one is found.latency else "one process: no interval"
        said = "" if one.what == "file size" else said
        ratio = f"{one.value:.3f}{interval}"
        rows.append((one.what, f"{one.base:.4g} {one.unit}", f"{one.other:.4g} {one.unit}", ratio, said))
    screen.table(("", "base", "other", "other / base [95 %]", ""), rows)
    rows = []
    for split, error in found.errors.items():
        base, other = (f"{one.errors[split].mean_um:.3f} um" for one in (found.base, found.other))
        if error is None:
            rows.append((f"error, {split}", base, other, "", "too few stacks"))
            continue
        interval = f"{error.mean_um:+.3f} [{error.interval.low:+.3f}, {error.interval.high:+.3f}] um"
        said = f"{error.verdict} (margin {error.margin_um:g} um, detectable {error.detectable_um:.3f} um)"
        rows.append((f"error, {split}", base, other, interval, said))
    if rows:
        screen.table(("", "base", "other", "other - base [95 %]", ""), rows)
    for name, summary in (("base", found.base), ("other", found.other)):
        screen.line(f"{name}: {summary.record['id']}: {summary.verdict}")
    if found.base.record["data"]["simulated"]:
        screen.line("Measured on simulated images: the errors are no result for real tissue.")
