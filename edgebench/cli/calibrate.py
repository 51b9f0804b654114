"""edgebench devices calibrate: the fit behind the estimates of emulated boards, made again from published latencies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from edgebench.cli import screen

CHANGED = 1  # exit code


def calibrate(
    points: Annotated[
        Optional[Path], typer.Option(help="CSV of published latencies and counts, not the one that is shipped.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the fit in place of the shipped one.")] = False,
) -> None:
    """Fit the time of a call by counted instructions and cache misses; errors left out, and outside."""
    from edgebench.errors import UsageError
    from edgebench.files import replace_text
    from edgebench.records import estimate, latency_fit

    file = points or latency_fit.POINTS
    try:
        every = latency_fit.points(file)
        given = latency_fit.sound(every)
        tried = [latency_fit.calibrate(given, [one]) for one in latency_fit.CANDIDATES]
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise UsageError(f"{file}: no latencies and counts ({error}). It needs the shipped one's columns.") from error
    best = latency_fit.calibrate(given)
    rows = []
    for one in tried:
        errors = [f"{value:.1%}" for way in (one.left_out, one.external) for value in (way.mean(), way.max())]
        rows.append(("chosen" if one.features == best.features else "", " ".join(one.features), *errors))
    screen.table(("", "counts", "left out, mean", "worst", "external, mean", "worst"), rows, right=(2, 3, 4, 5))
    rows = []
    for line in best.lines:
        cycles = ", ".join(f"{name} {value:.2f}" for name, value in line.cycles.items())
        outside = ", ".join(f"{name} {error:+.0%}" for name, error in line.external.items())
        mean = sum(map(abs, line.left_out)) / len(line.left_out)
        rows.append((line.board, str(line.threads), str(len(line.left_out)), f"{mean:.1%}", cycles, outside))
    screen.table(("board", "threads", "networks", "left out, mean", "cycles of one of each", "external"), rows)
    screen.line(
        "left out: networks on ncnn, each predicted by a fit without its family: they choose the counts; external: "
        "networks of TFLite on XNNPACK, which are only predicted"
    )
    screen.line(
        "chosen: the fewest counts within one standard error of the smallest; left aside, as longer on four threads "
        f"than on one: {len(every) - len(given)} of {len(every)} latencies"
    )
    text = json.dumps(latency_fit.plain(best), indent=1) + "\n"
    if write:
        replace_text(estimate.FIT, text)
        typer.echo(f"fit: {estimate.FIT}", err=True)
    elif json.loads(text) != estimate.fit():
        typer.echo("the shipped fit is another one; --write replaces it", err=True)
        raise typer.Exit(CHANGED)
