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
    """Fit the time of a call by counted work and cache misses; errors of networks left out, and held out."""
    from edgebench.errors import UsageError
    from edgebench.files import replace_text
    from edgebench.records import estimate, latency_fit

    file = points or latency_fit.POINTS
    try:
        every = latency_fit.points(file)
        given = latency_fit.sound(every)
        tried = [latency_fit.left_out(given, one) for one in latency_fit.CANDIDATES]
        best = latency_fit.chosen(tried, given)
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise UsageError(f"{file}: no latencies and counts ({error}). It needs the shipped one's columns.") from error

    def errors(found: latency_fit.Calibration, use: str, board: str = "") -> list[str]:
        sizes = abs(found.of(use, board))
        return [f"{value:.1%}" for value in (sizes.mean(), sizes.max())] if len(sizes) else ["-", "-"]

    rows = []
    for one in tried:
        cells = [cell for use in (latency_fit.FIT, latency_fit.DEVELOPMENT) for cell in errors(one, use)]
        rows.append(("chosen" if one.candidate == best.candidate else "", one.candidate.name, *cells))
    screen.table(("", "work and misses", "ncnn, mean", "worst", "development, mean", "worst"), rows, right=(2, 3, 4, 5))
    rows = []
    for line in best.lines:
        one_each = [f"{name} {value:.2f} / {line.cycles[4][name]:.2f}" for name, value in line.cycles[1].items()]
        one_each += [f"{name} {value:.1f} ns" for name, value in line.miss_ns.items()]
        cells = [cell for use in latency_fit.USES for cell in errors(best, use, line.board)]
        rows.append((line.board, ", ".join(one_each), *cells, f"{latency_fit.interval(best, line.board):.0%}"))
    heads = [word for use in ("ncnn", "development", "held out") for word in (f"{use}, mean", "worst")]
    headers = ("board", "cycles on 1 / 4 threads, ns of a miss", *heads, "interval")
    screen.table(headers, rows, right=range(2, len(headers)))
    rows = []
    for each in best.errors:
        if each.point.use == latency_fit.HELD_OUT:
            point = each.point
            figures = (str(point.threads), f"{point.latency_ms:g}", f"{each.relative:+.0%}")
            rows.append((point.network, point.board, *figures))
    screen.table(("held out", "board", "threads", "published ms", "error"), rows, right=(2, 3, 4))
    screen.line(
        "ncnn, development: each network predicted by a fit without its family; they choose work and misses, by the "
        "mean of their two mean errors. held out: other networks and sources, which chose nothing; predicted once. "
        f"interval: covers {latency_fit.COVERAGE:.0%} of ncnn's errors and of those held out, up and down."
    )
    screen.line(
        f"left aside, as longer on four threads than on one: {len(every) - len(given)} of {len(every)} latencies"
    )
    text = json.dumps(latency_fit.plain(best), indent=1) + "\n"
    if write:
        replace_text(estimate.FIT, text)
        typer.echo(f"fit: {estimate.FIT}", err=True)
    elif json.loads(text) != estimate.fit():
        typer.echo("the shipped fit is another one; --write replaces it", err=True)
        raise typer.Exit(CHANGED)
